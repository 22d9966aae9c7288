"""Loading a stranger's file: what it may hold, what it may cost, and what is said about everything else."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase

import pytest

from lake_blueprints.contracts import ContractError
from lake_blueprints.contracts.standard.text import MAX_VALUES, load, read_text

MB = 2**20


def bomb(step: str) -> str:
    """Return YAML in which each of 12 anchors repeats the one before it nine times: 9 to the 12th values."""
    return "a: &a {k: x}\n" + "".join(
        f"{name}: &{name} {step % ', '.join([f'*{before}'] * 9)}\n" for before, name in pairwise(ascii_lowercase[:13])
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the contract is empty; it needs at least version, apiVersion, kind, id and schema"),
        ("# only a comment", "the contract is empty"),
        ("- a", "a contract is a mapping of keys to values, got a list"),
        ("words", "a contract is a mapping of keys to values, got 'words'"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document starts; a file holds one contract"),
        ("a: 1\nb:\n  c: 2\n  c: 3\n", "line 4: key 'c' is given twice"),
        ("a: [", "not valid YAML"),
        ("a:\n\tb: 1\n", "line 2: not valid YAML: .* \\(a tab: YAML is indented with spaces\\)"),
        ("a: \x00", "not valid YAML: unacceptable character"),
        ("a: \ud800", "not valid YAML"),
        ("a: *b", "line 1: alias '\\*b' names nothing"),
        ("? [a, b]\n: c", "line 1: a key must be text, got a list"),
        ("a: .nan", "line 1: '.nan' is not a number"),
        ("a: -.inf", "line 1: '-.inf' is not a number"),
        ("a: 1.0e+999", "line 1: '1.0e\\+999' is not a number"),
        (f"a: {'9' * 5000}", "line 1: '9{40}' is not a number"),
    ],
)
def test_says_in_one_line_what_is_no_contract(text: str, message: str) -> None:
    with pytest.raises(ContractError, match=message) as raised:
        load(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!secret", "!!binary"])
def test_refuses_tags_by_name(tag: str) -> None:
    with pytest.raises(ContractError, match=f"line 2: the YAML tag '{tag}' is not allowed"):
        load(f"a: 1\nb: {tag} [x]\n")


def test_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="tag"):
        load(f"a: !!python/object/apply:os.mkdir ['{tmp_path}/made']")
    assert not (tmp_path / "made").exists()


def test_keys_are_text_and_values_are_what_json_has() -> None:
    text = "1: a\nyes: b\nday: 2024-01-31\nat: 12:30:00\nname: !!str 1.0\nflag: no\nhalf: 0.5\n"
    values = {"1": "a", "yes": "b", "day": "2024-01-31", "at": "12:30:00", "name": "1.0", "flag": False, "half": 0.5}
    assert load(text) == values


def test_reads_json() -> None:
    assert load('{"a": [1, null, "é"]}') == {"a": [1, None, "é"]}


def test_follows_aliases_and_merges() -> None:
    assert load("a: &a 1\nb: *a\n") == {"a": 1, "b": 1}
    assert load("a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n") == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}


@pytest.mark.parametrize("step", ["[%s]", "{<<: [%s]}"], ids=["lists", "merged mappings"])
def test_an_alias_costs_what_it_stands_for(step: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ContractError, match=f"more than {MAX_VALUES} values, those that aliases repeat included"):
            load(bomb(step))
        assert tracemalloc.get_traced_memory()[1] < 1 * MB
    finally:
        tracemalloc.stop()


def test_refuses_an_alias_inside_what_it_names() -> None:
    with pytest.raises(ContractError, match="line 2: alias '\\*a' stands inside what it names"):
        load("a: &a\n  - *a\n")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100 + "]" * 100,
        "a: " + "{b: " * 100 + "c" + "}" * 100,
        "[" * 100_000,
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100)),
    ],
    ids=["lists", "mappings", "never closed", "through aliases"],
)
def test_refuses_deep_nesting(text: str) -> None:
    with pytest.raises(ContractError, match=r"line \d+: is nested more than 64 levels deep; flatten it"):
        load(text)


def test_reads_sixty_levels() -> None:
    assert load("a: " + "[" * 60 + "]" * 60)


def test_refuses_too_many_values_before_it_builds_them() -> None:
    text = "a:\n" + "- b\n" * (MAX_VALUES + 1)
    tracemalloc.start()
    try:
        with pytest.raises(ContractError, match=f"more than {MAX_VALUES} values"):
            load(text)
        # The text itself, as the bytes that libyaml reads.
        assert tracemalloc.get_traced_memory()[1] < 8 * MB
    finally:
        tracemalloc.stop()


def test_refuses_a_file_of_50_mb_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.odcs.yaml"
    with path.open("wb") as file:
        file.truncate(50 * MB)
    tracemalloc.start()
    try:
        with pytest.raises(ContractError, match=r"is 50\.0 MB long; a contract has at most 4 MB"):
            read_text(path)
        assert tracemalloc.get_traced_memory()[1] < 5 * MB
    finally:
        tracemalloc.stop()


def test_refuses_long_text() -> None:
    with pytest.raises(ContractError, match=r"is 5\.0 MB long; a contract has at most 4 MB"):
        load("a" * 5 * MB)


def test_tolerates_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9")
    assert load(read_text(path)) == {"a": "é"}
    assert load("\ufeffa: é") == {"a": "é"}


@pytest.mark.parametrize("data", [b"\xff\xfea\x00:\x00", b"a: \xe9"], ids=["utf-16", "latin-1"])
def test_refuses_what_is_not_utf_8(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.yaml"
    path.write_bytes(data)
    with pytest.raises(ContractError, match="is not UTF-8 text; save it as UTF-8"):
        read_text(path)


def test_says_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read: No such file"):
        read_text(tmp_path / "none.yaml")
    with pytest.raises(ContractError, match="cannot be read: Is a directory"):
        read_text(tmp_path)


def test_limits_are_what_may_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    # The document, its mapping, and two values for each key.
    monkeypatch.setattr("lake_blueprints.contracts.standard.text.MAX_VALUES", 6)
    assert load("a: 1\nb: 2\n") == {"a": 1, "b": 2}
    with pytest.raises(ContractError, match="more than 6 values"):
        load("a: 1\nb: 2\nc: 3\n")


def test_hints_at_tabs_only_where_there_is_one() -> None:
    with pytest.raises(ContractError) as raised:
        load("a: [")
    assert str(raised.value) == "line 2: not valid YAML: did not find expected node content"
