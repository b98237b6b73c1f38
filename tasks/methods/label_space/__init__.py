"""The classes themselves: which are one under two names, parts of others, never together, or of no row."""

from labelworks.tasks.methods.label_space.audit import audit
from labelworks.tasks.methods.label_space.findings import ClassFinding
from labelworks.tasks.methods.label_space.proposal import Proposal, proposal

__all__ = ["ClassFinding", "Proposal", "audit", "proposal"]
