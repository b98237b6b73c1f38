"""Models that labels are judged by: what a user would train on them."""
