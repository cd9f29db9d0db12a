from __future__ import annotations

import csv
from pathlib import Path

import pytest

import vasot
from vasot.datasets import Dataset
from vasot.datasets.reading import Reading
from vasot.datasets.videos import find_clips, read_corpus
from vasot.features.names import make_extractor
from vasot.features.precomputed import standardise
from vasot.features.store import FeatureStore
from vasot.metrics.alignment import kendalls_tau

FPS = 25.0
N_VIDEOS = 15


def link_descents(source: Path, folder: Path) -> None:
    """One descent of each of the first videos that have one of a usual length, as clips of linked videos."""
    lines = [("video", "start_seconds", "end_seconds")]
    with (source / "reps_derived.tsv").open(encoding="utf-8") as file:
        for each in csv.DictReader(file, delimiter="\t"):
            start, bottom = int(each["top_start"]), int(each["bottom"])
            video = f"{each['name']}.mp4"
            if 8 <= bottom - start <= 40 and not (folder / video).exists() and len(lines) <= N_VIDEOS:
                (folder / video).symlink_to(source.resolve() / "videos" / video)
                lines.append((video, f"{start / FPS:.2f}", f"{bottom / FPS:.2f}"))
    with (folder / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)


@pytest.mark.data
def test_the_preset_puts_unseen_descents_in_order_far_better_than_raw_features(data_root: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    clips = tmp_path / "clips"
    clips.mkdir()
    link_descents(data_root / "pushups", clips)
    spec = f"onnx:{data_root / 'encoders' / 'squeezenet1_1_imagenet_embedding.onnx'}"
    reading = Reading(spec, FPS, store=FeatureStore(tmp_path / "store"))
    recordings = read_corpus(find_clips(clips), make_extractor(spec), reading).recordings
    assert len(recordings) == N_VIDEOS
    held_out = [each.track for each in recordings[::3]]
    seen = Dataset("seen", tuple(each for index, each in enumerate(recordings) if index % 3))
    model = vasot.fit(seen, method="vaot", preset="short-clips", epochs=12)
    raw = kendalls_tau([standardise(track.features) for track in held_out])
    learned = kendalls_tau([model.method.embed_track(track)[0].numpy() for track in held_out])
    assert raw is not None
    assert learned is not None
    assert learned > raw + 0.15
