"""What the noise methods share: checks, joints, transitions, targets, results."""
