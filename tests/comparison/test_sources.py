from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_published import MINIATURES
from tiny_experiments import tiny_source
from vasot.comparison.measures import measure_trivial
from vasot.comparison.sources import SOURCES
from vasot.datasets.base import Dataset, Recording
from vasot.datasets.registry import DATASETS
from vasot.errors import DataError
from vasot.types import Track


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", ["breakfast", "youtube-instructions", "50salads-eval", "pouring"])
def test_a_set_of_the_paper_is_read_as_its_authors_publish_it(name: str, tmp_path: Path) -> None:
    MINIATURES[name](tmp_path / name)
    source = SOURCES[name]
    dataset = source.load(tmp_path)
    activities = {track.activity for track in dataset.tracks}
    assert {each: source.actions_of(each) for each in activities} == {
        each: DATASETS[name].activities[each] for each in activities
    }
    assert source.excluded_of(dataset) == (("bg",) if name == "youtube-instructions" else ())
    assert len(dataset.splits) == {"breakfast": 4, "50salads-eval": 5, "pouring": 1}.get(name, 0)
    assert measure_trivial(dataset, source, "equal_parts", 0).scores["mof"] is not None


def test_recordings_without_labels_are_left_out_and_nothing_else_is_refused(tmp_path: Path) -> None:
    def recording(name: str, labelled: bool) -> Recording:
        labels = np.repeat([0, 1], 3)
        return Recording(Track(name, np.ones((6, 2), np.float32)), labels if labelled else None)

    some = Dataset("some", (recording("a", True), recording("b", False)), ("background", "step"))
    assert [track.name for track in tiny_source(some).load(tmp_path).tracks] == ["a"]
    none = Dataset("none", (recording("b", False),), ("background", "step"))
    with pytest.raises(DataError, match="recordings without labels cannot be compared on"):
        tiny_source(none).load(tmp_path)
