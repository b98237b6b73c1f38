"""A run beside the version published before it, in lines for people."""

from __future__ import annotations

from labelworks.schemas.findings import TrendFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.texts.wording import count, points

Line = tuple[str, str, str, str]  # what, before, now, the difference


def lines(found: TrendFindings | None) -> list[Line]:
    """What is known of both, and how it changed; empty without a version before."""
    if found is None or found.before is None:
        return []
    now, before = found.now, found.before
    compared = [("rows", count(before.rows), count(now.rows), _relative(now.rows, before.rows))]
    for name, what in (("rejected_share", "rows put aside"), ("noise_rate", "noise rate")):
        one, other = getattr(before, name), getattr(now, name)
        if one is not None and other is not None:
            compared.append((what, percent(one), percent(other), points(other - one)))
    if found.moved_class is not None:
        name = found.moved_class
        shares = (percent(before.prior.get(name, 0.0)), percent(now.prior.get(name, 0.0)))
        compared.append((f"share of {name}, which moved most", *shares, points(found.class_change)))
    if found.total_variation is not None:
        compared.append(("class mix, total variation", "", "", percent(found.total_variation)))
    return compared


def _relative(now: int, before: int) -> str:
    return f"{points((now - before) / before)} %" if before else ""
