"""Packages that only some engines need, and that an extra of this distribution installs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from local_cloud.errors import LocalCloudError


@dataclass(frozen=True, kw_only=True)
class OptionalPackage:
    """A package that an extra installs.

    Parameters
    ----------
    module: str
        What is imported.
    extra: str
        The extra of lake-local-cloud that brings it.
    """

    module: str
    extra: str

    def require(self, feature: str) -> None:
        """Do nothing if the package is installed.

        Raises
        ------
        LocalCloudError
            If it is not; names the command that installs it.
        """
        if find_spec(self.module) is None:
            raise LocalCloudError(
                f"{feature} needs the package {self.module}; install it by pip install 'lake-local-cloud[{self.extra}]'"
            )
