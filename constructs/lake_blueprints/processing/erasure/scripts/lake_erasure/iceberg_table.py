"""An Iceberg table: rows deleted, manifests written again, snapshots expired, and every file gone that none needs.

A DELETE by copy-on-write leaves the row in three places: the files of older snapshots; the manifest of the new one,
which has an entry for each deleted file with the least and greatest values of its columns; and versions of objects. So
manifests are written again from the files that are there, all other snapshots expire, and what the table had and has
no more is removed version by version. The list of what it had is kept until then, for a run that is killed in between.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from lake_curation.columns import quoted
from lake_curation.storage import Location
from pyspark.sql import SparkSession

from lake_erasure.errors import ErasureError
from lake_erasure.objects import REMOVED, ROWS, VERSIONS, WAITING
from lake_erasure.place import Place
from lake_erasure.subject_keys import SubjectKeys
from lake_erasure.versions import Version, remove, versions_below

_CATALOG = "glue_catalog"
# Branches that a curation job which was killed has left; its next run drops them too.
_DRAFTS = "curation_"
# View of the keys.
_KEYS = "erased_subjects"
# As Iceberg's own removal of orphan files: a younger file may be that of a commit which is under way.
# https://iceberg.apache.org/docs/latest/spark-procedures/#remove_orphan_files
_GRACE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ErasedTable:
    """A table from which persons are erased.

    Parameters
    ----------
    spark: SparkSession
        Session with the catalog.
    place: Place
        The table.
    state: Location
        Where the list of its files is kept meanwhile.
    """

    spark: SparkSession
    place: Place
    state: Location

    @property
    def identifier(self) -> str:
        """The name of the table in SQL."""
        return f"{_CATALOG}.{quoted(self.place.database)}.{quoted(self.place.table)}"

    def erase(self, wanted: Sequence[tuple[Sequence[str], SubjectKeys]]) -> Counter[str]:
        """Erase persons, and return what was done."""
        self._drop_drafts()
        known = self._note({*self._noted(), *self._files()})
        counts = Counter({ROWS: self._delete(wanted)})
        self._rewrite_manifests()
        # With those of the commits just made.
        known = self._note(known | {*self._files()})
        self._expire()
        # What the last commit has added is needed.
        counts += self._remove(known, needed={*self._files(history=False)})
        self._note(set())
        return counts

    def _note(self, files: set[str]) -> set[str]:
        self.state.write(self._document, sorted(files))
        return files

    @property
    def _document(self) -> str:
        return f"files/{self.place.database}.{self.place.table}.json"

    def _noted(self) -> list[str]:
        kept = self.state.find(self._document)
        found: list[str] = json.loads(kept[0]) if kept else []
        return found

    def _table(self) -> Any:
        jvm = self.spark._jvm
        table = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(self.spark._jsparkSession, self.identifier)
        table.refresh()
        return table

    def _drop_drafts(self) -> None:
        for name in sorted(self._table().refs().keySet()):
            if name.startswith(_DRAFTS):
                self.spark.sql(f"ALTER TABLE {self.identifier} DROP BRANCH IF EXISTS {quoted(name)}")
            elif name != "main":
                raise ErasureError(
                    f"{self.place.name} has the branch or tag '{name}', whose rows nobody can erase; drop it"
                )

    def _delete(self, wanted: Sequence[tuple[Sequence[str], SubjectKeys]]) -> int:
        count = 0
        for path, keys in wanted:
            # Values that are literals would be in plans, and plans are in logs.
            rows = self.spark.createDataFrame([(text,) for text in sorted(keys.texts)], "subject string")
            rows.createOrReplaceTempView(_KEYS)
            column = ".".join(map(quoted, path))
            condition = f"{column} IN (SELECT CAST(subject AS {keys.kind}) FROM {_KEYS})"
            (found,) = self.spark.sql(f"SELECT count(*) FROM {self.identifier} WHERE {condition}").first() or (0,)
            if found:
                self.spark.sql(f"DELETE FROM {self.identifier} WHERE {condition}")
            count += int(found)
        self._apply_deletes()
        return count

    def _apply_deletes(self) -> None:
        """Rewrite the files whose rows are deleted by others, as Athena does it: they hold the rows still."""
        if not self._delete_files():
            return
        table = f"{self.place.database}.{self.place.table}"
        self.spark.sql(
            f"CALL {_CATALOG}.system.rewrite_data_files(table => '{table}', options => "
            "map('delete-file-threshold', '1', 'remove-dangling-deletes', 'true'))"
        )
        if left := self._delete_files():
            raise ErasureError(f"{self.place.name} has {left} delete files after its data files were rewritten")

    def _delete_files(self) -> int:
        snapshot = self._table().currentSnapshot()
        return int(snapshot.summary().get("total-delete-files") or 0) if snapshot else 0

    def _rewrite_manifests(self) -> None:
        """Write the manifests of the files that are there, without the entries of those that were deleted."""
        table = self._table()
        if table.currentSnapshot() is None:
            return
        # All entries into one manifest after the other; the procedure of Spark leaves a single manifest as it is.
        java = self.spark._jvm.java
        kind = java.lang.Class.forName("java.lang.Object")
        arguments = java.util.ArrayList()
        arguments.add(kind)
        handles = java.lang.invoke.MethodHandles
        one = handles.dropArguments(handles.constant(kind, "all"), 0, arguments)
        interface = java.lang.Class.forName("java.util.function.Function")
        cluster = java.lang.invoke.MethodHandleProxies.asInterfaceInstance(interface, one)
        table.rewriteManifests().clusterBy(cluster).commit()

    def _expire(self) -> None:
        table = self._table()
        if table.currentSnapshot() is None:
            return
        # The files are removed below, with all versions of their objects.
        change = table.expireSnapshots().expireOlderThan(int(time.time() * 1000) + 1).retainLast(1)
        change.cleanExpiredFiles(False).commit()
        left = self._table().snapshots()
        if len(list(left)) > 1:
            raise ErasureError(f"{self.place.name} keeps older snapshots, by a property of its branch; remove it")

    def _files(self, *, history: bool = True) -> Iterator[str]:
        """Yield the keys of the table's files; without its history those that it needs."""
        table = self._table()
        every = "all_" if history else ""
        queries = [
            f"SELECT file_path FROM {self.identifier}.{every}data_files",
            f"SELECT file_path FROM {self.identifier}.{every}delete_files",
            f"SELECT path FROM {self.identifier}.{every}manifests",
            f"SELECT manifest_list FROM {self.identifier}.snapshots",
            *([f"SELECT file FROM {self.identifier}.metadata_log_entries"] if history else []),
        ]
        self.spark.catalog.refreshTable(self.identifier)
        found = [row[0] for row in self.spark.sql(" UNION ALL ".join(queries)).collect()]
        found += [file.path() for file in (*table.statisticsFiles(), *table.partitionStatisticsFiles())]
        found.append(table.operations().current().metadataFileLocation())
        for uri in found:
            bucket, _, key = uri.partition("://")[2].partition("/")
            if bucket != self.place.bucket or not key.startswith(self.place.prefix):
                raise ErasureError(f"{self.place.name} has files outside of {self.place.uri}, which nobody may remove")
            yield key

    def _remove(self, known: set[str], needed: set[str]) -> Counter[str]:
        counts, gone = Counter[str](), list[Version]()
        young = datetime.now(UTC) - _GRACE
        for versions in versions_below(self.place.bucket, self.place.prefix):
            current = versions.current
            gone += [one for one in versions.all if one is not current]
            if current is None or versions.key in needed:
                continue
            if versions.key in known or current.modified < young:
                gone.append(current)
                counts[REMOVED] += 1
            else:
                counts[WAITING] += 1
        counts[VERSIONS] = remove(boto3.client("s3"), self.place.bucket, gone)
        return counts
