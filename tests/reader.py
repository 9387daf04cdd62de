"""Reads the lake with another program than ours, and prints what it finds as JSON.

The Python package `deltalake` shares no query engine, no Parquet reader and no arithmetic with
atrio: it finds the files of each table in the Delta log, `pyarrow` reads them, and the sums below
are plain Python. It never writes.

    $HOME/.cache/atrio/venv-reader/bin/python tests/reader.py DATA/lake
"""

import datetime
import json
import pathlib
import sys
import urllib.parse

import pyarrow.parquet
from deltalake import DeltaTable


def rows(lake: pathlib.Path, table: str, columns: list[str]) -> list[dict]:
    """The rows of the files that the newest version of a table names, with these columns."""
    found = []
    for uri in DeltaTable(str(lake / table)).file_uris():
        path = urllib.parse.unquote(uri.removeprefix("file://"))
        # `ParquetFile` reads this one file as it lies there, without the values in its path.
        found += pyarrow.parquet.ParquetFile(path).read(columns=columns).to_pylist()
    return found


def instant(value: datetime.datetime) -> str:
    """An instant in RFC 3339, UTC, to the second."""
    return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: reader.py LAKE_FOLDER")
    lake = pathlib.Path(sys.argv[1])
    sales = rows(lake, "bookings", ["booking_key", "event", "party_size", "amount_cents"])
    confirmed = [sale for sale in sales if sale["event"] == "CONFIRMED"]
    units = rows(lake, "unit_items", ["booking_key", "event"])
    admissions = rows(lake, "admissions", ["admission_key"])
    counts = rows(lake, "counts", ["device", "period_start", "people_count"])
    periods = {f"{count['device']} {instant(count['period_start'])}" for count in counts}
    print(
        json.dumps(
            {
                "bookings_rows": len(sales),
                "confirmed": len(confirmed),
                "confirmed_distinct": len({sale["booking_key"] for sale in confirmed}),
                "party": sum(sale["party_size"] for sale in confirmed),
                "cents": sum(sale["amount_cents"] for sale in confirmed),
                "unit_items_confirmed": sum(unit["event"] == "CONFIRMED" for unit in units),
                "admissions": len(admissions),
                "admissions_distinct": len({entry["admission_key"] for entry in admissions}),
                "counts_rows": len(counts),
                "counts_distinct": len(periods),
                "people": sum(count["people_count"] for count in counts),
                "periods": sorted(periods),
            }
        )
    )


if __name__ == "__main__":
    main()
