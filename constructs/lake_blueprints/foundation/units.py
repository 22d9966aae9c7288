"""Types of options that say more than Python's: the unit that AWS counts in, and what must be known at synth.

CloudFormation takes whole numbers, and the CDK converts nothing that is known at deployment only. It fails with an
error of jsii that names no option, often as late as the synthesis. `checked` reads the unit of an option from its
type, and refuses such a value at the call.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from aws_cdk import Duration, Size, SizeRoundingBehavior, Token

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

    def problem(self, value: Any) -> str | None:
        """Return what a value must be, what it is, and the fix; nothing if it is right."""
        if not isinstance(value, Duration | Size):
            return None
        kind = type(value).__name__
        if value.is_unresolved():
            given = value.to_string().split("(")[0].split(".")[1]
            if self.known:
                return f"known at synth, got {given} that are known at deployment only; give a number"
            if given != self.name:
                return f"in {self.words} if it is known at deployment only, got {given}; give {kind}.{self.name}(…)"
            return None
        number = _parts(value) / _PARTS[self.name]
        if number.is_integer():
            return None
        return (
            f"a whole number of {self.words}, got {number:.10g} {self.words}; give for instance "
            f"{kind}.{self.name}({math.ceil(number)})"
        )

    @property
    def words(self) -> str:
        """The unit in plain words."""
        return _WORDS.get(self.name, self.name)


class Known:
    """Marks a text or a number that must be known at synth."""

    def problem(self, value: Any) -> str | None:
        """Return what a value must be, what it is, and the fix; nothing if it is right."""
        if not isinstance(value, str | int | float) or not Token.is_unresolved(value):
            return None
        kind = "text" if isinstance(value, str) else "number"
        return f"known at synth, got a {kind} that is known at deployment only; give the {kind} itself"


def demand_of(metadata: tuple[object, ...]) -> Unit | Known | None:
    """Return what a type is annotated with."""
    return next((one for one in metadata if isinstance(one, Unit | Known)), None)


def _parts(value: Duration | Size) -> float:
    if isinstance(value, Duration):
        return value.to_milliseconds(integral=False)
    return value.to_bytes(rounding=SizeRoundingBehavior.NONE)


DurationInDays = Annotated[Duration, Unit("days")]
DurationInHours = Annotated[Duration, Unit("hours")]
DurationInSeconds = Annotated[Duration, Unit("seconds")]
SizeInMebibytes = Annotated[Size, Unit("mebibytes")]
SizeInBytes = Annotated[Size, Unit("bytes")]
KnownDurationInDays = Annotated[Duration, Unit("days", known=True)]
KnownDurationInHours = Annotated[Duration, Unit("hours", known=True)]
KnownDurationInMinutes = Annotated[Duration, Unit("minutes", known=True)]
KnownDurationInSeconds = Annotated[Duration, Unit("seconds", known=True)]
KnownDurationInMilliseconds = Annotated[Duration, Unit("millis", known=True)]
KnownSizeInGibibytes = Annotated[Size, Unit("gibibytes", known=True)]
KnownSizeInBytes = Annotated[Size, Unit("bytes", known=True)]
KnownText = Annotated[str, Known()]
KnownInt = Annotated[int, Known()]
