"""Models of the user's own: how well they do, how sure, and on which rows."""
