"""Arrow schemas of what each stage writes. Row order within a part is always the row order of its source."""

from labelworks.schemas.tables.indexed import REJECTED, embedding_schema, index_schema
from labelworks.schemas.tables.published import (
    described,
    published_schema,
    published_target_schema,
    with_judges,
    with_likeliest,
    with_observed,
    with_pseudo_labels,
    with_sets,
    with_tags,
    with_text_spans,
)
from labelworks.schemas.tables.scores import EDIT, LABEL_SET_SCORES, NUMBER_SCORES, SCORES, SPAN, TAG_SCORES
from labelworks.schemas.tables.treated import (
    ACTIONS,
    DECIDED_POSTERIOR,
    FACTOR,
    TARGET,
    TARGET_PSEUDO,
    UNDOUBTED,
    factor_column,
    factor_name,
    treated_schema,
)

__all__ = [
    "ACTIONS",
    "DECIDED_POSTERIOR",
    "EDIT",
    "FACTOR",
    "LABEL_SET_SCORES",
    "NUMBER_SCORES",
    "REJECTED",
    "SCORES",
    "SPAN",
    "TAG_SCORES",
    "TARGET",
    "TARGET_PSEUDO",
    "UNDOUBTED",
    "described",
    "embedding_schema",
    "factor_column",
    "factor_name",
    "index_schema",
    "published_schema",
    "published_target_schema",
    "treated_schema",
    "with_judges",
    "with_likeliest",
    "with_observed",
    "with_pseudo_labels",
    "with_sets",
    "with_tags",
    "with_text_spans",
]
