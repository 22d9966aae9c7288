"""Names of the catalog, made of names that contracts give."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from lake_blueprints.contracts.errors import ContractError

# Redshift's longest identifier, the shortest limit of all engines:
# https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
LONGEST = 127
_DIGEST = 8
# Those that no letter with an accent of its own exists for, as in the lower case of the Turkish İ.
_ACCENTS = {chr(number) for number in range(0x300, 0x370)}


def catalog_name(text: str) -> str:
    """Return the catalog's spelling of a name.

    The rule, which depends on the name alone and never changes:

    1. Letters become lower case, since Glue, Athena and Redshift compare names without regard to case: SQL that a
       contract's author wrote with `orderId` finds `orderid`. Accents are dropped, `ß` becomes `ss`.
    2. A letter or digit that has no Latin form becomes `u` and its Unicode number: `価格` is `u4fa1u683c`.
    3. Everything else becomes an underscore, one for a run of them and none at the ends; underscores that the name
       has itself are kept.
    4. A name that would start with a digit starts with an underscore.
    5. A name longer than 127 characters is cut and ends in eight digits of its SHA-256, so that it stays unique.

    Reserved words stay as they are: every statement that the lake generates quotes its names.

    Raises
    ------
    ContractError
        If the name has neither a letter nor a digit.

    Example
    -------
        >>> catalog_name("Order-ID (legacy)")
        'order_id_legacy'
    """
    plain = "".join(map(_plain, unicodedata.normalize("NFC", text.casefold())))
    folded = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"^[^a-z0-9_]+|[^a-z0-9_]+$", "", plain))
    if not folded.strip("_"):
        raise ContractError(f"'{text}' has no letter or digit that a catalog name could be made of; rename it")
    folded = f"_{folded}" if folded[0].isdigit() else folded
    if len(folded) <= LONGEST:
        return folded
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{folded[: LONGEST - _DIGEST - 1]}_{digest}"


def catalog_names(originals: Iterable[str], what: str) -> list[str]:
    """Return the catalog's spelling of names that stand beside one another.

    Parameters
    ----------
    originals: iterable of str
        As the contract spells them.
    what: str
        What they are, in the plural, for the error: `properties`.

    Raises
    ------
    ContractError
        If two of them have the same catalog name; it names both.
    """
    spelled: dict[str, str] = {}
    for original in originals:
        name = catalog_name(original)
        if name in spelled:
            raise ContractError(
                f"{what} '{spelled[name]}' and '{original}' have the same catalog name '{name}'; rename one"
            )
        spelled[name] = original
    return list(spelled)


def _plain(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    if parts[0].isascii():
        return "".join(part for part in parts if part.isascii())
    if unicodedata.category(character)[0] not in "LMN":
        return character
    return "" if character in _ACCENTS else f"u{ord(character):x}"
