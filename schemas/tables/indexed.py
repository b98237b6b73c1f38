"""What is kept of rows as they were read: those put aside, the index, their vectors."""

from __future__ import annotations

import pyarrow as pa

REJECTED = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), metadata={"about": "position in the file; null: the whole file"}),
        pa.field("id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("value", pa.string(), metadata={"about": "the offending value, shortened"}),
    ]
)


def index_schema(label_type: pa.DataType) -> pa.Schema:
    """One row per usable source row: its position in the partition, where it is from, id, given label."""
    return pa.schema(
        [
            pa.field("row", pa.int32(), nullable=False),
            pa.field("file", pa.dictionary(pa.int32(), pa.string()), nullable=False),
            pa.field("file_row", pa.int64(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("hash", pa.uint64(), nullable=False, metadata={"about": "of the id"}),
            pa.field("label", label_type, metadata={"about": "null in an unlabelled window"}),
        ]
    )


def embedding_schema(
    dtype: str, dim: int, words: int = 0, cells: int = 0, *, tokens: bool = False
) -> pa.Schema:
    """Row-aligned with the partition: the vector's raw bytes, or null and the reason why there is none.

    words, cells: how many packed words and cells each row has, as raw bytes too; 0: the encoder gives none.
    tokens: whether the vectors of a row's tokens lie beside their mean, one after the other.
    """
    width = {"float16": 2, "float32": 4}[dtype]
    fields = [
        pa.field("vector", pa.binary(width * dim)),
        pa.field("reason", pa.string()),
        pa.field("content", pa.uint64(), nullable=False, metadata={"about": "hash of what was encoded"}),
    ]
    if words:
        fields.append(pa.field("words", pa.binary(4 * words), nullable=False))
    if cells:
        fields.append(pa.field("cells", pa.binary(4 * cells), nullable=False))
    if tokens:
        fields.append(pa.field("tokens", pa.large_binary(), nullable=False))
    return pa.schema(fields, metadata={"dtype": dtype, "dim": str(dim)})
