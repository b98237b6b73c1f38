"""Whether a treatment made the data better, and how a benchmark's ranking changes by it."""
