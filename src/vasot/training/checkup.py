"""What lies in a folder of recordings, what is wrong with it, and what ``fit`` would make of it; no long work."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Literal

import numpy as np
import torch
from jaxtyping import Shaped

from vasot.batching.clips import ClipBatch, pad_clips
from vasot.datasets.base import Dataset
from vasot.datasets.published import Part
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import find_corpus, read_data, resolve_features
from vasot.datasets.registry import DATASETS
from vasot.datasets.videos import Corpus, FoundClip
from vasot.errors import DataError, VasotError
from vasot.features.base import Extractor
from vasot.features.names import make_extractor
from vasot.features.store import FeatureStore
from vasot.methods.settings import MethodSettings
from vasot.training.run import make_method, training_device
from vasot.video.reader import FrameReader
from vasot.video.sampling import instants
from vasot.wording import counted, listing

__all__ = [
    "Checkup",
    "Finding",
    "Plan",
    "RecordingFacts",
    "examine",
    "examine_corpus",
    "examine_dataset",
    "plan_fit",
    "training_minutes",
]

Level = Literal["warning", "error"]

_FEW_FRAMES = 20
"""Below this many sampled frames a recording is hardly more than a few moments."""

_LENGTHS_APART = 5.0
"""Recordings longer or shorter than the median by more than this factor are told."""

_SAMPLE_SECONDS = 4.0


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and what to do about it. An error means that ``fit`` cannot run."""

    level: Level
    text: str


@dataclass(frozen=True)
class RecordingFacts:
    """One recording: what is known of it without looking at its frames; None where it does not apply."""

    name: str
    activity: str
    labelled: bool
    n_frames: int | None = None
    seconds: float | None = None
    rate_hz: float | None = None
    size: str | None = None
    codec: str | None = None


@dataclass(frozen=True)
class Checkup:
    """The facts and the findings of a folder.

    Attributes:
        name: of the data set.
        features: what its recordings become, resolved: ``precomputed`` for arrays.
        rows: one per recording.
        findings: errors first.
        class_names: of the labels, empty where there are none.
        parts: of a published data set's layout, what is there.
    """

    name: str
    features: str
    rows: tuple[RecordingFacts, ...]
    findings: tuple[Finding, ...]
    class_names: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps ``fit`` from running."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def exit_code(self) -> int:
        """0 where nothing is wrong, 1 for warnings, 2 where ``fit`` cannot run."""
        return 2 if self.errors else int(bool(self.findings))


@dataclass(frozen=True)
class Plan:
    """What ``fit`` would do on this machine; times are measured on a sample, not looked up."""

    n_recordings: int
    n_frames: int
    n_features: int
    n_stored: int
    extraction_minutes: float
    training_minutes: float
    disk_bytes: int


def examine(path: str | Path, reading: Reading, *, paired: bool = True) -> Checkup:
    """Look a folder of recordings over; one that cannot be read at all comes back as an error, not an exception."""
    parts: tuple[Part, ...] = ()
    try:
        features = resolve_features(path, reading.features, reading.dataset)
        if reading.dataset:
            parts = DATASETS[reading.dataset].inventory(Path(path))
        if features == "precomputed":
            checkup = examine_dataset(read_data(path, reading), paired=paired)
        else:
            make_extractor(features)
            checkup = examine_corpus(find_corpus(path, reading), reading, features, paired=paired)
    except VasotError as error:
        name = Path(path).name
        checkup = Checkup(name, reading.features, (), (Finding("error", str(error)),))
    incomplete = [Finding("warning", part.complaint) for part in parts if part.complaint is not None]
    return replace(checkup, parts=parts, findings=_ordered([*checkup.findings, *incomplete]))


def examine_dataset(dataset: Dataset, *, paired: bool = True) -> Checkup:
    """Facts and findings of arrays that have been read."""
    rows = []
    for recording in dataset.recordings:
        track, rate, seconds = recording.track, None, None
        if track.times_seconds is not None and track.n_frames > 1:
            seconds = float(track.times_seconds[-1] - track.times_seconds[0]) * track.n_frames / (track.n_frames - 1)
            rate = track.n_frames / seconds if seconds > 0 else None
        size = f"{track.n_features} features"
        rows.append(
            RecordingFacts(
                track.name, track.activity, recording.labels is not None, track.n_frames, seconds, rate, size
            )
        )
    findings = [Finding("warning", text) for text in dataset.warnings]
    findings += _about_rows(rows, {row.name: row.n_frames or 0 for row in rows}, paired)
    contents: dict[bytes, list[str]] = {}
    for track in dataset.tracks:
        contents.setdefault(track.features.tobytes(), []).append(track.name)
    findings += _about_twins(list(contents.values()))
    present = {int(label) for each in dataset.recordings if each.labels is not None for label in np.unique(each.labels)}
    findings += _about_classes(dataset.class_names, present)
    return Checkup(dataset.name, "precomputed", tuple(rows), _ordered(findings), dataset.class_names)


def examine_corpus(corpus: Corpus, reading: Reading, features: str, *, paired: bool = True) -> Checkup:
    """Facts and findings of videos that have been found, but not decoded."""
    rows = [_facts(each) for each in corpus.clips]
    findings = [Finding("warning", text) for text in corpus.warnings]
    findings += [Finding("warning", f"{each.fault}; it is left out") for each in corpus.clips if each.fault is not None]
    usable = [each for each in corpus.clips if each.fault is None]
    if not usable:
        findings.append(Finding("error", "no video can be read; see the files above"))
    else:
        sampled = {each.clip.name: _n_sampled(each, reading.fps) for each in usable}
        findings += _about_videos(usable)
        findings += _about_rows([_facts(each) for each in usable], sampled, paired)
        store = reading.store
        contents: dict[tuple[str, float, float | None], list[str]] = {}
        for each in usable:
            key = (store.content(each.clip.video), each.clip.start_seconds, each.clip.end_seconds)
            contents.setdefault(key, []).append(each.clip.name)
        findings += _about_twins(list(contents.values()))
        findings += _about_labels(usable, reading.trim)
        seen = {name for each in usable if each.truth is not None for name in each.truth.names}
        present = {index for index, name in enumerate(corpus.class_names) if name in seen}
        findings += _about_classes(corpus.class_names, present)
    return Checkup(corpus.name, features, tuple(rows), _ordered(findings), corpus.class_names)


def plan_fit(path: str | Path, reading: Reading, method: str, settings: MethodSettings) -> Plan:
    """What training would take here: a few seconds of one video and two training steps are timed.

    Raises:
        VasotError: see :func:`~vasot.datasets.recordings.read_data`.
    """
    features = resolve_features(path, reading.features, reading.dataset)
    if features == "precomputed":
        dataset = read_data(path, reading)
        lengths = [track.n_frames for track in dataset.tracks]
        training = training_minutes(method, settings, lengths, dataset.n_features)
        disk = _run_bytes(method, settings, dataset.n_features)
        return Plan(len(lengths), sum(lengths), dataset.n_features, len(lengths), 0.0, training, disk)
    extractor, store = make_extractor(features), reading.store
    usable = [each for each in find_corpus(path, reading).clips if each.fault is None]
    identity = extractor.identity()
    missing = [each for each in usable if not store.path(each.clip, reading.fps, identity).is_file()]
    n_features, row_bytes, per_second = _try_out(usable, extractor, store, reading.fps)
    at_once = min(os.cpu_count() or 1, max(1, len(missing)))
    minutes = per_second * sum(each.duration_seconds for each in missing) / at_once / 60
    lengths = [_n_sampled(each, reading.fps) for each in usable]
    disk = sum(_n_sampled(each, reading.fps) * (row_bytes + 8) for each in missing)
    disk += _run_bytes(method, settings, n_features)
    training = training_minutes(method, settings, lengths, n_features)
    return Plan(len(usable), sum(lengths), n_features, len(usable) - len(missing), minutes, training, disk)


_RUN_BYTES = 2_000_000
"""About what tables and pictures of a run take."""


def _run_bytes(method: str, settings: MethodSettings, n_features: int) -> int:
    """About what a run takes: the model, and a checkpoint with it and Adam's two means of what is trained."""
    with torch.device("meta"):
        parameters = list(make_method(method, settings, n_features).parameters())
    trained = sum(each.numel() for each in parameters if each.requires_grad)
    return _RUN_BYTES + 8 * sum(each.numel() for each in parameters) + 8 * trained


def _facts(each: FoundClip) -> RecordingFacts:
    labelled = each.truth is not None
    if each.info is None:
        return RecordingFacts(each.clip.name, each.clip.activity, labelled)
    info = each.info
    return RecordingFacts(
        each.clip.name,
        each.clip.activity,
        labelled,
        round(each.duration_seconds * info.mean_rate_hz),
        each.duration_seconds,
        info.mean_rate_hz,
        f"{info.width}x{info.height}",
        info.codec,
    )


def _about_videos(usable: Sequence[FoundClip]) -> Iterator[Finding]:
    infos = {each.clip.video: each.info for each in usable if each.info is not None}
    for video, info in infos.items():
        if info.damage is not None:
            yield Finding(
                "warning",
                f"{video.name} breaks off at {info.damage.at_seconds:.2f} s ({info.damage.what}); what comes before is "
                "used: copy the file again if you can",
            )
    if variable := [video.name for video, info in infos.items() if info.variable_rate]:
        yield Finding(
            "warning",
            f"{counted(len(variable), 'video')} of variable frame rate: {listing(variable)}; frames are taken by their "
            "time stamps, so results are exact in seconds, but frame numbers of other programs may differ",
        )
    if turned := [video.name for video, info in infos.items() if info.rotation_degrees]:
        yield Finding(
            "warning",
            f"{counted(len(turned), 'video')} stored rotated: {listing(turned)}; turned upright as players do: "
            "check that all recordings stand the same way",
        )


def _about_rows(rows: Sequence[RecordingFacts], sampled: dict[str, int], paired: bool) -> Iterator[Finding]:
    counts = Counter(row.activity for row in rows)
    lonely = [activity for activity, count in counts.items() if count < 2]
    if lonely and paired:
        yield Finding(
            "error",
            f"activity {listing(lonely)} has one recording; alignment needs at least two of an activity: add another, "
            "or train with --method asot, which segments without aligning",
        )
    if short := [name for name, count in sampled.items() if count < _FEW_FRAMES]:
        yield Finding(
            "warning",
            f"{counted(len(short), 'recording')} of fewer than {_FEW_FRAMES} frames: {listing(short)}; sample more "
            "frames per second (--fps), or leave them out",
        )
    median = float(np.median(list(sampled.values())))
    apart = [name for name, count in sampled.items() if not median / _LENGTHS_APART <= count <= median * _LENGTHS_APART]
    if apart:
        yield Finding(
            "warning",
            f"{counted(len(apart), 'recording')} over {_LENGTHS_APART:.0f} times longer or shorter than the median: "
            f"{listing(apart)}; cut them to the activity (clips.csv), or leave them out",
        )


def _about_twins(groups: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for names in groups:
        if len(names) > 1:
            yield Finding("warning", f"{listing(names)} hold the same content; keep one of them")


def _about_labels(usable: Sequence[FoundClip], trim: bool) -> Iterator[Finding]:
    for each in usable:
        if each.truth is None or each.info is None or len(each.truth.names) == each.info.n_frames:
            continue
        frames, labels = counted(each.info.n_frames, "frame"), counted(len(each.truth.names), "label")
        text = f"{each.clip.video.name} has {frames} but {labels}"
        if trim or each.info.damage is not None:
            yield Finding("warning", f"{text}; both are cut to the shorter")
        else:
            yield Finding("error", f"{text}; give one label per frame, or cut both to the shorter with --trim")


def _about_classes(class_names: Sequence[str], present: set[int]) -> Iterator[Finding]:
    if empty := [name for index, name in enumerate(class_names) if index not in present]:
        yield Finding(
            "warning", f"{counted(len(empty), 'class', 'classes')} of the mapping without a frame: {listing(empty)}"
        )


def _ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.level != "error"))


def _n_sampled(found: FoundClip, fps: float) -> int:
    return instants(0.0, found.duration_seconds, fps).size


def _try_out(
    usable: Sequence[FoundClip], extractor: Extractor, store: FeatureStore, fps: float
) -> tuple[int, int, float]:
    """Width of a feature vector, its bytes, and seconds of work per second of video on one core."""
    for sample in sorted(usable, key=lambda each: -each.duration_seconds):
        try:
            n_features, row_bytes, seconds = _time(sample, extractor, fps)
        except DataError:
            # Looks whole from outside, but none of its pictures can be decoded; fit leaves it out.
            continue
        stored = store.read(store.path(sample.clip, fps, extractor.identity()))
        return (n_features if stored is None else stored.features.shape[1]), row_bytes, seconds
    raise DataError("not one frame of any video can be decoded; export the videos again")


def _row_bytes(features: Shaped[np.ndarray, "t d"]) -> int:
    return int(features[0].nbytes)


def _time(sample: FoundClip, extractor: Extractor, fps: float) -> tuple[int, int, float]:
    start = sample.clip.start_seconds
    end = start + min(_SAMPLE_SECONDS, sample.duration_seconds)
    # Loading a model is done once, not for every second of video.
    size = extractor.frame_size
    wall, spent = perf_counter(), process_time()
    reader = FrameReader(sample.clip.video, fps=fps, start_seconds=start, end_seconds=end, size=size, threads=1)
    rows = np.concatenate(list(extractor.extract(reader)))
    # One that uses every core for one video spends more processor time than passes; one that uses a GPU, less.
    seconds = max(perf_counter() - wall, process_time() - spent)
    return rows.shape[1], _row_bytes(rows), seconds / max(end - start, 1 / fps)


def training_minutes(method: str, settings: MethodSettings, lengths: Sequence[int], n_features: int) -> float:
    """Two steps on random rows of the usual length; the first pays for what is compiled once.

    Of pictures a few are timed, and the time is taken for all: a step takes long, in proportion to their number.
    """
    device = training_device()
    trial = make_method(method, settings, n_features).to(device)
    generator = np.random.default_rng(0)
    count = min(settings.frames_per_clip, int(np.median(lengths)))
    timed = count if trial.frames_at_once is None else min(count, _TIMED_PICTURES)
    seconds = 0.0
    for _ in range(2):
        clips = [pad_clips([trial.augment(trial.noise(timed, generator), generator)]) for _ in range(2)]
        batch = ClipBatch(clips[0], clips[1] if trial.paired else None).to(device)
        begun = perf_counter()
        trial.loss(batch)["loss"].backward()  # type: ignore[no-untyped-call]
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = perf_counter() - begun
    return settings.epochs * len(lengths) * seconds * count / timed / 60


_TIMED_PICTURES = 4
