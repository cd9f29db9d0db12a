from __future__ import annotations

import csv
from pathlib import Path

import pytest

from made_choices import fits
from vasot.export.tables import write_actions_csv
from vasot.metrics.stability import CountFits, choose_count


def test_the_table_holds_every_number_of_actions(tmp_path: Path) -> None:
    choice = choose_count([fits(3, 0.5, rate_hz=10.0), CountFits(5, fits(5, 0.1).seeds)], ["a"] * 6)
    write_actions_csv(choice, tmp_path / "actions.csv")
    with (tmp_path / "actions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["actions"] for row in rows] == ["3", "5"]
    assert [row["recommended"] for row in rows] == ["0", "1"]
    for row, known in zip(rows, choice.rows, strict=True):
        for name in ("score", "low", "high", "wins", "segments_per_recording", "median_frames", "usual_successor"):
            assert float(row[name]) == pytest.approx(getattr(known, name), abs=1e-4)
        assert float(row["seeds"]) - float(row["seeds_by_time"]) == pytest.approx(known.seeds.gain, abs=2e-4)
    assert rows[0]["halves"] != ""
    assert (rows[1]["halves"], rows[1]["halves_by_time"], rows[1]["median_seconds"]) == ("", "", "")
    assert float(rows[0]["median_seconds"]) == pytest.approx(float(rows[0]["median_frames"]) / 10)
