"""Labels that are wrong together: rows of one small region with a label that the rows around don't bear."""
