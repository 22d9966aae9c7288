"""The files of an Iceberg table that its metadata names."""

from __future__ import annotations

from pyiceberg.table import Table


def reachable(table: Table, *, metadata: int | None = None) -> set[str]:
    """Return every file that a table's metadata names: older metadata, manifests and data of all snapshots.

    Parameters
    ----------
    table: Table
        The table.
    metadata: int, optional
        How many of the older metadata files count. By default all.
    """
    older = [entry.metadata_file for entry in table.metadata.metadata_log]
    found = {table.metadata_location, *(older if metadata is None else older[max(0, len(older) - metadata) :])}
    found |= {file.statistics_path for file in table.metadata.statistics}
    read: set[str] = set()
    for snapshot in table.snapshots():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            if manifest.manifest_path not in read:
                read.add(manifest.manifest_path)
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                found |= {entry.data_file.file_path for entry in entries}
    return found
