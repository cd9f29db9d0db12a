from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_videos import NumberFeatures, write_corpus, write_video
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import read_data, read_inputs, resolve_features
from vasot.datasets.videos import find_clips, read_corpus
from vasot.errors import DataError, SettingsError
from vasot.features.store import FeatureStore


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return Reading("motion", fps=10.0, store=FeatureStore(tmp_path / "store"))


def test_labels_are_those_of_the_frames_shown(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (30, 41), labels=True)
    dataset = read_corpus(find_clips(folder), NumberFeatures(), reading)
    assert dataset.class_names == ("early", "late")
    for recording, length in zip(dataset.recordings, (30, 41), strict=True):
        assert recording.labels is not None
        shown = recording.track.features[:, 0]
        np.testing.assert_array_equal(recording.labels, shown >= length // 2)
        assert recording.track.times_seconds is not None
        np.testing.assert_allclose(recording.track.times_seconds, np.arange(len(shown)) / 10, atol=1e-9)


@pytest.mark.parametrize("given", ["data", "data/videos"])
def test_ground_truth_beside_the_videos_is_found_from_either_folder(
    given: str, tmp_path: Path, reading: Reading
) -> None:
    write_corpus(tmp_path / "data", labels=True)
    assert read_corpus(find_clips(tmp_path / given), NumberFeatures(), reading).has_labels


def test_a_plain_folder_and_its_sub_folders_are_recordings_and_activities(tmp_path: Path) -> None:
    for place in ("tea/a.mp4", "tea/b.MP4", "coffee/a.webm"):
        write_video(tmp_path / "mine" / place, 5, codec="libvpx-vp9" if place.endswith("webm") else "libx264")
    (tmp_path / "mine" / "notes.txt").write_text("1 2 3")
    clips = [each.clip for each in find_clips(tmp_path / "mine").clips]
    assert [(clip.name, clip.activity) for clip in clips] == [("b", "tea"), ("coffee__a", "coffee"), ("tea__a", "tea")]


def test_clips_are_recordings_of_their_own_with_the_labels_of_their_stretch(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (50, 40), labels=True)
    (folder / "videos" / "clips.csv").write_text("video,start_seconds,end_seconds,name\na.mp4,0.8,1.2,x\na.mp4,1,,y\n")
    corpus = find_clips(folder)
    assert any("1 video that clips.csv does not name" in text for text in corpus.warnings)
    x, y = read_corpus(corpus, NumberFeatures(), reading).recordings
    assert x.track.features[:, 0].tolist() == [20, 22, 25, 27]
    assert x.labels is not None
    assert x.labels.tolist() == [0, 0, 1, 1]
    assert x.track.times_seconds is not None
    np.testing.assert_allclose(x.track.times_seconds, [0.8, 0.9, 1.0, 1.1], atol=1e-9)
    assert y.track.features[0, 0] == 25
    assert y.track.n_frames == 10


def test_a_clip_beyond_its_video_is_left_out_and_named(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (25,))
    (folder / "videos" / "clips.csv").write_text("video,start_seconds,end_seconds,name\na.mp4,0,1,x\na.mp4,7,9,y\n")
    dataset = read_corpus(find_clips(folder), NumberFeatures(), reading)
    assert [track.name for track in dataset.tracks] == ["x"]
    assert any("clip 'y' starts at 7.0 s but the video ends at 1.00 s" in text for text in dataset.warnings)


def test_labels_that_do_not_fit_are_refused_or_cut(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (30, 40), labels=True)
    truth = folder / "groundTruth" / "a.txt"
    truth.write_text("\n".join(truth.read_text().split()[:20]) + "\n")
    with pytest.raises(DataError, match=r"30 frames, but .* has 20 labels"):
        read_corpus(find_clips(folder), NumberFeatures(), reading)
    cut = Reading("motion", fps=10.0, trim=True, store=reading.store)
    recording = read_corpus(find_clips(folder), NumberFeatures(), cut).recordings[0]
    assert recording.track.features[:, 0].tolist() == [0, 2, 5, 7, 10, 12, 15, 17]


def test_one_bad_video_costs_itself_and_a_damaged_one_its_rest(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (30, 40))
    (folder / "videos" / "text.mp4").write_text("no video")
    whole = write_video(tmp_path / "whole.mkv", 200, options={"g": "10"})
    (folder / "videos" / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    dataset = read_corpus(find_clips(folder), NumberFeatures(), reading)
    assert [track.name for track in dataset.tracks] == ["a", "b", "cut"]
    assert any(text.startswith("left out: ") and "text.mp4" in text for text in dataset.warnings)
    (damaged,) = dataset.damaged
    assert damaged.name == "cut"
    assert 2 < damaged.at_seconds < 7
    assert any("cut breaks off at" in text for text in dataset.warnings)


def test_a_folder_of_nothing_but_bad_videos_is_refused(tmp_path: Path, reading: Reading) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.mp4").write_text("no video")
    with pytest.raises(DataError, match=r"no video can be read: .*a\.mp4"):
        read_corpus(find_clips(tmp_path / "data"), NumberFeatures(), reading)


@pytest.mark.parametrize("name", ["there is none", "empty"])
def test_a_folder_without_videos_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=name if name == "empty" else "no such folder"):
        find_clips(tmp_path / name)


def test_auto_takes_arrays_where_there_are_some_and_motion_for_videos(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "data", (5,))
    assert resolve_features(folder, "auto") == "motion"
    (folder / "features").mkdir()
    assert resolve_features(folder, "auto") == "precomputed"
    assert resolve_features(folder, "onnx:x") == "onnx:x"


def test_videos_arrays_and_folders_are_read_as_inputs(tmp_path: Path, reading: Reading) -> None:
    folder = write_corpus(tmp_path / "data", (15, 20))
    np.save(tmp_path / "z.npy", np.ones((4, 272), dtype=np.float32))
    video = folder / "videos" / "a.mp4"
    tracks = read_inputs([tmp_path / "z.npy", folder, video], reading)
    assert [track.name for track in tracks] == ["z", "a", "b"]
    assert tracks[1].source == video
    np.testing.assert_array_equal(tracks[1].features, read_data(folder, reading).tracks[0].features)


def test_videos_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, reading: Reading) -> None:
    paths = [write_video(tmp_path / place / "a.mp4", 5) for place in ("x", "y")]
    assert [track.name for track in read_inputs(paths, reading)] == ["x__a", "y__a"]


def test_an_input_that_is_no_video_is_refused_by_name(tmp_path: Path, reading: Reading) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(DataError, match=r"a\.mp4: is no video"):
        read_inputs([tmp_path / "a.mp4"], reading)


def test_a_video_is_refused_where_the_model_knows_arrays(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", 5)
    with pytest.raises(DataError, match="trained on arrays"):
        read_inputs([path], Reading("precomputed"))


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan")])
def test_a_senseless_rate_is_refused(fps: float) -> None:
    with pytest.raises(SettingsError, match="fps"):
        Reading(fps=fps)
