"""The columns of the quarantine's files."""

from __future__ import annotations

# What the files hold, and what the table of the Data Catalog says that they do.
COLUMNS = {
    "record": "string",
    "header": "string",
    "object": "string",
    "etag": "string",
    "reasons": "array<string>",
    "kinds": "array<string>",
    "dataset": "string",
    "version": "string",
    "run": "string",
    "quarantined_at": "timestamp",
}
