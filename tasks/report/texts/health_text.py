"""What bears on the health of labels, in sentences."""

from __future__ import annotations

from labelworks.schemas.findings import HealthFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.texts.wording import decimal

EVEN = 0.5  # of its even share, from which on the rarest class isn't told of


def sentences(found: HealthFindings | None) -> list[str]:
    """What there is to say beside the ranking of classes."""
    if found is None:
        return []
    lines = []
    if found.balance is not None and found.balance < EVEN:
        even = percent(found.balance)
        lines.append(f"The rarest class, {found.rarest}, has {even} of an even share of the rows.")
    order, value = found.order, found.value
    if order is not None and order.told:
        effect, p_value = decimal(order.effect), decimal(order.p_value, 3)
        lines.append(
            f"Rows near one another in the dataset are alike (effect {effect} of 1, p ≤ {p_value}): sorted, "
            "gathered in batches, or drifting. A part cut off by place is no random sample."
        )
    if value is not None and value.harmful:
        harmful, lowest = percent(value.harmful / value.rows), ", ".join(value.lowest[:5])
        lines.append(
            f"{harmful} of {value.rows:,} rows of the sample do more harm than good to their neighbours "
            f"(Shapley value below 0), such as {lowest}."
        )
    return lines
