"""What is found about a dataset as a whole: content, health, leaks, poison, shortcuts."""
