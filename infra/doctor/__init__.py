"""`labelworks doctor`: what is checked on this machine, and what to do."""
