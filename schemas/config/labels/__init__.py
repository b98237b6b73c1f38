"""What a configuration says of labels: their kinds, votes and rules that they are made of, their classes."""
