"""What a claim rests on: flips, neighbours and audited rows; and the threshold that it sets."""
