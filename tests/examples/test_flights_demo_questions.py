"""The questions are sound SQL of their engines, and checked by SQL that finds a wrong answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlglot

from examples.demo.errors import DemoError
from examples.demo.queries import Answer
from examples.flights import questions, verify

ENGINES = {"athena": 5, "redshift": 2}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verify")


@pytest.fixture(scope="module")
def answers(workdir: Path) -> dict[str, Answer]:
    """The right answers for January, as DuckDB computes them."""
    with duckdb.connect() as connection:
        verify._load(connection, 1, workdir)
        found = {}
        for file in sorted((questions.FOLDER / "check").glob("*.sql")):
            result = connection.execute(file.read_text())
            names = tuple(column[0] for column in result.description)
            found[file.stem] = Answer(names, tuple(result.fetchall()))
    return found


@pytest.mark.parametrize(("engine", "count"), ENGINES.items())
def test_there_are_as_many_questions_as_promised(engine: str, count: int) -> None:
    assert len(questions.load(engine)) == count


@pytest.mark.parametrize("engine", ENGINES)
def test_every_question_parses_in_its_dialect(engine: str) -> None:
    for question in questions.load(engine):
        for sql in (question.on_curated(curated="curated_db", raw="raw_db"), question.on_raw(raw="raw_db")):
            sqlglot.parse_one(sql, dialect=engine)
            assert "$" not in sql


def test_a_question_is_asked_of_the_database_it_is_meant_for() -> None:
    first, *_ = questions.load("athena")
    assert 'FROM "curated_db".flights' in first.on_curated(curated="curated_db", raw="raw_db")
    assert 'FROM "raw_db".airlines' in first.on_curated(curated="curated_db", raw="raw_db")
    assert 'FROM "raw_db".flights' in first.on_raw(raw="raw_db")


def test_a_question_that_needs_joined_columns_has_its_own_sql_on_raw() -> None:
    weather = next(question for question in questions.load("athena") if question.name == "4_weather")
    assert 'LEFT JOIN "raw_db".weather' in weather.on_raw(raw="raw_db")
    assert "JOIN" not in weather.on_curated(curated="curated_db", raw="raw_db")


def test_charts_name_columns_of_the_answer() -> None:
    for engine in ENGINES:
        for question in questions.load(engine):
            assert question.chart
            named = {question.chart.label, question.chart.value, question.chart.line} - {None}
            tree = sqlglot.parse_one(question.on_curated(curated="c", raw="r"), dialect=engine)
            assert isinstance(tree, sqlglot.exp.Select)
            assert named <= set(tree.named_selects)


def test_right_answers_pass(answers: dict[str, Answer], workdir: Path) -> None:
    cells = sum(len(answer.rows) * len(answer.columns) for answer in answers.values())
    assert verify.check(answers, 1, workdir) == cells


def test_january_is_as_known(answers: dict[str, Answer]) -> None:
    # 521 flights of January have no departure time: `grep '^2013,1,' flights.csv | awk -F, '$4=="NA"' | wc -l`.
    assert sum(answers["5_cancellations"].column("lost")) == 521
    assert sum(answers["4_weather"].column("count_star()")) == 27_004


@pytest.mark.parametrize("name", ["1_airlines", "5_cancellations"])
def test_one_wrong_cell_is_found(answers: dict[str, Answer], workdir: Path, name: str) -> None:
    answer = answers[name]
    *front, number = answer.rows[-1]
    assert isinstance(number, float)
    wrong = {name: replace(answer, rows=(*answer.rows[:-1], (*front, number + 1e-9)))}
    with pytest.raises(DemoError, match=f"{name}: row {len(answer.rows)}, .*: the lake says .*, DuckDB "):
        verify.check(wrong, 1, workdir)


def test_a_missing_row_is_found(answers: dict[str, Answer], workdir: Path) -> None:
    hours = answers["2_hours"]
    with pytest.raises(DemoError, match="2_hours: the lake answers with 18 rows, DuckDB with 19"):
        verify.check({"2_hours": replace(hours, rows=hours.rows[1:])}, 1, workdir)


def test_the_last_digits_of_a_sum_may_differ(answers: dict[str, Answer], workdir: Path) -> None:
    days = answers["5_cancellations"]
    means = [mean * (1 + 1e-15) for mean in days.column(days.columns[-1])]
    nudged = tuple((*row[:-1], mean) for row, mean in zip(days.rows, means, strict=True))
    verify.check({"5_cancellations": replace(days, rows=nudged)}, 1, workdir)


def test_answers_from_other_months_are_wrong(answers: dict[str, Answer], workdir: Path) -> None:
    with pytest.raises(DemoError, match="1_airlines: "):
        verify.check({"1_airlines": answers["1_airlines"]}, 2, workdir)
