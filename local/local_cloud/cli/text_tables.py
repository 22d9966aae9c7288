"""Tables as text: columns as wide as their values, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence

Value = str | int | float | None


def text_table(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    """Return a table as lines of text; null is an empty place, and a line break a space."""
    shown = [list(header), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in shown) for at in range(len(header))]
    right = [all(not isinstance(row[at], str) for row in rows) and bool(rows) for at in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in shown
    )


def _text(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else " ".join(str(value).split())
