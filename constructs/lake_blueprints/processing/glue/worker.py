"""Worker types and sizes of Glue jobs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lake_blueprints.foundation.arguments import checked
from template_checks.limits.glue import WORKERS

# Versions that jobs can still be created with: https://docs.aws.amazon.com/glue/latest/dg/glue-version-support-policy.html
GLUE_VERSIONS = ("4.0", "5.0", "5.1", "6.0")


class WorkerType(StrEnum):
    """Sizes of a worker, smallest first; the R types have twice the memory."""

    G_1X = "G.1X"
    G_2X = "G.2X"
    G_4X = "G.4X"
    G_8X = "G.8X"
    G_12X = "G.12X"
    G_16X = "G.16X"
    R_1X = "R.1X"
    R_2X = "R.2X"
    R_4X = "R.4X"
    R_8X = "R.8X"


@checked
@dataclass(frozen=True, kw_only=True)
class Worker:
    """Glue version, size and number of the workers that a Spark job runs on.

    Parameters
    ----------
    glue_version: str
        One of 4.0, 5.0, 5.1 and 6.0. By default 5.1: Spark 3.5 on Python 3.11.
    type: WorkerType
        Size of each worker. By default G.1X: 4 vCPU and 16 GB.
    count: int
        Number of workers, the driver included, 2 to 299. By default 2.
    flex: bool
        Whether spare capacity is used: about a third cheaper, may start late and be taken away. Only G.1X and
        G.2X have it. By default it is not.

    Raises
    ------
    ValueError
        If Glue would refuse the combination.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/worker-types.html
    """

    glue_version: str = "5.1"
    type: WorkerType = WorkerType.G_1X
    count: int = 2
    flex: bool = False

    def __post_init__(self) -> None:
        if self.glue_version not in GLUE_VERSIONS:
            raise ValueError(f"'glue_version' must be one of {', '.join(GLUE_VERSIONS)}, got '{self.glue_version}'")
        WORKERS.check("count", self.count)
        if self.flex and self.type not in {WorkerType.G_1X, WorkerType.G_2X}:
            raise ValueError(f"'flex' needs workers of type G.1X or G.2X, got {self.type}")

    @property
    def execution_class(self) -> str:
        return "FLEX" if self.flex else "STANDARD"
