"""Durations and sizes in the units that AWS counts them in, as types of options.

CloudFormation takes whole numbers, and the CDK converts nothing that is known at deployment only. It fails with an
error of jsii that names no option, often as late as the synthesis. `checked` reads the unit of an option from its
type, and refuses such a value at the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aws_cdk import Duration, Size, SizeRoundingBehavior

# Milliseconds of a Duration, bytes of a Size.
_PARTS = {
    "days": 86_400_000,
    "hours": 3_600_000,
    "minutes": 60_000,
    "seconds": 1_000,
    "millis": 1,
    "gibibytes": 1024**3,
    "mebibytes": 1024**2,
    "bytes": 1,
}
_WORDS = {"millis": "milliseconds"}


@dataclass(frozen=True)
class Unit:
    """Unit of a Duration or Size.

    Parameters
    ----------
    name: str
        Name of the method of Duration or Size that makes one in it.
    known: bool
        Whether the library calculates with the number, so that it must be known at synth. By default it does not.
    """

    name: str
    known: bool = False

    def problem(self, value: Duration | Size) -> str | None:
        """Return what a value must be, what it is, and the fix; nothing if it is right."""
        kind = type(value).__name__
        if value.is_unresolved():
            given = value.to_string().split("(")[0].split(".")[1]
            if self.known:
                return f"known at synth, got {given} that are known at deployment only; give a number"
            if given != self.name:
                return f"in {self.words} if it is known at deployment only, got {given}; give {kind}.{self.name}(…)"
            return None
        whole, rest = divmod(_parts(value), _PARTS[self.name])
        if not rest:
            return None
        text = value.to_human_string() if isinstance(value, Duration) else f"{_parts(value):,.10g} bytes"
        return f"a whole number of {self.words}, got {text}; give for instance {kind}.{self.name}({whole + 1:.0f})"

    @property
    def words(self) -> str:
        """The unit in plain words."""
        return _WORDS.get(self.name, self.name)


def unit_of(metadata: tuple[object, ...]) -> Unit | None:
    """Return the unit among what a type is annotated with."""
    return next((one for one in metadata if isinstance(one, Unit)), None)


def _parts(value: Duration | Size) -> float:
    if isinstance(value, Duration):
        return value.to_milliseconds(integral=False)
    return value.to_bytes(rounding=SizeRoundingBehavior.NONE)


Days = Annotated[Duration, Unit("days")]
Hours = Annotated[Duration, Unit("hours")]
Seconds = Annotated[Duration, Unit("seconds")]
Mebibytes = Annotated[Size, Unit("mebibytes")]
Bytes = Annotated[Size, Unit("bytes")]
KnownDays = Annotated[Duration, Unit("days", known=True)]
KnownHours = Annotated[Duration, Unit("hours", known=True)]
KnownMinutes = Annotated[Duration, Unit("minutes", known=True)]
KnownSeconds = Annotated[Duration, Unit("seconds", known=True)]
KnownMilliseconds = Annotated[Duration, Unit("millis", known=True)]
KnownGibibytes = Annotated[Size, Unit("gibibytes", known=True)]
KnownBytes = Annotated[Size, Unit("bytes", known=True)]
