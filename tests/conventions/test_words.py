"""Words: module docstrings name their subject, and texts are in the English of the field."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from tests.support import ROOT

FOLDERS = ("constructs", "local", "checks", "stacks", "examples", "benchmarks", "tests")
SOURCES = [ROOT / "app.py", *chain.from_iterable(sorted((ROOT / folder).rglob("*.py")) for folder in FOLDERS)]
PAGES = [
    *ROOT.glob("*.md"),
    *chain.from_iterable((ROOT / folder).rglob("*.md") for folder in ("docs", "local", "checks")),
]
# A free relative clause says no noun that a reader could search for.
CLAUSE = re.compile(r"(What|Who|How|Where|Which|When|Whether|Whatever|Why)\b")
OLD = re.compile(r"\b(anew|whoever|whomever|somebody|everybody|thereof|for ever|(is|are|was) told)\b", re.IGNORECASE)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Return comments and docstrings, which are all the strings that stand alone."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number, line in enumerate(node.value.value.splitlines()):
                yield node.lineno + number, line


def clauses(source: str) -> list[str]:
    """Return the first lines of docstrings that begin with a clause; a predicate may begin with Whether."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            predicate = first.startswith("Whether ") and not isinstance(node, ast.Module)
            found += [first] if CLAUSE.match(first) and not predicate else []
    return found


def found_in(paths: Iterable[Path]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        text = path.read_text()
        lines = texts(text) if path.suffix == ".py" else iter(enumerate(text.splitlines(), 1))
        found[str(path.relative_to(ROOT))] = old_words(lines)
    return {path: words for path, words in found.items() if words}


def old_words(lines: Iterator[tuple[int, str]]) -> list[str]:
    return [f"{number}: {found[0]}" for number, line in lines if (found := OLD.search(line))]


def test_a_docstring_begins_with_its_subject_or_an_imperative() -> None:
    assert [(str(path.relative_to(ROOT)), first) for path in SOURCES for first in clauses(path.read_text())] == []


def test_comments_and_docstrings_use_no_archaic_word() -> None:
    assert found_in(path for path in SOURCES if path != Path(__file__)) == {}


def test_pages_use_no_archaic_word() -> None:
    assert found_in(PAGES) == {}


def test_notices_what_it_forbids() -> None:
    assert clauses('"""What a pipeline says."""\n\ndef f():\n    """Whether it ends."""\n') == ["What a pipeline says."]
    assert old_words(texts('# Nobody is told.\n"""Files are\nwritten anew."""\n')) == ["1: is told", "3: anew"]
