"""Posteriors of imprecisely labelled rows: likelihoods, sums of memberships, EM, pseudo-labels."""
