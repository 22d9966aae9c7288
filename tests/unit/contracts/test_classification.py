"""Classifications: which labels of strangers' contracts restrict a column, which are harmless, which nobody knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lake_blueprints.contracts import Classifications, Column, ContractError, Dataset, Governance, Masking
from lake_blueprints.contracts.classification import HARMLESS, RESTRICTED, Verdict

STRICT = """restricted|Highly Restricted|highly-confidential|STRICTLY_CONFIDENTIAL|HighlyConfidential|Confidential.
top secret|Personal Data|PersonalData|Official Use Only
personally identifiable information|special category|sensitive|Private|classified|pii|P.I.I.
PII/PHI|internal, pii|internal/confidential|C3 - Confidential|confidential (no pii)|not pii, confidential|PII_email
pii:true|PII=Y|classification: secret|contains PII|company confidential|customer-secret|GDPR|GDPR Art. 9|PCI|PCI-DSS
SPI|NPI|Non Public Personal Information|non-public|not-public|public: false|Controlled Unclassified Information|C4|L4
Level 4|TLP:RED|TLP:AMBER+STRICT|OFFICIAL-SENSITIVE|Protected B|\uff23onfidential""".replace("\n", "|").split("|")
OPEN = """public|Internal|open|general|none|official|N/A|C1|internal use only|for internal use only|internal data
Open Data|non-sensitive|not pii|no PII|NonPII|is not PII|contains no PII|No personal data|non-confidential|unrestricted
Unclassified|not restricted|pii:false|pii: no|sensitivity: low|Public (no PII)|public/internal|TLP:CLEAR"""
OPEN_LABELS = OPEN.replace("\n", "|").split("|")
NOBODY_KNOWS = """Green|High|C2|5|gold|critical|???|Internal (HR)|not pii but confidential|non-pii internal|Unpublished
restrictively""".replace("\n", "|").split("|")
LEVELS = Classifications(harmless=["Green", "C-2", "private"], restricted=["Amber", "Red"])


@pytest.mark.parametrize("label", [*STRICT, *sorted(RESTRICTED)])
def test_a_label_restricts(label: str) -> None:
    assert Classifications().verdict(label) is Verdict.RESTRICTED
    assert Column(name="x", type="int", classification=label).restricted
    assert Column(name="x", type="int", tags=["a", label]).restricted


@pytest.mark.parametrize("label", [*OPEN_LABELS, *sorted(HARMLESS)])
def test_a_label_is_harmless(label: str) -> None:
    assert Classifications(unknown_classification="restrict").verdict(label) is Verdict.HARMLESS
    assert not Column(name="x", type="int", classification=label, tags=[label]).restricted


@pytest.mark.parametrize("label", NOBODY_KNOWS)
def test_a_label_that_is_not_known_restricts_unless_it_is_allowed(label: str) -> None:
    allowing = Classifications(unknown_classification="allow")
    assert Column(name="x", type="int", classification=label).restricted
    assert not Column(name="x", type="int", classification=label, classifications=allowing).restricted
    assert not Column(name="x", type="int", tags=[label]).restricted


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_label_restricts_nothing(nothing: str | None) -> None:
    assert not Column(name="x", type="int", classification=nothing).restricted


def test_the_strictest_of_classification_and_tags_counts() -> None:
    assert Column(name="x", type="int", classification="public", tags=["pii"]).restricted


@pytest.mark.parametrize(
    ("label", "verdict"),
    [
        ("green", Verdict.HARMLESS),
        ("c2", Verdict.HARMLESS),
        ("PRIVATE", Verdict.HARMLESS),
        ("not red", Verdict.HARMLESS),
        ("AMBER", Verdict.RESTRICTED),
        ("green/red", Verdict.RESTRICTED),
        ("not green", Verdict.RESTRICTED),
        ("amber list", Verdict.RESTRICTED),
        ("pii", Verdict.RESTRICTED),
        ("blue", Verdict.UNKNOWN),
    ],
)
def test_own_levels_come_before_the_words_that_many_use(label: str, verdict: Verdict) -> None:
    assert LEVELS.verdict(label) is verdict


def test_own_levels_have_an_order() -> None:
    labels = ["red", "C2", "amber", "green"]
    assert sorted(labels, key=LEVELS.strictness) == ["green", "C2", "amber", "red"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"harmless": ["Green"], "restricted": ["GREEN "]}, "the levels 'Green' and 'GREEN ' are the same"),
        ({"restricted": ["?"]}, "a level must have letters or digits, got '?'"),
        ({"unknown_classification": "ignore"}, "must be 'restrict' or 'allow', got 'ignore'"),
    ],
)
def test_refuses_levels_that_say_nothing(options: dict[str, object], message: str) -> None:
    with pytest.raises(ContractError) as raised:
        Classifications(**options)  # type: ignore[arg-type]
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("pii", "true", "pii"),
        ("PII", "email", "PII"),
        ("isPII", True, "isPII"),
        ("containsPersonalData", "yes", "containsPersonalData"),
        ("pii", "false", "not pii"),
        ("gdpr", None, "not gdpr"),
        ("dataClassification", "Green", "Green"),
        ("sensitivity", 4, "4"),
        ("classification", None, None),
        ("masking", "hash", None),
        ("public", "true", None),
        ("note", "pii", None),
    ],
)
def test_a_custom_property_may_be_a_label(name: str, value: object, label: str | None) -> None:
    assert Classifications().custom(name, value) == label


def test_columns_that_say_nothing_are_classified_as_their_dataset() -> None:
    columns = [
        Column(name="a", type="int"),
        Column(name="b", type="int", classification="public"),
        Column(name="c", type="int", tags=["non-pii"]),
        Column(name="d", type="int", masking=Masking.NONE),
    ]
    found = Dataset(name="x", columns=columns, classification="confidential")
    assert [column.name for column in found.restricted_columns] == ["a"]
    assert not Dataset(name="x", columns=columns, classification="internal").restricted_columns


def test_a_masked_copy_is_not_as_secret_as_its_dataset() -> None:
    secret = Dataset(
        name="x",
        columns=[Column(name="a", type="int"), Column(name="b", type="int", classification="public")],
        classification="confidential",
        governance=Governance(tags=("pii", "finance")),
    )
    masked = secret.masked()
    assert (masked.classification, masked.governance.tags, masked.restricted_columns) == ("masked", ("finance",), ())


def test_the_documentation_lists_every_word() -> None:
    page = (Path(__file__).parents[3] / "docs" / "governance.md").read_text()
    table = page.partition("| a label | restricts |")[2].partition("| anything else")[0]
    listed = {re.sub(r"[^a-z0-9]", "", word.lower()) for word in re.split(r",|: |\|", table)}
    assert (RESTRICTED | HARMLESS) - listed == set()
