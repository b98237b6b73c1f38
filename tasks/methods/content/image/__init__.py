"""Content issues of images, one file a method."""
