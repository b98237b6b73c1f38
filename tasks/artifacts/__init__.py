"""What a run keeps: index, vectors, sums, scores, decisions; where each lies and how it is read."""
