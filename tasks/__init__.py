"""The work: a folder a stage, and below them what stages share and pure methods."""
