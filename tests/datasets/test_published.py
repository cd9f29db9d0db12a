"""Every published data set of the registry, on a miniature copy of its layout."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from made_published import MINIATURES, N_FRAMES, pouring_record, write_features, write_records
from made_videos import number_of
from vasot.datasets.base import Dataset
from vasot.datasets.published import Published
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import find_corpus, read_data, resolve_features
from vasot.datasets.registry import DATASETS
from vasot.errors import DataError, SettingsError
from vasot.features.store import FeatureStore
from vasot.methods.presets import preset_names
from vasot.video.reader import FrameReader

EVERY = sorted(DATASETS)
K_OF_THE_PAPER = {
    "50salads-eval": {"all": 12},
    "50salads-mid": {"all": 19},
    "breakfast": {
        "coffee": 7,
        "cereals": 5,
        "tea": 7,
        "milk": 5,
        "juice": 8,
        "sandwich": 9,
        "scrambledegg": 12,
        "friedegg": 9,
        "salat": 8,
        "pancake": 14,
    },
    "desktop-assembly": {"all": 22},
    "youtube-instructions": {"changing_tire": 11, "coffee": 10, "cpr": 7, "jump_car": 12, "repot": 8},
}


def read(folder: Path, name: str, activity: str = "", subset: str = "", trim: bool = False) -> Dataset:
    store = FeatureStore(folder.parent / "store")
    return read_data(folder, Reading(dataset=name, activity=activity, subset=subset, trim=trim, store=store))


def names_of(dataset: Dataset) -> list[str]:
    return [track.name for track in dataset.tracks]


def labels_of(dataset: Dataset, index: int = 0) -> list[str]:
    labels = dataset.recordings[index].labels
    assert labels is not None
    return [dataset.class_names[label] for label in labels]


@pytest.mark.parametrize("name", EVERY)
def test_every_data_set_says_what_it_is(name: str) -> None:
    published: Published = DATASETS[name]
    assert published.name == name
    assert published.title
    assert published.page
    assert published.licence
    assert published.layout
    assert published.split
    assert published.activities
    assert all(count >= 2 for count in published.activities.values())
    assert published.preset is None or published.preset in preset_names()


@pytest.mark.parametrize("name", sorted(K_OF_THE_PAPER))
def test_numbers_of_actions_are_those_of_the_paper(name: str) -> None:
    assert dict(DATASETS[name].activities) == K_OF_THE_PAPER[name]


@pytest.mark.parametrize("name", EVERY)
def test_every_data_set_of_the_paper_has_its_preset(name: str) -> None:
    assert DATASETS[name].preset == (None if name == "gtea" else name)


def test_every_data_set_has_a_miniature() -> None:
    assert sorted(MINIATURES) == EVERY


@pytest.mark.parametrize("name", EVERY)
def test_every_miniature_is_read_with_labels_activities_and_nothing_missing(name: str, tmp_path: Path) -> None:
    published: Published = DATASETS[name]
    folder = MINIATURES[name](tmp_path / "data")
    assert [part.place for part in published.inventory(folder) if part.missing] == []
    dataset = read(folder, name)
    present = published.present(folder)
    assert {track.activity for track in dataset.tracks} == set(present)
    assert any(recording.labels is not None for recording in dataset.recordings)
    assert len(set(dataset.class_names)) == len(dataset.class_names) > 1
    for activity in present:
        only = read(folder, name, activity)
        assert names_of(only) == [track.name for track in dataset.tracks if track.activity == activity]


@pytest.mark.parametrize("name", EVERY)
def test_subsets_of_a_fold_are_disjoint_and_together_everything(name: str, tmp_path: Path) -> None:
    folder = MINIATURES[name](tmp_path / "data")
    subsets = DATASETS[name].subsets
    everything = names_of(read(folder, name))
    for train, test in zip(subsets[::2], subsets[1::2], strict=True):
        parts = []
        for subset in (train, test):
            try:
                parts += names_of(read(folder, name, subset=subset))
            except DataError as error:
                assert subset in str(error)  # noqa: PT017
        assert sorted(parts) == everything


@pytest.mark.parametrize("name", EVERY)
def test_a_missing_part_is_named_and_a_required_one_refused(name: str, tmp_path: Path) -> None:
    published: Published = DATASETS[name]
    for number, part in enumerate(published.inventory(MINIATURES[name](tmp_path / "whole"))):
        folder = MINIATURES[name](tmp_path / str(number))
        for place in [*folder.glob(part.place.split("/")[0])] or [*folder.glob(Path(part.place).name)]:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        found = {each.place: each for each in published.inventory(folder)}[part.place]
        assert found.missing
        assert found.complaint is not None
        assert part.what in found.complaint
        if found.required:
            with pytest.raises(DataError, match=r"not .* as published"):
                read(folder, name)
        else:
            assert read(folder, name).recordings


@pytest.mark.parametrize("name", EVERY)
def test_unknown_parts_and_folders_are_refused(name: str, tmp_path: Path) -> None:
    folder = MINIATURES[name](tmp_path / "data")
    with pytest.raises(SettingsError, match="has no activity 'dance'"):
        read(folder, name, activity="dance")
    with pytest.raises(SettingsError, match="has no subset 'trial'"):
        read(folder, name, subset="trial")
    with pytest.raises(DataError, match="there is no such folder"):
        read(tmp_path / "nowhere", name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=f"vasot check .* --dataset {name}"):
        read(tmp_path / "empty", name)


def test_breakfast_is_split_by_person(tmp_path: Path) -> None:
    folder = MINIATURES["breakfast"](tmp_path / "data")
    assert names_of(read(folder, "breakfast", subset="s1.test")) == ["P03_cam01_P03_coffee", "P03_cam01_P03_tea"]
    assert names_of(read(folder, "breakfast", "tea", "s4.test")) == ["P54_stereo01_P54_tea"]
    assert names_of(read(folder, "breakfast", "coffee", "s2.train")) == ["P03_cam01_P03_coffee"]


@pytest.mark.parametrize("name", EVERY)
def test_a_whole_data_set_says_how_its_authors_divide_it(name: str, tmp_path: Path) -> None:
    folder = MINIATURES[name](tmp_path / "data")
    dataset = read(folder, name)
    subsets = DATASETS[name].subsets
    divided = [
        [names_of(read(folder, name, subset=subset)) for subset in (fit, score)]
        for fit, score in zip(subsets[::2], subsets[1::2], strict=True)
        if _is_there(folder, name, fit) and _is_there(folder, name, score)
    ]
    whole = [[sorted(side) for side in split] for split in dataset.splits if all(split)]
    assert whole == divided
    assert bool(subsets) == bool(dataset.splits)
    if divided:
        assert read(folder, name, subset=subsets[0]).splits == ()


def _is_there(folder: Path, name: str, subset: str) -> bool:
    try:
        read(folder, name, subset=subset)
    except DataError:
        return False
    return True


def test_a_published_list_of_a_fold_comes_before_the_names(tmp_path: Path) -> None:
    folder = MINIATURES["breakfast"](tmp_path / "data")
    (folder / "splits").mkdir()
    (folder / "splits" / "test.split1.bundle").write_text("P54_stereo01_P54_tea.txt\n")
    assert names_of(read(folder, "breakfast", subset="s1.test")) == ["P54_stereo01_P54_tea"]


def test_a_fold_that_only_lists_know_needs_its_list(tmp_path: Path) -> None:
    folder = MINIATURES["50salads-mid"](tmp_path / "data")
    (folder / "splits" / "test.split3.bundle").unlink()
    with pytest.raises(DataError, match=r"test\.split3\.bundle: is missing"):
        read(folder, "50salads-mid", subset="s3.train")
    assert read(folder, "50salads-mid").splits == ()


def test_the_eval_level_of_50_salads_merges_classes_of_one_id(tmp_path: Path) -> None:
    dataset = read(MINIATURES["50salads-eval"](tmp_path / "data"), "50salads-eval")
    assert dataset.class_names == ("action_start", "cut", "add", "action_end")
    quarter = N_FRAMES // 6
    assert labels_of(dataset) == (
        ["action_start"] * quarter + ["cut"] * 2 * quarter + ["add"] * 2 * quarter + ["action_end"] * quarter
    )


def test_background_of_youtube_instructions_has_an_index_of_its_own(tmp_path: Path) -> None:
    dataset = read(MINIATURES["youtube-instructions"](tmp_path / "data"), "youtube-instructions", "cpr")
    assert dataset.class_names == ("bg", "jack_up", "give_breath")
    assert names_of(dataset) == ["cpr_0001", "cpr_0002"]
    assert dataset.warnings == ()


def test_arrays_that_lie_across_are_turned(tmp_path: Path) -> None:
    dataset = read(MINIATURES["gtea"](tmp_path / "data"), "gtea")
    assert {track.features.shape for track in dataset.tracks} == {(N_FRAMES, 6)}
    upright = write_features(tmp_path / "upright", ["S1_Tea_C1"], ["take", "pour"])
    np.testing.assert_array_equal(dataset.tracks[0].features, read(upright, "gtea").tracks[0].features)


def test_pictures_become_a_video_of_the_same_frames_once(tmp_path: Path) -> None:
    folder = MINIATURES["penn-action"](tmp_path / "data")
    reading = Reading(dataset="penn-action", activity="squat", store=FeatureStore(tmp_path / "store"))
    corpus = find_corpus(folder, reading)
    assert [each.clip.name for each in corpus.clips] == ["0001_squat", "0002_squat", "0005_squat"]
    images = np.concatenate([chunk.images for chunk in FrameReader(corpus.clips[0].clip.video, fps=25.0)])
    assert [number_of(image) for image in images] == list(range(10, 10 + N_FRAMES))
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "store").rglob("*.mkv")}
    assert len(written) == 3
    find_corpus(folder, reading)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "store").rglob("*.mkv")} == written


def test_penn_action_spreads_labels_and_tells_what_has_none(tmp_path: Path) -> None:
    folder = MINIATURES["penn-action"](tmp_path / "data")
    bowl = read(folder, "penn-action", "bowl")
    assert names_of(bowl) == ["0003_bowl", "0004_bowl"]
    assert "1 recording with another number of labels than frames" in bowl.warnings[0]
    squat = read(folder, "penn-action", "squat")
    assert "1 of 3 recordings without ground truth: 0005_squat" in squat.warnings
    assert names_of(read(folder, "penn-action", "squat", "val")) == ["0002_squat"]


def test_ikea_reads_segments_of_the_drawer_up_to_the_last_frame(tmp_path: Path) -> None:
    folder = MINIATURES["ikea-asm"](tmp_path / "data")
    corpus = find_corpus(folder, Reading(dataset="ikea-asm", store=FeatureStore(tmp_path / "store")))
    assert [each.clip.name for each in corpus.clips] == ["0001_black_floor", "0002_white_table"]
    short, long = (each.truth.names for each in corpus.clips if each.truth is not None)
    assert short == ("NA",) * 2 + ("pick up panel",) * 7 + ("align panel",) * (N_FRAMES - 10) + ("NA",)
    assert long == (*short, *["NA"] * 4)
    assert names_of(read(folder, "ikea-asm", subset="val")) == ["0002_white_table"]


def test_pouring_reads_frames_and_phases_of_its_records(tmp_path: Path) -> None:
    folder = MINIATURES["pouring"](tmp_path / "data")
    reading = Reading(dataset="pouring", subset="val", store=FeatureStore(tmp_path / "store"))
    (only,) = find_corpus(folder, reading).clips
    images = np.concatenate([chunk.images for chunk in FrameReader(only.clip.video, fps=25.0)])
    assert [number_of(image) for image in images] == list(range(20, 20 + N_FRAMES))
    assert only.truth is not None
    assert only.truth.names == tuple(str(number * 5 // N_FRAMES) for number in range(N_FRAMES))


@pytest.mark.parametrize("kept", [5, 40, 700])
def test_a_record_file_that_is_cut_off_is_refused(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "data" / "pouring_val-0-of-1.tfrecord"
    write_records(file, [pouring_record("pour", 0)])
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match="cut off"):
        read(tmp_path / "data", "pouring")


def test_a_record_file_of_something_else_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "data" / "pouring_val-0-of-1.tfrecord", [b"\x0b\x0c not a message"])
    with pytest.raises(DataError, match="holds no sequence examples"):
        read(tmp_path / "data", "pouring")


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("exploded"),)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("pouring", "train.pkl"),
        ("penn-action", "val.pkl"),
        ("ikea-asm", "npyrecords/kallax_shelf_drawer_train.npy"),
    ],
)
def test_pickles_are_never_opened_and_the_way_round_is_told(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(DataError, match=r"pickles, which vasot never reads .*groundTruth/NAME\.txt"):
        read(tmp_path / "data", name)
    assert not (tmp_path / "exploded").exists()


def test_a_data_set_of_arrays_refuses_features_of_videos() -> None:
    assert resolve_features("anywhere", "auto", "breakfast") == "precomputed"
    assert resolve_features("anywhere", "auto", "pouring") == "motion"
    with pytest.raises(SettingsError, match="published as arrays"):
        resolve_features("anywhere", "motion", "breakfast")


def test_a_part_without_a_data_set_is_refused() -> None:
    with pytest.raises(SettingsError, match="name the data set"):
        Reading(activity="coffee")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "folder", "count", "classes"),
    [("breakfast", "breakfast_coffee", 5, 48), ("gtea", "gtea", 7, 11), ("50salads-mid", "salads50_mid", 20, 18)],
)
def test_real_recordings_are_read_in_their_layout(
    name: str, folder: str, count: int, classes: int, data_root: Path, tmp_path: Path
) -> None:
    dataset = read_data(data_root / folder, Reading(dataset=name, store=FeatureStore(tmp_path)))
    assert len(dataset.recordings) == count
    assert len(dataset.class_names) == classes
    assert dataset.has_labels
    (arrays,) = [part for part in DATASETS[name].inventory(data_root / folder) if part.place == "features/"]
    assert arrays.found == count
    assert arrays.complaint is not None
