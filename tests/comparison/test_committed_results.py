"""What the documentation says of the committed results, against the results themselves."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "papers" / "results"
PAGE = ROOT / "docs" / "explanation" / "ablation.md"
REAL_SETS = ("breakfast_coffee", "utkinect", "salads50_mid", "gtea", "mocap6")
TRIVIAL = ("one_label", "equal_parts", "kmeans")
METRICS = ("mof", "f1", "miou")


def mean_of_the_real_sets(method: str, metric: str) -> float:
    """With default settings, over the seeds that all sets have."""
    with (RESULTS / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == method and not row["settings"]]
    values = {name: {row["seed"]: float(row[metric]) for row in rows if row["data"] == name} for name in REAL_SETS}
    seeds = set.intersection(*(set(found) for found in values.values()))
    assert len(seeds) == (1 if method in ("one_label", "equal_parts") else 5)
    return float(np.mean([[values[name][seed] for name in REAL_SETS] for seed in seeds]))


@pytest.mark.parametrize("metric", METRICS)
def test_the_default_is_above_every_trivial_prediction_and_not_below_asot(metric: str) -> None:
    ours = mean_of_the_real_sets("vasot", metric)
    assert ours > max(mean_of_the_real_sets(method, metric) for method in TRIVIAL)
    assert ours >= mean_of_the_real_sets("asot", metric)


@pytest.mark.parametrize(
    ("title", "method"),
    [("one label", "one_label"), ("equal parts", "equal_parts"), ("K-Means", "kmeans"), ("asot", "asot"),
     ("vasot", "vasot")],
)  # fmt: skip
def test_the_page_and_the_tables_give_the_means_of_the_real_sets(title: str, method: str) -> None:
    expected = pytest.approx([mean_of_the_real_sets(method, metric) for metric in METRICS], abs=0.0501)
    page = PAGE.read_text(encoding="utf-8").replace("`", "")
    line = next(each for each in page.splitlines() if each.startswith(f"| {title} |"))
    assert [float(figure) for figure in line.split("|")[2].split("/")] == expected
    tables = (RESULTS / "comparison.md").read_text(encoding="utf-8")
    means = tables[tables.index(f"### Mean of the {len(REAL_SETS)} sets") :]
    line = next(each for each in means.splitlines() if each.startswith(f"| {title} |"))
    assert [float(cell.split()[0]) for cell in line.split("|")[3:6]] == expected


def test_every_difference_on_the_page_stands_in_the_tables() -> None:
    difference = re.compile(r"[+-]\d+\.\d \[[+-]\d+\.\d, [+-]\d+\.\d\]")
    quoted = difference.findall(PAGE.read_text(encoding="utf-8"))
    assert quoted
    tables = (RESULTS / "comparison.md").read_text(encoding="utf-8")
    assert [each for each in quoted if each not in tables] == []


@pytest.mark.parametrize("method", ["kmeans", "asot", "vasot"])
def test_the_readme_quotes_the_means_of_the_real_sets(method: str) -> None:
    quoted = " / ".join(f"{mean_of_the_real_sets(method, metric):.1f}" for metric in METRICS)
    assert quoted in (ROOT / "README.md").read_text(encoding="utf-8")
