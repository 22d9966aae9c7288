"""Anatomy of a capability: the files that it has, and a first version of them all.

`make new-capability WING=databases NAME=aurora` writes it: an encrypted log group, which passes the conformance suite
until it is replaced by what the capability defines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

from tests.support import ROOT

LIBRARY = Path("constructs/lake_blueprints")
# The wings that are capabilities themselves.
WHOLE = ("catalog", "lake", "orchestration")
MOST_ROOMS = 9


def capabilities(root: Path = ROOT) -> Iterator[str]:
    """Return each package with samples, as its path below the library: `ingestion/kinesis`."""
    for sample in sorted((root / "tests" / "unit").rglob("sample.py")):
        yield sample.parent.relative_to(root / "tests" / "unit").as_posix()


def parts(capability: str) -> Mapping[str, Path]:
    """Return the files and folders of a capability, by what they are."""
    return {
        "package": LIBRARY / capability / "__init__.py",
        "sample": Path("tests/unit") / capability / "sample.py",
        "unit tests": Path("tests/unit") / capability,
        "example": Path("examples") / f"{capability}.py",
        "page": Path("docs/capabilities") / f"{capability}.md",
    }


def missing(capability: str, root: Path = ROOT) -> list[str]:
    """Return the parts that a capability lacks."""
    found = parts(capability)
    lacking = [what for what, path in found.items() if not (root / path).exists()]
    has_tests = any((root / found["unit tests"]).glob("test_*.py"))
    return lacking if has_tests else [*lacking, "a unit test"]


def write(wing: str, name: str, root: Path = ROOT) -> list[Path]:
    """Write a capability; a page's head and the snapshot are then generated.

    Raises
    ------
    ValueError
        If the name is no module's, there is no such wing, the wing is full, or the capability exists.
    """
    wings = sorted(path.parent.name for path in (root / LIBRARY).glob("*/__init__.py") if path.parent.name not in WHOLE)
    if wing not in wings:
        raise ValueError(f"there is no wing '{wing}'; wings are: {', '.join(wings)}")
    if not (name.isidentifier() and name.islower()):
        raise ValueError(f"'{name}' is no name of a module; use lower case letters, digits and underscores")
    if (root / LIBRARY / wing / name).exists():
        raise ValueError(f"'{wing}/{name}' exists")
    rooms = [path for path in (root / LIBRARY / wing).iterdir() if (path / "__init__.py").exists()]
    if len(rooms) >= MOST_ROOMS:
        raise ValueError(
            f"'{wing}' has {len(rooms)} capabilities, and no wing has more than {MOST_ROOMS}; divide it first"
        )
    words = name.split("_")
    names = {
        "wing": wing,
        "name": name,
        "title": " ".join(words).capitalize(),
        "Construct": "".join(word.capitalize() for word in words),
    }
    written = []
    for path, text in _FILES.items():
        file = root / Template(path).substitute(names)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(names), encoding="utf-8")
        written.append(file)
    return written


# What a page says before it is written; tests/conventions do not let it stay.
UNWRITTEN = "Say in a few sentences"
_FILES = {
    "constructs/lake_blueprints/$wing/$name/__init__.py": '''"""$title."""

from lake_blueprints.$wing.$name.$name import $Construct

__all__ = ("$Construct",)
''',
    "constructs/lake_blueprints/$wing/$name/permissions.py": '''"""Permissions of $title."""

from __future__ import annotations

from aws_cdk import aws_logs as logs

from lake_blueprints.foundation.access import Permission

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"


def write(log_group: logs.ILogGroup) -> Permission:
    """Write to a log group."""
    return Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        on=(log_group.log_group_arn,),
        because="writes logs",
        sources=(_LOGS,),
    )
''',
    "constructs/lake_blueprints/$wing/$name/$name.py": '''"""$title: an encrypted log group."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.$wing.$name.permissions import write
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.removal import guard_removal


@checked
class $Construct(Construct):
    """Define an encrypted log group.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the logs. By default a new `LakeKey` is defined.
    log_retention: logs.RetentionDays
        How long logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the logs when the construct leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    One log group, as `log_group`; a key, as `key`, unless it is given.

    Example
    -------
        >>> found = $Construct(self, "$Construct")
        >>> found.grant_write(producer)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.log_group = logs.LogGroup(self, "Log", encryption_key=self.key, retention=log_retention)
        guard_removal(self.log_group, removal_policy, encryption_key=self.key)

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow writing to the log group."""
        return allow(grantee, write(self.log_group))
''',
    "tests/unit/$wing/$name/sample.py": '''"""Sample of $title."""

from __future__ import annotations

from lake_blueprints.$wing.$name import $Construct
from tests.conformance.sample import Sample

SAMPLE = Sample(construct=$Construct)
''',
    "tests/unit/$wing/$name/test_$name.py": '''"""$Construct: its defaults, each option and each failure."""

from __future__ import annotations

import aws_cdk as cdk

from lake_blueprints.$wing.$name import $Construct
from tests.support import properties, template_of


def test_keeps_logs_for_a_year_by_default(stack: cdk.Stack) -> None:
    $Construct(stack, "$Construct")
    assert properties(template_of(stack), "AWS::Logs::LogGroup")["RetentionInDays"] == 365
''',
    "examples/$wing/$name.py": '''"""$title, to which one role writes."""

import aws_cdk as cdk

from lake_blueprints.$wing.$name import $Construct
from lake_blueprints.foundation.access import ServiceRole

app = cdk.App()
stack = cdk.Stack(app, "$Construct")
found = $Construct(stack, "$Construct")
writer = ServiceRole(stack, "Writer", services=["lambda.amazonaws.com"], description="Writes logs")
found.grant_write(writer)
app.synth()
''',
    "docs/capabilities/$wing/$name.md": """# $title

<!-- The lines above are generated: python -m tests.conformance.pages. Those below are written by hand. -->

## When to use it

Say in a few sentences who needs $title and when, which other capability is the better choice when it is not, and with
which steps, tables or zones it is used together. A reader who knows AWS and has never seen this library should be able
to decide after these lines.

## Decisions

- Say of each default that costs money, data or safety why it is what it is.
- Say what was left out, and what to do instead.
""",
}


def main(arguments: list[str]) -> int:
    """Write the capability that the command line names."""
    if len(arguments) != 2 or not all(arguments):
        print("usage: make new-capability WING=databases NAME=aurora", file=sys.stderr)
        return 2
    try:
        wing, name = arguments
        written = write(wing, name)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
