from __future__ import annotations

from pathlib import Path

import pytest

from made_data import tiny, tiny_data
from vasot.datasets.synthetic import write_dataset
from vasot.errors import DataError, SettingsError
from vasot.training.corrections import Stretch, save_actions, save_segments
from vasot.training.folder import RunFolder
from vasot.training.model import fit, load
from vasot.training.names import write_names
from vasot.training.results import read_results


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_dataset(tiny_data(), folder / "data")
    fit(folder / "data", output=folder / "run", **tiny())
    return folder / "run"


def test_a_runs_own_recordings_come_with_truth_names_and_corrections(run: Path) -> None:
    first = read_results(run).recordings[0]
    assert first.predicted is not None
    n_frames, n_actions = first.predicted.labels.size, first.predicted.n_actions
    place = RunFolder(run)
    write_names(place.names, {0: "pour"})
    save_segments(place.corrections, first.name, [Stretch(0, n_frames, 1)], n_frames, n_actions)
    save_actions(place.corrections, {}, {1: "#123456"}, n_actions)
    try:
        results = read_results(run)
        changed = results.recording(first.name)
        assert changed.segmentation is not None
        assert changed.predicted is not None
        assert (changed.segmentation.labels == 1).all()
        assert (changed.predicted.labels == first.predicted.labels).all()
        assert changed.segmentation.action_names[0] == "pour"
        assert results.corrections.colours == {1: "#123456"}
        assert results.dataset is not None
        assert results.dataset.recordings[0].labels is not None
        assert [each.name for each in results.recordings] == list(load(run).config.recordings)
        plain = read_results(run, corrected=False).recording(first.name)
        assert plain.segmentation is not None
        assert (plain.segmentation.labels == first.predicted.labels).all()
        # An input that has the name of a corrected recording is another recording.
        given = read_results(run, [run.parent / "data" / "features" / f"{first.name}.npy"])
        assert given.dataset is None
        assert given.recordings[0].segmentation is not None
        assert (given.recordings[0].segmentation.labels == first.predicted.labels).all()
    finally:
        place.names.unlink()
        for file in (*place.corrections.rglob("*.json"), *place.corrections.rglob("*.toml")):
            file.unlink()


def test_an_unknown_recording_is_named_with_the_nearest(run: Path) -> None:
    results = read_results(run)
    name = results.recordings[0].name
    assert results.recording(name).video is None
    with pytest.raises(DataError, match=f"no recording '{name}x'; did you mean '{name}'"):
        results.recording(f"{name}x")


def test_recordings_that_were_moved_away_are_asked_for(run: Path) -> None:
    data = run.parent / "data"
    data.rename(run.parent / "elsewhere")
    try:
        with pytest.raises(DataError, match="no longer in"):
            read_results(run)
    finally:
        (run.parent / "elsewhere").rename(data)


def test_a_method_that_only_aligns_has_no_segments_and_says_so() -> None:
    model = fit(tiny_data().dataset, method="vaot", **tiny("vaot"))
    with pytest.raises(SettingsError, match="'vaot' cannot segment"):
        model.require("align", "segment")
