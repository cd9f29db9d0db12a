from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from vasot.datasets.folder import read_folder, read_sources
from vasot.errors import DataError, SettingsError

Files: TypeAlias = Mapping[str, str | int | None]

LABELS = "walk\nwalk\nsit\nsit\n"


def write(root: Path, files: Files) -> Path:
    """Files by path: text as given; for an array a number that fills its 4 frames of 3; None for an empty folder."""
    for name, content in files.items():
        file = root / name
        (file if content is None else file.parent).mkdir(parents=True, exist_ok=True)
        if isinstance(content, int) and file.suffix == ".npy":
            np.save(file, np.full((4, 3), content, dtype=np.float32))
        elif content is not None:
            text = f"{content} {content} {content}\n" * 4 if isinstance(content, int) else content
            file.write_text(text, encoding="utf-8")
    return root


def test_the_layout_of_the_literature_is_read(tmp_path: Path) -> None:
    root = write(
        tmp_path / "kitchen",
        {
            "features/b.npy": 2,
            "features/a.txt": 1,
            "groundTruth/a": LABELS,
            "groundTruth/b.txt": "sit\nwalk\nwalk\nstir the pot\n\n",
            "mapping/mapping.txt": "0 sit\n1 walk\n7 stir the pot\n",
        },
    )
    dataset = read_folder(root, rate_hz=2.0)
    assert dataset.name == "kitchen"
    assert dataset.class_names == ("sit", "walk", "stir the pot")
    assert dataset.warnings == ()
    assert dataset.has_labels
    first, second = dataset.recordings
    assert (first.track.name, second.track.name) == ("a", "b")
    assert (first.track.activity, first.track.source) == ("all", root / "features" / "a.txt")
    assert (first.track.features == 1).all()
    assert (second.track.features == 2).all()
    assert first.labels is not None
    assert first.labels.tolist() == [1, 1, 0, 0]
    assert second.labels is not None
    assert second.labels.tolist() == [0, 1, 1, 2]
    assert first.track.times_seconds is not None
    assert first.track.times_seconds.tolist() == [0.0, 0.5, 1.0, 1.5]


def test_a_plain_folder_is_read_without_labels_or_rate(tmp_path: Path) -> None:
    dataset = read_folder(str(write(tmp_path, {"a.npy": 1, "b.TXT": 2, "notes.md": "x", ".hidden.npy": "x"})))
    assert [track.name for track in dataset.tracks] == ["a", "b"]
    assert dataset.class_names == ()
    assert not dataset.has_labels
    assert dataset.tracks[0].times_seconds is None
    assert dataset.warnings == ()


def test_ground_truth_beside_arrays_of_a_plain_folder_is_read(tmp_path: Path) -> None:
    # Numbers, which must not be taken for features.
    files: Files = {"a.npy": 1, "groundTruth/a.txt": "3\n3\n5\n5\n", "mapping/mapping.txt": "0 5\n1 3\n"}
    dataset = read_folder(write(tmp_path, files))
    assert [track.name for track in dataset.tracks] == ["a"]
    assert dataset.class_names == ("5", "3")
    assert dataset.warnings == ()


@pytest.mark.parametrize("prefix", ["", "features/"])
def test_the_first_sub_folder_names_the_activity(tmp_path: Path, prefix: str) -> None:
    names = {f"{prefix}coffee/cam1/P03.npy": 1, f"{prefix}tea/P04.npy": 2, f"{prefix}P05.npy": 3}
    tracks = read_folder(write(tmp_path, names)).tracks
    assert [(track.name, track.activity) for track in tracks] == [("P03", "coffee"), ("P04", "tea"), ("P05", "all")]


def test_names_that_would_be_shared_get_as_many_folders_as_tell_them_apart(tmp_path: Path) -> None:
    files: Files = {
        "tea/cam1/P03.npy": 1,
        "milk/cam1/P03.npy": 2,
        "milk/P04.npy": 3,
        "tea/P04.npy": 4,
        "P05.npy": 5,
        "P03.npy": 6,
    }
    values = {track.name: int(track.features[0, 0]) for track in read_folder(write(tmp_path, files)).tracks}
    assert values == {"P03": 6, "P05": 5, "milk__P04": 3, "milk__cam1__P03": 2, "tea__P04": 4, "tea__cam1__P03": 1}


@pytest.mark.parametrize(
    "truth", ["groundTruth/tea/P03.txt", "groundTruth/tea/P03", "groundTruth/P03", "groundTruth/P03.txt"]
)
def test_ground_truth_lies_in_the_same_sub_folders_or_in_none(tmp_path: Path, truth: str) -> None:
    dataset = read_folder(write(tmp_path, {"features/tea/P03.npy": 1, truth: LABELS}))
    assert dataset.has_labels
    assert dataset.warnings == ()


def test_recordings_of_one_file_name_never_share_a_ground_truth(tmp_path: Path) -> None:
    files: Files = {
        "features/tea/P03.npy": 1,
        "features/milk/P03.npy": 2,
        "groundTruth/P03": LABELS,
        "groundTruth/milk__P03": LABELS,
    }
    dataset = read_folder(write(tmp_path, files))
    assert [recording.labels is not None for recording in dataset.recordings] == [True, False]
    assert dataset.warnings == (
        "1 of 2 recordings with ground truth",
        "1 ground-truth file of no recording: P03",
    )


def test_names_with_dots_keep_them(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path, {"features/P03.cam1.npy": 1, "groundTruth/P03.cam1": LABELS}))
    assert dataset.tracks[0].name == "P03.cam1"
    assert dataset.has_labels


def test_without_a_mapping_classes_are_sorted(tmp_path: Path) -> None:
    files: Files = {
        "features/a.npy": 1,
        "features/b.npy": 1,
        "groundTruth/a": LABELS,
        "groundTruth/b": "sit\nsit\nclap\nclap\n",
    }
    assert read_folder(write(tmp_path, files)).class_names == ("clap", "sit", "walk")


def test_without_a_mapping_numbered_classes_are_sorted_by_number(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path, {"a.npy": 1, "groundTruth/a": "10\n9\n9\n2\n"}))
    assert dataset.class_names == ("2", "9", "10")
    labels = dataset.recordings[0].labels
    assert labels is not None
    assert labels.tolist() == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("0 walk\nsit\n", r"line 2 is 'sit'; write a whole number, a space and a class name"),
        ("0 walk\nsit 1\n", "line 2 is 'sit 1'"),
        ("0 walk\n1.5 sit\n", r"line 2 is '1\.5 sit'"),
        ("0 walk\n1\n", "line 2 is '1'"),
        ("0 walk\n\n0 sit\n", "line 3 gives id 0 to 'sit', but 'walk' has it"),
        ("0 walk\n1 walk\n", "line 2 lists 'walk' a second time"),
        ("\n", "is empty"),
    ],
)
def test_a_bad_mapping_is_named_with_its_line(tmp_path: Path, mapping: str, message: str) -> None:
    root = write(tmp_path, {"features/a.npy": 1, "groundTruth/a": LABELS, "mapping/mapping.txt": mapping})
    with pytest.raises(DataError, match=rf"mapping\.txt: {message}"):
        read_folder(root)


def test_a_class_that_the_mapping_lacks_is_named_with_line_and_nearest_name(tmp_path: Path) -> None:
    files: Files = {
        "features/a.npy": 1,
        "groundTruth/a": "walk\nwalk\nsitt\nsit\n",
        "mapping/mapping.txt": "0 walk\n1 sit\n",
    }
    with pytest.raises(
        DataError, match=r"groundTruth/a: line 3 is 'sitt', which .*mapping\.txt does not list; did you mean 'sit'"
    ):
        read_folder(write(tmp_path, files))
    write(tmp_path, {"groundTruth/a": "walk\nzzzzz\nsit\nsit\n"})
    with pytest.raises(DataError, match=r"line 2 is 'zzzzz'.*; add it there, or correct it"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [("", "is empty; write one class name per frame"), ("\n\n", "is empty"), ("walk\n\nsit\nsit\n", "line 2 is blank")],
)
def test_a_bad_ground_truth_is_named_with_its_line(tmp_path: Path, labels: str, message: str) -> None:
    with pytest.raises(DataError, match=rf"groundTruth/a: {message}"):
        read_folder(write(tmp_path, {"features/a.npy": 1, "groundTruth/a": labels}))


def test_a_ground_truth_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"features/a.npy": 1, "groundTruth": None})
    (tmp_path / "groundTruth" / "a").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DataError, match="groundTruth/a: is not a text file"):
        read_folder(tmp_path)


def test_two_ground_truths_of_one_recording_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path, {"features/a.npy": 1, "groundTruth/a": LABELS, "groundTruth/a.txt": LABELS})
    with pytest.raises(DataError, match=r"groundTruth/a and .*groundTruth/a\.txt are both ground truth of 'a'"):
        read_folder(root)


@pytest.mark.parametrize(("labels", "n_labels"), [("walk\nsit\nsit\n", 3), ("walk\nsit\nsit\nsit\nwalk\nwalk\n", 6)])
def test_lengths_that_differ_are_reported_and_cut_only_when_asked(tmp_path: Path, labels: str, n_labels: int) -> None:
    root = write(tmp_path, {"features/a.npy": 1, "groundTruth/a": labels, "features/b.npy": 2, "groundTruth/b": LABELS})
    with pytest.raises(
        DataError, match=rf"a\.npy: 4 frames of features, but .*groundTruth/a has {n_labels} labels.*--trim"
    ):
        read_folder(root)
    dataset = read_folder(root, trim=True, rate_hz=1.0)
    cut, whole = dataset.recordings
    assert cut.labels is not None
    assert cut.track.n_frames == cut.labels.size == min(4, n_labels)
    assert cut.track.times_seconds is not None
    assert cut.labels.tolist() == [1, 0, 0, 0][:n_labels]
    assert whole.track.n_frames == 4
    assert dataset.warnings == (
        f"1 recording cut to the shorter of features and labels: a (4 frames, {n_labels} labels)",
    )


def test_recordings_without_labels_and_labels_without_recordings_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {f"features/r{number}.npy": 1 for number in range(3)})
    write(
        tmp_path,
        {f"groundTruth/{name}": LABELS for name in ("r0", *(f"x{number}" for number in range(1, 8)), ".hidden")},
    )
    dataset = read_folder(tmp_path)
    assert dataset.warnings == (
        "1 of 3 recordings with ground truth",
        "7 ground-truth files of no recording: x1, x2, x3, x4, x5 and 2 more",
    )


def test_ground_truth_that_belongs_to_no_recording_leaves_all_unlabelled(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path, {"features/a.npy": 1, "groundTruth/b": LABELS, "mapping/mapping.txt": "x"}))
    assert not dataset.has_labels
    assert dataset.class_names == ()
    assert "0 of 1 recording with ground truth" in dataset.warnings


def test_an_array_of_both_kinds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.npy and .*a\.txt both stand for one recording; remove or rename one"):
        read_folder(write(tmp_path, {"features/a.npy": 1, "features/a.txt": 1}))


def test_text_without_numbers_is_passed_over_only_in_a_plain_folder(tmp_path: Path) -> None:
    files: Files = {"a.npy": 1, "b.txt": 2, "LICENSE.txt": "\nMIT License\n"}
    dataset = read_folder(write(tmp_path / "plain", files))
    assert [track.name for track in dataset.tracks] == ["a", "b"]
    assert dataset.warnings == ("1 text files that hold no table of numbers passed over: LICENSE.txt",)
    with pytest.raises(DataError, match=r"LICENSE\.txt: line 1 is blank"):
        read_folder(write(tmp_path / "strict", {f"features/{name}": content for name, content in files.items()}))


@pytest.mark.parametrize("first", ["1,2,3", "-0.5 1 x", "nan 1", ".5 1"])
def test_faulty_numbers_are_not_taken_for_prose(tmp_path: Path, first: str) -> None:
    with pytest.raises(DataError, match=r"b\.txt: "):
        read_folder(write(tmp_path, {"a.npy": 1, "b.txt": f"{first}\nx\n"}))


def test_a_missing_folder_a_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.npy": 1, "empty": None, "layout/features": None, "hidden/.a.npy": 1})
    with pytest.raises(DataError, match="none: there is no such folder"):
        read_folder(tmp_path / "none")
    with pytest.raises(DataError, match=r"a\.npy: is a file; give the folder that holds it"):
        read_folder(tmp_path / "a.npy")
    for name in ("empty", "layout", "hidden"):
        with pytest.raises(DataError, match=rf"{name}.*: the folder is empty; expected one array .*such as \.npy"):
            read_folder(tmp_path / name)


def test_a_folder_without_arrays_lists_what_it_holds(tmp_path: Path) -> None:
    root = write(tmp_path / "mixed", {"a.doc": "1", "b.doc": "1", "c.MAT": "1", "README": "x", "n.txt": "some notes"})
    with pytest.raises(DataError) as caught:
        read_folder(root)
    for part in ("among its 5 files", "2 .doc", "1 .mat", "1 (no ending)", "its .txt files hold no table of numbers"):
        assert part in str(caught.value)


def test_a_folder_of_videos_asks_for_features(tmp_path: Path) -> None:
    root = write(tmp_path, {"videos/a.mp4": "x", "videos/b.MOV": "x", "LICENSE.txt": "MIT"})
    with pytest.raises(DataError, match="holds 2 videos but no feature arrays; extract features first"):
        read_folder(root)


def test_different_widths_name_both_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.npy": 1})
    np.save(tmp_path / "b.npy", np.ones((4, 5)))
    with pytest.raises(DataError, match=r"a\.npy has 3, .*b\.npy has 5"):
        read_folder(tmp_path)


def test_an_unreadable_array_nan_and_a_broken_link_are_named(tmp_path: Path) -> None:
    write(tmp_path / "damaged", {"a.npy": 1, "b.npy": "not an array"})
    with pytest.raises(DataError, match=r"b\.npy: is not a \.npy file"):
        read_folder(tmp_path / "damaged")
    write(tmp_path / "nan", {"a.npy": 1, "b.txt": "1 2 3\n1 nan 3\n"})
    with pytest.raises(DataError, match=r"b\.txt: frame 1 holds NaN or infinity"):
        read_folder(tmp_path / "nan")
    write(tmp_path / "link", {"a.npy": 1})
    (tmp_path / "link" / "b.npy").symlink_to(tmp_path / "gone.npy")
    with pytest.raises(DataError, match=r"b\.npy: cannot be read \(No such file"):
        read_folder(tmp_path / "link")


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.npy": 1, "locked": None})
    listing = Path.iterdir

    def refuse(folder: Path) -> object:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=r"locked: cannot be read \(Permission denied\)"):
        read_folder(tmp_path)


def test_linked_sub_folders_are_read_and_a_link_upwards_ends(tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/a.npy": 1, "data/b.npy": 2})
    (tmp_path / "data" / "tea").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to(tmp_path / "data")
    tracks = read_folder(tmp_path / "data").tracks
    assert [(track.name, track.activity) for track in tracks] == [("a", "tea"), ("b", "all")]


def test_videos_of_one_frame_and_frames_of_zeros_are_allowed(tmp_path: Path) -> None:
    write(tmp_path, {"zeros.npy": 0, "one.txt": "1 2 3\n"})
    assert [track.n_frames for track in read_folder(tmp_path).tracks] == [1, 4]


def test_a_rate_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rate_hz is 0"):
        read_folder(write(tmp_path, {"a.npy": 1}), rate_hz=0.0)


def test_sources_are_files_folders_and_data_sets_in_the_order_given(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "set/features/tea/z.npy": 1,
            "set/features/tea/y.npy": 2,
            # Labels that do not fit are none of segmenting's business.
            "set/groundTruth/z": "walk\n",
            "plain/b.txt": 3,
            "a.npy": 4,
        },
    )
    tracks = read_sources([tmp_path / "set", str(tmp_path / "a.npy"), tmp_path / "plain"], rate_hz=1.0)
    assert [(track.name, track.activity) for track in tracks] == [
        ("y", "tea"),
        ("z", "tea"),
        ("a", "all"),
        ("b", "all"),
    ]
    assert tracks[2].times_seconds is not None


def test_a_source_given_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"data/a.npy": 1, "data/b.npy": 2})
    tracks = read_sources(
        [tmp_path / "data" / "b.npy", tmp_path / "data", Path(tmp_path, "data", "..", "data", "a.npy")]
    )
    assert [track.name for track in tracks] == ["b", "a"]


def test_sources_are_called_as_in_their_folder_unless_two_share_a_name(tmp_path: Path) -> None:
    write(tmp_path, {"one/P03.npy": 1, "two/P03.npy": 2, "two/tea/P04.npy": 3, "two/milk/P04.npy": 4})
    names = [track.name for track in read_sources([tmp_path / "one" / "P03.npy", tmp_path / "two"])]
    assert names == ["one__P03", "two__P03", "milk__P04", "tea__P04"]
    assert [track.name for track in read_sources([tmp_path / "one" / "P03.npy"])] == ["P03"]


def test_sources_called_from_within_their_folder_have_distinct_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "root", {"one/P03.npy": 1, "P03.npy": 2})
    monkeypatch.chdir(tmp_path / "root" / "one")
    tracks = read_sources(["P03.npy", Path("..", "P03.npy")])
    assert [track.name for track in tracks] == ["one__P03", "root__P03"]


def test_sources_that_are_none_missing_or_twins_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.npy": 1, "a.txt": 1, "empty": None})
    with pytest.raises(DataError, match="no recordings were given"):
        read_sources([])
    with pytest.raises(DataError, match=r"none\.npy: cannot be read \(No such file"):
        read_sources([tmp_path / "none.npy"])
    with pytest.raises(DataError, match="none: features are read from"):
        read_sources([tmp_path / "none"])
    with pytest.raises(DataError, match="the folder is empty"):
        read_sources([tmp_path / "empty"])
    with pytest.raises(DataError, match=r"a\.npy and .*a\.txt both stand for one recording"):
        read_sources([tmp_path / "a.npy", tmp_path / "a.txt"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n_recordings", "n_features", "n_classes", "n_frames"),
    [
        ("breakfast_coffee", 5, 64, 48, 3350),
        ("utkinect", 10, 60, 11, 7222),
        ("salads50_mid", 20, 18, 18, 6574),
        ("gtea", 7, 11, 11, 1697),
        ("mocap6", 6, 12, 12, 2058),
    ],
)
def test_real_data_sets_are_read_with_their_labels(
    data_root: Path, name: str, n_recordings: int, n_features: int, n_classes: int, n_frames: int
) -> None:
    dataset = read_folder(data_root / name)
    assert (dataset.name, len(dataset.recordings), dataset.n_features) == (name, n_recordings, n_features)
    assert (len(dataset.class_names), dataset.warnings) == (n_classes, ())
    assert sum(track.n_frames for track in dataset.tracks) == n_frames
    for recording in dataset.recordings:
        lines = (data_root / name / "groundTruth" / recording.track.name).read_text().split()
        assert recording.labels is not None
        assert [dataset.class_names[label] for label in recording.labels] == lines


@pytest.mark.data
def test_a_real_data_set_without_a_mapping_is_read(data_root: Path) -> None:
    dataset = read_folder(data_root / "cmu_mocap86")
    assert dataset.has_labels
    assert list(dataset.class_names) == sorted(dataset.class_names)


@pytest.mark.data
def test_the_nan_of_a_real_data_set_are_named_with_file_and_frame(data_root: Path) -> None:
    with pytest.raises(DataError, match=r"Task3_Human2_trial2\.npy: frame \d+ holds NaN"):
        read_folder(data_root / "lego_assembly")


@pytest.mark.data
def test_the_other_recordings_of_that_data_set_are_read_beside_its_licence(data_root: Path, tmp_path: Path) -> None:
    for file in (data_root / "lego_assembly").iterdir():
        if file.name != "Task3_Human2_trial2.npy":
            (tmp_path / file.name).symlink_to(file)
    dataset = read_folder(tmp_path)
    assert (len(dataset.recordings), dataset.n_features) == (11, 18)
    assert dataset.warnings == ("1 text files that hold no table of numbers passed over: LICENSE.txt",)


@pytest.mark.data
def test_real_folders_of_videos_ask_for_features(data_root: Path) -> None:
    with pytest.raises(DataError, match=r"holds \d+ videos but no feature arrays"):
        read_folder(data_root / "pushups" / "videos")
