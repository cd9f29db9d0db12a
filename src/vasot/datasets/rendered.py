"""Rendered videos of a made activity on a workbench, whose steps and correspondences are known exactly.

Background is the hand away, and something else in the picture: a ball, a cat, a sheet of paper, a scratched arm. No two
are the same, and none belongs to the activity, so a frame of it has no counterpart in any other video.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vasot.datasets.happenings import BACKGROUND, MOST_BACKGROUND, FrameTruth, happenings
from vasot.datasets.scene import HEIGHT, STEPS, WIDTH, Distractor, Look, Work, draw_bench
from vasot.errors import SettingsError
from vasot.files import atomic_folder
from vasot.video.writer import VideoWriter

__all__ = ["CLASS_NAMES", "RenderSettings", "RenderedVideo", "plan_videos", "write_videos"]

CLASS_NAMES = ("background", *STEPS)
"""Class names of the ground truth, in order of their index."""

_LENGTHS = (1.0, 1.15, 1.05, 1.0, 0.95, 0.85)
"""Length of each step against the mean."""


@dataclass(frozen=True)
class RenderSettings:
    """How rendered videos differ from each other; shares and probabilities lie in 0..1.

    Attributes:
        n_videos: number of videos.
        rate_hz: frames per second of the videos.
        mean_seconds: mean length of a step at the usual speed.
        order_variation, omission, repetition, background, speed_variation: as those of
            :class:`~vasot.datasets.synthetic.SyntheticSettings`.
        noise: standard deviation of the camera's noise, of 255.
        seed: fixes everything; a video stays the same when more of them are asked for.

    Raises:
        SettingsError: a value out of range.
    """

    n_videos: int = 8
    rate_hz: float = 25.0
    mean_seconds: float = 4.0
    order_variation: float = 0.08
    omission: float = 0.08
    repetition: float = 0.05
    background: float = 0.2
    speed_variation: float = 0.15
    noise: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        most = dict.fromkeys(("order_variation", "omission", "repetition", "speed_variation"), 1.0)
        least = {"n_videos": 1.0, "rate_hz": 1.0, "mean_seconds": 0.1}
        for field in fields(self):
            value, low = getattr(self, field.name), least.get(field.name, 0.0)
            high = MOST_BACKGROUND if field.name == "background" else most.get(field.name, math.inf)
            if not (math.isfinite(value) and low <= value <= high):
                raise SettingsError(f"{field.name} is {value}; give a number from {low:g} to {high:g}")

    @property
    def n_actions(self) -> int:
        """Number of steps of the activity."""
        return len(STEPS)


@dataclass(frozen=True, eq=False)
class RenderedVideo:
    """One video that can be drawn: what its frames show, who works, and what goes by.

    Attributes:
        name: of the file, without its ending.
        settings: those of all videos.
        truth: what every frame of the video shows.
        look: person, light and camera.
        distractors: one per stretch of background, in order of time.
        noise_seed: of the camera's noise.
    """

    name: str
    settings: RenderSettings
    truth: FrameTruth
    look: Look
    distractors: tuple[Distractor, ...]
    noise_seed: np.random.SeedSequence

    @property
    def n_frames(self) -> int:
        """Number of frames of the video."""
        return self.truth.action.size

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps in the order in which they happen, repeated ones each time."""
        action = self.truth.action
        starts = np.flatnonzero(self._stretches()[0])
        return tuple(STEPS[action[start]] for start in starts if action[start] != BACKGROUND)

    def frames(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """All pictures, RGB; drawing them again gives the same."""
        generator = np.random.default_rng(self.noise_seed)
        _, number = self._stretches()
        work = Work()
        for frame, (action, phase) in enumerate(
            zip(self.truth.action.tolist(), self.truth.phase.tolist(), strict=True)
        ):
            seconds = frame / self.settings.rate_hz
            if action == BACKGROUND:
                thing = self.distractors[number[frame]]
                image = draw_bench(self.look, work, distractor=thing, phase=phase, seconds=seconds)
            else:
                work.advance(STEPS[action], phase)
                image = draw_bench(self.look, work, step=STEPS[action], phase=phase, seconds=seconds)
            yield self.look.photograph(image, self.settings.noise, generator)

    def _stretches(self) -> tuple[Bool[np.ndarray, " t"], Int[np.ndarray, " t"]]:
        """Whether something begins at each frame, and the number of the stretch of background that it lies in."""
        action, phase = self.truth.action, self.truth.phase
        # A stretch of background may follow another, and a step's phases only rise.
        begins = np.r_[True, (np.diff(action) != 0) | (np.diff(phase) < 0)]
        return begins, np.cumsum(begins & (action == BACKGROUND)) - 1


def plan_videos(settings: RenderSettings | None = None) -> tuple[RenderedVideo, ...]:
    """Decide what happens in every video; nothing is drawn yet.

    >>> plan_videos(RenderSettings(n_videos=1, omission=0, order_variation=0, repetition=0))[0].steps
    ('saw', 'hammer', 'screw', 'paint', 'wipe', 'pour')
    """
    settings = settings or RenderSettings()
    lengths: Float[np.ndarray, " k"] = settings.mean_seconds * settings.rate_hz * np.array(_LENGTHS)
    videos = []
    for number, seed in enumerate(np.random.SeedSequence(settings.seed).spawn(settings.n_videos), start=1):
        generator = np.random.default_rng(seed)
        truth, stretches = happenings(settings, lengths, generator)
        look = Look.random(generator)
        things = tuple(Distractor.random(generator) for _ in stretches)
        name = f"bench_{number:0{len(str(settings.n_videos))}d}"
        videos.append(RenderedVideo(name, settings, truth, look, things, seed.spawn(1)[0]))
    return tuple(videos)


def write_videos(videos: Sequence[RenderedVideo], folder: str | Path) -> None:
    """Write ``videos/`` (.mp4, H.264), ``groundTruth/`` and ``mapping/``, as a user's own folder would hold them.

    The folder appears whole or not at all.

    Raises:
        DataError: the folder exists and holds something, or cannot be written.
    """
    with atomic_folder(Path(folder)) as partial:
        for part in ("videos", "groundTruth", "mapping"):
            (partial / part).mkdir()
        for video in videos:
            file = partial / "videos" / f"{video.name}.mp4"
            with VideoWriter(file, video.settings.rate_hz, HEIGHT, WIDTH, fast=True) as writer:
                for image in video.frames():
                    writer.write(image)
            lines = "".join(f"{CLASS_NAMES[action + 1]}\n" for action in video.truth.action)
            (partial / "groundTruth" / f"{video.name}.txt").write_text(lines, encoding="utf-8")
        lines = "".join(f"{index} {name}\n" for index, name in enumerate(CLASS_NAMES))
        (partial / "mapping" / "mapping.txt").write_text(lines, encoding="utf-8")
