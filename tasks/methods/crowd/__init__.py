"""Many annotators, one label: aggregation of votes."""

from labelworks.tasks.methods.crowd.aggregation import CrowdResult, aggregate
from labelworks.tasks.methods.crowd.votes import Votes

__all__ = ["CrowdResult", "Votes", "aggregate"]
