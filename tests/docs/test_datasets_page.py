from __future__ import annotations

from pathlib import Path

import pytest

from vasot.datasets.registry import DATASETS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "datasets.md"


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_the_page_says_of_every_data_set_what_the_reader_says(name: str) -> None:
    published = DATASETS[name]
    section = PAGE.read_text(encoding="utf-8").split(f"## {published.title}\n")[1].split("\n## ")[0]
    assert f"`--dataset {name}`" in section
    assert published.layout in section
    counts = ", ".join(f"{activity} {count}" for activity, count in published.activities.items())
    known = {
        "offered at": published.page,
        "licence": published.licence,
        "K": counts.removeprefix("all "),
        "split": published.split,
        "preset": f"`{published.preset}`" if published.preset else "none",
    }
    for what, text in known.items():
        assert f"| {what} | {text} |" in section
