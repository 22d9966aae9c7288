"""`lake contract docs`: the pages, and that a contract's words stay words in them."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from template_checks.command.main import main

HOSTILE = """
apiVersion: v3.1.0
kind: DataContract
id: '"><script>alert(1)</script>'
version: 1.0.0
status: active
domain: <b>sales</b>
tags: ['</span><img src=x onerror=alert(1)>']
support:
  - {channel: evil, url: 'javascript:alert(1)', tool: email}
  - {channel: good, url: 'https://example.com/help', tool: email}
schema:
  - name: orders
    logicalType: object
    description: 'a | b [c](d) <script>alert(2)</script>'
    quality:
      - {metric: rowCount, mustBeGreaterThan: 3}
    properties:
      - name: '"><svg onload=alert(3)>'
        logicalType: string
        primaryKey: true
        logicalTypeOptions: {pattern: '<script>'}
      - name: item
        logicalType: integer
        relationships: [{to: items.id}]
      - name: mail
        logicalType: string
        classification: restricted
        description: |
          two
          lines
      - name: deep
        logicalType: object
        properties: [{name: a, logicalType: array, items: {logicalType: date}}]
  - name: items
    logicalType: object
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
"""


class Tags(HTMLParser):
    """Every element of a page, with its attributes, and every word outside them."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a" and "href" in attributes]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "hostile.yaml").write_text(HOSTILE)
    assert main(["contract", "docs", str(tmp_path), "-o", str(tmp_path / "docs")]) == 0
    return tmp_path / "docs"


def test_an_index_and_a_page_for_each_dataset_in_both_forms(pages: Path) -> None:
    found = sorted(str(path.relative_to(pages)) for path in pages.rglob("*.*"))
    assert found == [
        "datasets/items.html",
        "datasets/items.md",
        "datasets/orders.html",
        "datasets/orders.md",
        "index.html",
        "index.md",
    ]


@pytest.mark.parametrize("name", ["index.html", "datasets/orders.html"])
def test_what_a_contract_says_never_becomes_an_element(pages: Path, name: str) -> None:
    page = Tags(pages / name)
    assert not {"script", "img", "b"} & {tag for tag, _ in page.elements}
    assert not [attributes for _, attributes in page.elements if any(key.startswith("on") for key in attributes)]
    assert "<script>alert(2)</script>" in page.words


def test_pages_need_nothing_else_and_lead_only_where_readers_may_go(pages: Path) -> None:
    for path in pages.rglob("*.html"):
        page = Tags(path)
        assert not {"link", "iframe", "object"} & {tag for tag, _ in page.elements}
        assert not [attributes for _, attributes in page.elements if "src" in attributes]
        for link in page.links():
            assert link == "https://example.com/help" or (path.parent / link).is_file(), link
    assert "javascript:alert(1)" in Tags(pages / "datasets" / "orders.html").words


def test_a_page_says_what_the_contract_says(pages: Path) -> None:
    words = " ".join(Tags(pages / "datasets" / "orders.html").words.split())
    for expected in (
        "struct<a:array<date>>",
        'row("a" array(date))',
        "restricted: redacted",
        "rows > 3",
        "the run fails",
        "RowCount > 3",
        "itemitems (id)",
        "analytics zone",
    ):
        assert expected in words
    assert "analytics zone" not in Tags(pages / "datasets" / "items.html").words


def test_markdown_tables_keep_their_shape(pages: Path) -> None:
    lines = (pages / "datasets" / "orders.md").read_text().splitlines()
    tables = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    assert {line.count("|") for line in tables} == {5, 7}
    assert "| mail | string | restricted; redacted; two lines |  |" in lines
    assert "a \\| b \\[c\\](d) \\<script\\>alert(2)\\</script\\>" in lines
    assert "```mermaid" in lines


def test_the_same_contracts_give_the_same_pages(pages: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["contract", "docs", str(tmp_path / "hostile.yaml"), "-o", str(again)]) == 0
    for path in pages.rglob("*.*"):
        assert path.read_text() == (again / path.relative_to(pages)).read_text()


def test_two_datasets_of_one_name_have_pages_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HOSTILE)
    (tmp_path / "b.yaml").write_text(HOSTILE.replace("""id: '"><script>alert(1)</script>'""", "id: other"))
    assert main(["contract", "docs", str(tmp_path), "-o", str(tmp_path / "docs")]) == 0
    assert (tmp_path / "docs" / "datasets" / "orders-2.html").is_file()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hostile.yaml").write_text(HOSTILE)
    assert main(["contract", "docs", str(tmp_path), "-o", str(tmp_path / "hostile.yaml" / "docs")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_without_jinja_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hostile.yaml").write_text(HOSTILE)
    for name in [name for name in sys.modules if name.startswith("lake_blueprints.cli.dictionary")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["contract", "docs", str(tmp_path), "-o", str(tmp_path / "docs")]) == 2
    assert "pip install 'lake-blueprints[docs]'" in capsys.readouterr().err
