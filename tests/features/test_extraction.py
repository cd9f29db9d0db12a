from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from made_videos import NumberFeatures, write_corpus
from vasot.errors import VasotError
from vasot.features.extraction import Extracted, Progress, extract_clips
from vasot.features.names import make_extractor
from vasot.features.store import FeatureStore, StoredFeatures, default_store
from vasot.types import Frames
from vasot.video.clips import Clip
from vasot.video.probe import Damage


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    folder = write_corpus(tmp_path / "data")
    return [Clip(name, folder / "videos" / f"{name}.mp4") for name in "abc"]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def extract(
    clips: list[Clip], store: FeatureStore, extractor: NumberFeatures | None = None, fps: float = 25.0
) -> list[Extracted]:
    return extract_clips(clips, extractor or NumberFeatures(), fps=fps, store=store, durations=[2.0] * len(clips))


def numbers(result: Extracted) -> list[int]:
    assert result.stored is not None
    return [int(row[0]) for row in result.stored.features]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_clip_gets_the_features_of_its_own_frames_in_order(
    clips: list[Clip], store: FeatureStore, workers: int
) -> None:
    results = extract_clips(clips, NumberFeatures(), fps=25.0, store=store, durations=[1.2, 1.6, 2.0], workers=workers)
    assert [result.clip.name for result in results] == ["a", "b", "c"]
    assert [numbers(result) for result in results] == [list(range(30)), list(range(40)), list(range(50))]
    assert results[0].stored is not None
    np.testing.assert_allclose(results[0].stored.times_seconds, np.arange(30) / 25, atol=1e-9)


def test_what_is_in_the_store_is_not_extracted_again(clips: list[Clip], store: FeatureStore) -> None:
    first = extract(clips, store)
    extractor = NumberFeatures()
    second = extract(clips, store, extractor)
    assert extractor.n_seen == 0
    assert all(result.from_store for result in second)
    assert not any(result.from_store for result in first)
    assert [numbers(result) for result in second] == [numbers(result) for result in first]


def test_a_copy_under_another_name_is_known(clips: list[Clip], store: FeatureStore, tmp_path: Path) -> None:
    extract(clips[:1], store)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clips[0].video.read_bytes())
    assert extract([Clip("copy", copy)], store)[0].from_store


def test_everything_that_matters_is_part_of_the_key(clips: list[Clip], store: FeatureStore) -> None:
    clip, identity = clips[0], NumberFeatures().identity()
    paths = {
        store.path(clip, 10.0, identity),
        store.path(clip, 12.0, identity),
        store.path(clip, 10.0, NumberFeatures(1).identity()),
        store.path(clips[1], 10.0, identity),
        store.path(Clip("a", clip.video, 0.5), 10.0, identity),
        store.path(Clip("a", clip.video, 0.0, 0.5), 10.0, identity),
    }
    assert len(paths) == 6


def test_a_changed_video_is_looked_at_again(clips: list[Clip], store: FeatureStore) -> None:
    extract(clips[:1], store)
    clips[0].video.write_bytes(clips[1].video.read_bytes())
    result = extract(clips[:1], store)[0]
    assert not result.from_store
    assert len(numbers(result)) == 40


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of an archive", None])
def test_an_entry_that_cannot_be_read_is_made_again(
    clips: list[Clip], store: FeatureStore, content: bytes | None
) -> None:
    path = extract(clips[:1], store)[0].path
    assert path is not None
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert store.read(path) is None
    result = extract(clips[:1], store)[0]
    assert not result.from_store
    assert numbers(result) == list(range(30))


def test_damage_is_kept_with_the_features(store: FeatureStore, tmp_path: Path) -> None:
    entry = StoredFeatures(np.ones((2, 3), dtype=np.float32), np.arange(2.0), Damage(0.2, "breaks"))
    store.write(tmp_path / "x.npz", entry)
    read = store.read(tmp_path / "x.npz")
    assert read is not None
    assert read.damage == entry.damage
    np.testing.assert_array_equal(read.features, entry.features)


def test_a_video_that_cannot_be_read_comes_back_with_its_failure(clips: list[Clip], store: FeatureStore) -> None:
    clips[1].video.write_text("no video")
    results = extract(clips, store)
    assert results[1].stored is None
    assert "b.mp4" in str(results[1].failure)
    assert [numbers(results[index]) for index in (0, 2)] == [list(range(30)), list(range(50))]


class Interrupting(NumberFeatures):
    """Interrupts the second video that is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.n_videos = 0

    def extract(self, chunks: Iterable[Frames]) -> Iterator[np.ndarray]:
        self.n_videos += 1
        if self.n_videos == 2:
            raise KeyboardInterrupt
        yield from super().extract(chunks)


def test_after_an_interrupt_the_next_call_goes_on_where_it_stopped(clips: list[Clip], store: FeatureStore) -> None:
    durations = [3.0, 2.0, 1.0]
    with pytest.raises(KeyboardInterrupt):
        extract_clips(clips, Interrupting(), fps=25.0, store=store, durations=durations, workers=1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("features", "decode"))]
    assert not list(store.root.rglob("*.partial*"))
    results = extract(clips, store)
    assert [result.from_store for result in results] == [True, False, False]


def _numbers_of_all(clips: list[Clip], store: FeatureStore) -> list[list[int]]:
    return [numbers(result) for result in extract(clips, store)]


def test_two_processes_may_fill_one_store_at_once(clips: list[Clip], store: FeatureStore) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        both = [pool.submit(_numbers_of_all, clips, store) for _ in range(2)]
        assert [future.result() for future in both] == [[list(range(30)), list(range(40)), list(range(50))]] * 2
    assert len(list(store.root.rglob("*.npz"))) == 3
    assert not list(store.root.rglob("*.partial*"))


def test_an_extractor_that_fails_stops_the_work_and_its_threads(clips: list[Clip], store: FeatureStore) -> None:
    class Failing(NumberFeatures):
        def extract(self, chunks: Iterable[Frames]) -> Iterator[np.ndarray]:
            next(iter(chunks))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        extract(clips, store, Failing())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("features", "decode"))]


def test_progress_begins_with_what_is_stored_and_ends_with_all(clips: list[Clip], store: FeatureStore) -> None:
    extract(clips[:1], store)
    seen: list[Progress] = []
    extract_clips(clips, NumberFeatures(), fps=25.0, store=store, durations=[1.2, 1.6, 2.0], on_progress=seen.append)
    assert (seen[0].n_clips, seen[0].n_stored, seen[0].done_seconds) == (3, 1, 0.0)
    assert seen[-1].done_seconds == seen[-1].total_seconds == pytest.approx(3.6)


def test_a_store_that_cannot_be_written_says_how_to_choose_another(clips: list[Clip], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VasotError, match="VASOT_CACHE"):
        extract(clips, FeatureStore(tmp_path / "file" / "store"))


def test_the_store_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", "/x")
    assert default_store().root == Path("/x")
    monkeypatch.delenv("VASOT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/y")
    assert default_store().root == Path("/y/vasot")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("motoin", "did you mean 'motion'"),
        ("onnx", "onnx:FILE"),
        ("motion:x", "takes nothing behind it"),
    ],
)
def test_a_mistyped_name_of_features_is_refused(spec: str, said: str) -> None:
    with pytest.raises(VasotError, match=said):
        make_extractor(spec)
