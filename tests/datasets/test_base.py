from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vasot.datasets.base import Dataset, Recording
from vasot.errors import DataError
from vasot.types import Track


def recording(name: str, n_features: int = 3, labelled: bool = False, source: str | None = None) -> Recording:
    features = np.ones((4, n_features), dtype=np.float32)
    track = Track(name, features, source=None if source is None else Path(source))
    return Recording(track, np.zeros(4, dtype=np.int64) if labelled else None)


def test_a_data_set_tells_its_tracks_width_and_whether_all_are_labelled() -> None:
    dataset = Dataset("d", (recording("a", labelled=True), recording("b", labelled=True)), ("walk",))
    assert [track.name for track in dataset.tracks] == ["a", "b"]
    assert dataset.n_features == 3
    assert dataset.has_labels
    assert not Dataset("d", (recording("a", labelled=True), recording("b")), ("walk",)).has_labels


def test_a_data_set_without_recordings_is_refused() -> None:
    with pytest.raises(DataError, match="'empty' holds no recordings"):
        Dataset("empty", ())


def test_two_recordings_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="two recordings are named 'a'; rename one"):
        Dataset("d", (recording("a"), recording("b"), recording("a")))


def test_different_widths_name_both_files() -> None:
    narrow, wide = recording("a", 3, source="x/a.npy"), recording("b", 5, source="x/b.npy")
    with pytest.raises(DataError, match=r"a\.npy has 3, .*b\.npy has 5; extract both with the same settings"):
        Dataset("d", (narrow, wide))


def test_different_widths_of_made_recordings_name_both() -> None:
    with pytest.raises(DataError, match="a has 3, b has 5"):
        Dataset("d", (recording("a", 3), recording("b", 5)))


def test_labels_of_another_length_are_refused_with_both_numbers() -> None:
    track = Track("a", np.ones((4, 3), dtype=np.float32))
    with pytest.raises(DataError, match="'a': 4 frames of features but 5 labels"):
        Recording(track, np.zeros(5, dtype=np.int64))
