"""Content issues of texts, one file a method."""
