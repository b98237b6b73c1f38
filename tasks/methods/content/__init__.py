"""Content issues: what is odd about texts and images themselves, whatever their labels are."""
