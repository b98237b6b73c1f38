"""Labels made of votes: of each part of the items, proven, and who voted how well."""
