"""Cross-origin requests, which only buckets allow: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CorsRule:
    """One rule of a bucket's CORS configuration; origins and headers may contain one `*`."""

    origins: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[str] = ()
    exposed: Sequence[str] = ()
    max_age: int | None = None

    def allows(self, origin: str, method: str, headers: Sequence[str]) -> bool:
        return (
            any(_fits(pattern, origin) for pattern in self.origins)
            and method in self.methods
            and all(any(_fits(pattern.lower(), name) for pattern in self.headers) for name in headers)
        )

    def answer(self, origin: str, headers: Sequence[str]) -> dict[str, str]:
        """Return the headers of an answer to a request that the rule allows."""
        anyone = "*" in self.origins
        return {
            "Access-Control-Allow-Origin": "*" if anyone else origin,
            **({} if anyone else {"Access-Control-Allow-Credentials": "true"}),
            "Access-Control-Allow-Methods": ", ".join(self.methods),
            **({"Access-Control-Allow-Headers": ", ".join(headers)} if headers else {}),
            **({"Access-Control-Expose-Headers": ", ".join(self.exposed)} if self.exposed else {}),
            **({"Access-Control-Max-Age": str(self.max_age)} if self.max_age is not None else {}),
            "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        }


def rule_for(rules: Sequence[CorsRule], origin: str, method: str, headers: Sequence[str] = ()) -> CorsRule | None:
    """Return the first rule that allows a request, which is the one that S3 applies."""
    return next((rule for rule in rules if rule.allows(origin, method, headers)), None)


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
