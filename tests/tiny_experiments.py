"""Experiments on tiny made recordings, so that a measurement takes a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from made_data import TINY, tiny_data
from vasot.comparison.experiment import Experiment
from vasot.comparison.sources import SOURCES, Source
from vasot.datasets.base import Dataset, Recording

QUICK = {**TINY, "epochs": 1}


def tiny_source(dataset: Dataset | None = None, folder: str | None = None, actions: Any = 3) -> Source:
    """A source that needs no folder; its background is left out."""
    made = dataset or tiny_data().dataset
    return Source("Tiny data", folder, actions, exclude=("background",), read=lambda _: made)


def two_activities() -> Dataset:
    """Four recordings, two of each activity."""
    made = tiny_data().dataset
    recordings = [
        Recording(replace(each.track, activity="tea" if index < 2 else "coffee"), each.labels)
        for index, each in enumerate(made.recordings)
    ]
    return Dataset("two", tuple(recordings), made.class_names)


def use_tiny_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``made`` be tiny, and ``gtea`` a set that lies in a folder."""
    monkeypatch.setitem(SOURCES, "made", tiny_source())
    monkeypatch.setitem(SOURCES, "gtea", tiny_source(folder="gtea"))


def row(title: str = "a row", **changes: Any) -> Experiment:
    """One row on the tiny data."""
    settings = {**QUICK, **changes.pop("settings", {})}
    values = {"table": "A table", "title": title, "method": "vasot", "data": ("made",), "metrics": ("mof", "tau")}
    return Experiment.of({**values, "settings": settings, **changes})


EXPERIMENT_TEXT = f"""\
table = "A table"
title = "vasot"
method = "vasot"
data = ["made", "gtea"]
metrics = ["mof"]

[settings]
epochs = 1
frames_per_clip = {TINY["frames_per_clip"]}
radius = {TINY["radius"]}
hidden_sizes = [16]
embedding_size = 8
starts = 1
start_rounds = 0

[paper.made]
mof = 12.3
"""


def write_experiment(folder: Path, extra: str = "") -> Path:
    """A file with one row, or with ``extra`` a curve."""
    path = folder / "row.toml"
    path.write_text(EXPERIMENT_TEXT + extra, encoding="utf-8")
    return path
