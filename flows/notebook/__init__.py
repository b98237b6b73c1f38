"""The front door's rooms: one file a question, for arrays and tables as people hold them in a notebook."""
