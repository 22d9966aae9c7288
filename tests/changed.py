"""Print the tests of what changed since a revision, for `make quick`: `python -m tests.changed [REVISION]`.

A changed module is tested by the folder of `tests` that mirrors its own, and by the duties of its capability; a changed
test by itself.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tests.anatomy import LIBRARY, capabilities
from tests.support import ROOT

# Where the tests of each source root are.
MIRRORS = {
    "constructs/lake_blueprints": "tests/unit",
    "local/local_cloud": "tests/local_cloud",
    "checks/template_checks": "tests/template_checks",
}


def affected_by(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return the test folders and files of changed files, each once, and the options of pytest that narrow them."""
    found: dict[str, None] = {}
    for path in changed:
        for capability in capabilities(root):
            if path.startswith((f"{LIBRARY}/{capability}/", f"tests/unit/{capability}/sample")):
                found["tests/conformance"] = found[f"--capability={capability.replace('/', '.')}"] = None
        if path.startswith("tests/") and PurePosixPath(path).match("test_*.py") and (root / path).exists():
            found[path] = None
        for source, mirror in MIRRORS.items():
            if path.startswith(f"{source}/"):
                folder = PurePosixPath(mirror) / PurePosixPath(path).parent.relative_to(source)
                while not (root / folder).is_dir():
                    folder = folder.parent
                # The tests of a whole package are no quick answer.
                if str(folder) != mirror:
                    found[str(folder)] = None
    return list(found)


def changed_since(revision: str) -> list[str]:
    """Return the files that differ from a revision, and those that git does not know yet."""
    commands = (["diff", "--name-only", revision], ["ls-files", "--others", "--exclude-standard"])
    answers = (
        subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True) for command in commands
    )
    return [line for answer in answers for line in answer.stdout.splitlines()]


if __name__ == "__main__":
    print(*affected_by(changed_since(sys.argv[1] if len(sys.argv) > 1 else "HEAD")))
