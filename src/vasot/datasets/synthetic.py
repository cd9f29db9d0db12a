"""Made recordings of one activity whose segments and correspondences are known exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, Int

from vasot.datasets.base import Dataset, Recording
from vasot.datasets.happenings import (
    BACKGROUND,
    MOST_BACKGROUND,
    FrameTruth,
    happenings,
    phases_of,
    stretch_lengths,
    true_matches,
)
from vasot.errors import SettingsError
from vasot.files import atomic_folder
from vasot.types import UNMATCHED, Track

__all__ = [
    "BACKGROUND",
    "FrameTruth",
    "SyntheticData",
    "SyntheticSettings",
    "make_dataset",
    "slowed",
    "with_blocks_swapped",
    "with_foreign_frames",
    "write_dataset",
]

_LENGTH_SPREAD = 0.5
"""Steps last between 1 - this and 1 + this times their mean length, before speed comes in."""

_PATH_SCALE = 0.6
"""Size of the slowest half wave of a step's curve, against the spread of 1 of the curves' centres."""

_N_HARMONICS = 3

_N_CANDIDATES = 16
"""Random centres of a foreign stretch, of which the one least like the rest is taken."""


@dataclass(frozen=True)
class SyntheticSettings:
    """How made recordings differ from each other; shares and probabilities lie in 0..1.

    Attributes:
        n_recordings: number of recordings.
        n_actions: number of steps of the activity.
        n_features: width of a feature vector; well above ``n_actions``, frames of different steps are unlike.
        mean_frames: mean length of a step, in frames, at the usual speed.
        order_variation: probability that a step changes places with the next one.
        omission: probability that a step is left out.
        repetition: probability that a step comes a second time, elsewhere in the recording.
        background: share of each recording's frames that belong to no step, at most 0.95.
        speed_variation: standard deviation of log speed between recordings, and again between their steps; 0..1.
        offset: size of what all frames of one recording have in common, against a feature's spread of 1.
        style: size of what the frames of one step have in common in one recording only, against the same.
        noise: standard deviation of each feature's noise, against the same.
        seed: fixes everything; the frames of a recording stay the same when more recordings are asked for.

    Raises:
        SettingsError: a value out of range.
    """

    n_recordings: int = 8
    n_actions: int = 6
    n_features: int = 32
    mean_frames: float = 30.0
    order_variation: float = 0.1
    omission: float = 0.05
    repetition: float = 0.05
    background: float = 0.15
    speed_variation: float = 0.25
    offset: float = 0.2
    style: float = 0.0
    noise: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_recordings", "n_actions", "n_features", "mean_frames"):
            _check_range(name, getattr(self, name), 1, math.inf)
        for name in ("order_variation", "omission", "repetition", "speed_variation"):
            _check_range(name, getattr(self, name), 0, 1)
        for name in ("offset", "style", "noise", "seed"):
            _check_range(name, getattr(self, name), 0, math.inf)
        _check_range("background", self.background, 0, MOST_BACKGROUND)


@dataclass(frozen=True, eq=False)
class SyntheticData:
    """Made recordings, and what each of their frames shows (in the order of ``dataset.recordings``)."""

    settings: SyntheticSettings
    dataset: Dataset
    truth: tuple[FrameTruth, ...]

    def true_matches(self, i: int, j: int) -> Int[np.ndarray, " n"]:
        """For every frame of recording i the frame of recording j that shows the same moment.

        It is the frame of the same occurrence of the same step with the nearest phase (the earlier one of two), or
        :data:`~vasot.types.UNMATCHED` for background and for an occurrence that j does not have.
        """
        return true_matches(self.truth[i], self.truth[j])


def make_dataset(settings: SyntheticSettings | None = None) -> SyntheticData:
    """Make recordings of one activity.

    A step is a smooth curve through feature space, the same in every recording; its frames are points along it, so
    that they are alike without being identical, and ordered. To this come an offset of the recording and noise of
    each frame. Background is curves of the recording's own, placed before, between and after the steps. Labels are
    the steps, after class 0 ``background`` where there is some.

    >>> data = make_dataset(SyntheticSettings(n_recordings=2, n_actions=3, background=0.0))
    >>> data.dataset.class_names
    ('step_1', 'step_2', 'step_3')
    """
    settings = settings or SyntheticSettings()
    activity_seed, *recording_seeds = np.random.SeedSequence(settings.seed).spawn(settings.n_recordings + 1)
    generator = np.random.default_rng(activity_seed)
    curves = [_Curve.random(settings.n_features, generator) for _ in range(settings.n_actions)]
    relative = 1 + _LENGTH_SPREAD * generator.uniform(-1, 1, settings.n_actions)
    lengths = settings.mean_frames * relative / relative.mean()
    first_class = 1 if settings.background > 0 else 0
    recordings: list[Recording] = []
    truths: list[FrameTruth] = []
    for number, seed in enumerate(recording_seeds, start=1):
        generator = np.random.default_rng(seed)
        truth, stretches = happenings(settings, lengths, generator)
        features = _features(settings, curves, truth, stretches, generator)
        name = f"recording_{number:0{len(str(settings.n_recordings))}d}"
        recordings.append(Recording(Track(name, features), truth.action + first_class))
        truths.append(truth)
    steps = [f"step_{number:0{len(str(settings.n_actions))}d}" for number in range(1, settings.n_actions + 1)]
    class_names = (*["background"] * first_class, *steps)
    return SyntheticData(settings, Dataset("synthetic", tuple(recordings), class_names), tuple(truths))


def write_dataset(data: SyntheticData, folder: str | Path) -> None:
    """Write ``features/`` (.npy), ``groundTruth/`` and ``mapping/``, as :func:`~vasot.datasets.read_folder` reads them.

    The folder appears whole or not at all.

    Raises:
        DataError: the folder exists and holds something, or cannot be written.
    """
    names = data.dataset.class_names
    with atomic_folder(Path(folder)) as partial:
        for part in ("features", "groundTruth", "mapping"):
            (partial / part).mkdir()
        for recording in data.dataset.recordings:
            name = recording.track.name
            np.save(partial / "features" / f"{name}.npy", recording.track.features)
            if recording.labels is not None:
                lines = "".join(f"{names[label]}\n" for label in recording.labels)
                (partial / "groundTruth" / f"{name}.txt").write_text(lines, encoding="utf-8")
        lines = "".join(f"{index} {name}\n" for index, name in enumerate(names))
        (partial / "mapping" / "mapping.txt").write_text(lines, encoding="utf-8")


def slowed(
    features: Float[np.ndarray, "t d"], factor: float
) -> tuple[Float32[np.ndarray, "n d"], Int[np.ndarray, " n"]]:
    """Play a recording ``factor`` times as long (below 1: faster), frames between frames linearly interpolated.

    Returns:
        The round(T · factor) frames, and for each the frame of the original shown at its middle.

    Raises:
        SettingsError: ``factor`` is not a positive number, or leaves no frame.

    >>> [array.tolist() for array in slowed(np.array([[0.0], [4.0]]), 2.0)]
    [[[0.0], [1.0], [3.0], [4.0]], [0, 0, 1, 1]]
    """
    n_frames = len(features)
    _check_range("factor", factor, 0.5 / n_frames, math.inf)
    length = max(1, round(n_frames * factor))
    # Middles of frames, in frames of the original: the copy begins and ends with it.
    middles = (np.arange(length) + 0.5) * n_frames / length
    positions = np.clip(middles - 0.5, 0, n_frames - 1)
    left = np.minimum(positions.astype(np.int64), max(n_frames - 2, 0))
    weight = (positions - left)[:, None]
    blend = (1 - weight) * features[left] + weight * features[np.minimum(left + 1, n_frames - 1)]
    return blend.astype(np.float32), np.minimum(middles.astype(np.int64), n_frames - 1)


def with_blocks_swapped(
    features: Float[np.ndarray, "t d"], first: tuple[int, int], second: tuple[int, int]
) -> tuple[Float32[np.ndarray, "t d"], Int[np.ndarray, " t"]]:
    """Exchange two stretches of frames, each (start, end) with an exclusive end; they may differ in length.

    Returns:
        The frames in their new order, and for each its frame in the original.

    Raises:
        SettingsError: a stretch is empty or leaves the recording, or the second begins before the first ends.

    >>> with_blocks_swapped(np.arange(6.0)[:, None], (0, 2), (3, 4))[1]
    array([3, 2, 0, 1, 4, 5])
    """
    (start, end), (start_2, end_2), n_frames = first, second, len(features)
    if not 0 <= start < end <= start_2 < end_2 <= n_frames:
        raise SettingsError(
            f"blocks {first} and {second} do not follow each other within {n_frames} frames; "
            "give (start, end) of the earlier one, then of the later one"
        )
    frames = np.arange(n_frames)
    order = np.r_[frames[:start], frames[start_2:end_2], frames[end:start_2], frames[start:end], frames[end_2:]]
    return features[order].astype(np.float32), order


def with_foreign_frames(
    features: Float[np.ndarray, "t d"], share: float, generator: np.random.Generator, n_stretches: int = 3
) -> tuple[Float32[np.ndarray, "n d"], Int[np.ndarray, " n"]]:
    """Splice frames into a recording that resemble none of its own.

    Args:
        features: the recording.
        share: foreign frames among all frames of the result, at most 0.95.
        generator: places the stretches and draws what they show.
        n_stretches: in how many places (fewer where there are not as many foreign frames or places).

    Returns:
        The longer recording, and for each of its frames the frame of the original,
        :data:`~vasot.types.UNMATCHED` for the foreign ones.

    Raises:
        SettingsError: ``share`` or ``n_stretches`` out of range.
    """
    _check_range("share", share, 0, MOST_BACKGROUND)
    _check_range("n_stretches", n_stretches, 1, math.inf)
    n_frames = len(features)
    lengths = stretch_lengths(n_frames, share, min(n_stretches, n_frames + 1), generator)
    places = np.sort(generator.choice(n_frames + 1, size=len(lengths), replace=False))
    known = features.astype(np.float64)
    order = np.insert(np.arange(n_frames), np.repeat(places, lengths), UNMATCHED)
    result = known[order]
    result[order == UNMATCHED] = math.sqrt(np.square(known).mean()) * _foreign_frames(known, lengths, generator)
    return result.astype(np.float32), order


@dataclass(frozen=True, eq=False)
class _Curve:
    """A smooth open curve in feature space: a centre and a few half waves, each half as large as the one before."""

    centre: Float[np.ndarray, " d"]
    waves: Float[np.ndarray, "h d"]

    @classmethod
    def random(cls, n_features: int, generator: np.random.Generator) -> _Curve:
        sizes = _PATH_SCALE * 0.5 ** np.arange(_N_HARMONICS)
        waves = sizes[:, None] * generator.standard_normal((_N_HARMONICS, n_features))
        return cls(generator.standard_normal(n_features), waves)

    @classmethod
    def unlike(cls, frames: Float[np.ndarray, "t d"], generator: np.random.Generator) -> _Curve:
        """The one of a few random curves whose centre has the smallest largest cosine with the given frames."""
        candidates = [cls.random(frames.shape[1], generator) for _ in range(_N_CANDIDATES)]
        lengths = np.maximum(np.linalg.norm(frames, axis=1), np.finfo(np.float64).tiny)
        directions = frames / lengths[:, None]
        return min(
            candidates, key=lambda curve: float((directions @ curve.centre).max() / np.linalg.norm(curve.centre))
        )

    def at(self, phases: Float[np.ndarray, " t"]) -> Float[np.ndarray, "t d"]:
        angles = np.pi * phases[:, None] * np.arange(1, len(self.waves) + 1)
        return np.asarray(self.centre + np.cos(angles) @ self.waves)


def _features(
    settings: SyntheticSettings,
    curves: Sequence[_Curve],
    truth: FrameTruth,
    stretches: Sequence[int],
    generator: np.random.Generator,
) -> Float32[np.ndarray, "t d"]:
    features = np.empty((truth.action.size, settings.n_features))
    for step, curve in enumerate(curves):
        shown = truth.action == step
        features[shown] = curve.at(truth.phase[shown])
    poses = np.concatenate([curve.at(phases_of(5, 1.0)) for curve in curves])
    features[truth.action == BACKGROUND] = _foreign_frames(poses, stretches, generator)
    features += settings.offset * generator.standard_normal(settings.n_features)
    features += settings.noise * generator.standard_normal(features.shape)
    styles = settings.style * generator.standard_normal((len(curves), settings.n_features))
    own = truth.action != BACKGROUND
    features[own] += styles[truth.action[own]]
    return features.astype(np.float32)


def _foreign_frames(
    known: Float[np.ndarray, "t d"], lengths: Sequence[int], generator: np.random.Generator
) -> Float[np.ndarray, "n d"]:
    """Stretches of frames unlike the known ones, each along a curve of its own, one after the other."""
    stretches = [_Curve.unlike(known, generator).at(phases_of(length, 1.0)) for length in lengths]
    return np.concatenate([np.empty((0, known.shape[1])), *stretches])


def _check_range(name: str, value: int | float, low: int | float, high: int | float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        bounds = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise SettingsError(f"{name} is {value}; give a number {bounds}")
