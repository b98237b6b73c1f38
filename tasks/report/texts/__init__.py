"""What a report says in words: a sentence or a line a figure."""
