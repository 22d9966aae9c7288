"""The command `local-cloud`, also `lake local` and `python -m local_cloud`."""

from local_cloud.cli.main import main

__all__ = ["main"]
