"""Files of producers through `lake contract infer`, `check` and the shipped curation: every row is curated."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake_blueprints.contracts import Contract
from lake_blueprints.processing.curation import Curation
from template_checks.command.main import main
from tests.unit.processing.curation.conftest import Lake

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
FILES: dict[str, str] = {
    "na.csv": "id,temp,seen\n1,3.5,2024-01-01\n2,NA,NA\n3,4.5,2024-01-03\n",
    "big.csv": "id,n,d,f\n1,9223372036854775807,12345678901234567890.12,0.1\n2,9223372036854775808,1.5,0.2\n",
    "codes.csv": "zip,yn,tf,money,hex,sci\n01067,Y,true,$5.00,0x1F,1e5\n10115,N,FALSE,$6.00,0x2F,2e5\n",
    "prices.csv": "id,price\n1,1.01\n2,22.20\n",
    "dates.csv": "id,a,b,c\n1,01/02/2024,13.02.2024,2024-01-01T10:00:00Z\n"
    "2,03/04/2024,14.02.2024,2024-01-02 11:30:00.5\n",
    "returns.csv": "id,name\r\n1,a\r\n2,b\n3,c\r\n",
    "quotes.csv": 'id;note\n1;"say ""hi"", ok"\n2;\n3;"a;b"\n',
    "spaces.csv": " id , name \n 1 , a \n 2 , b \n",
    "few.csv": "id\n" + "".join(f"{n}\n" for n in range(30)) + "y\n",
    "mixed.jsonl": '{"id": 1, "v": 1}\n{"id": "2", "v": "x"}\n{"id": 3, "v": {"k": 1}}\n',
    "map.jsonl": "".join(f'{{"id": {n}, "m": {{"k{n}": {n}, "l{n}": 1}}}}\n' for n in range(60)),
    "nested.jsonl": '{"Id": 1, "who": {"Name": "a", "tags": ["x"]}, "at": "2024-01-01T10:00:00Z", "p": 1.25}\n'
    '{"Id": 2, "who": null, "at": "2024-01-01T10:00:01+02:00", "p": 2}\n',
    "long.jsonl": '{"id": 9223372036854775808, "s": "007", "d": "2024-01-01", "e": 1e3}\n'
    '{"id": 1, "s": "8", "d": null, "e": 2}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_curated(lake: Lake, name: str, tmp_path: Path) -> None:
    path, contract = tmp_path / name, tmp_path / "contract.yaml"
    path.write_bytes(FILES[name].encode())
    rows = _curated(lake, path, contract)
    records = [line for line in FILES[name].splitlines() if line]
    assert rows == len(records) - name.endswith(".csv")


def test_parquet_is_curated_as_well(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    duckdb.sql(
        "select 1::tinyint as a, 1::ubigint as b, 1::float as c, 1.5::decimal(9,2) as d, true as e,"
        " date '2020-01-01' as f, timestamptz '2020-01-01 00:00:00+01' as g, 'x'::blob as h, map {'k': 1} as i,"
        " {'x': [1]} as j, 1::uinteger as k"
    ).write_parquet(str(path))
    assert _curated(lake, path, tmp_path / "contract.yaml") == 1


@pytest.mark.parametrize(
    "value",
    [
        pa.array([1, 2], pa.timestamp("ns")),
        pa.array([1, None], pa.time64("us")),
        pa.array([Decimal("1.5"), None], pa.decimal256(60, 20)),
    ],
    ids=["nanoseconds", "time", "digits"],
)
def test_parquet_that_spark_alone_does_not_read_is_curated(lake: Lake, value: pa.Array, tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "x": value}), path)
    assert _curated(lake, path, tmp_path / "contract.yaml") == 2


def test_parquet_that_curation_refuses_is_refused_by_infer_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.parquet"
    pq.write_table(pa.table({"id": ["a"], "x": pa.array([np.float16(1.5)])}), path)
    assert main(["contract", "infer", str(path)]) == 2
    assert "column 'x' is of a type that Spark cannot read" in capsys.readouterr().err


def _curated(lake: Lake, path: Path, contract: Path) -> int:
    """Return how many rows of a file are curated by the contract that is drawn from it; none is refused."""
    assert main(["contract", "infer", str(path), "-o", str(contract)]) == 0
    assert main(["contract", "check", str(contract)]) == 0
    (dataset,) = Contract.from_file(contract).datasets
    lake.plan = Curation().plan(dataset)
    lake.put(path.name, directly=path.read_bytes())
    report = lake.run()
    assert lake.refused() == []
    assert report["quarantined"] == 0
    return len(lake.rows())
