"""What a model says of recordings beside each other, as deviations are found in it; the only part that asks a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float

from vasot.deviations.findings import Reference, find_deviations, score_of
from vasot.deviations.held import Held, Outcome, Recorded, Unit
from vasot.deviations.norm import Norm
from vasot.deviations.timeline import Limits, Observation, Timeline, read_timeline
from vasot.errors import DataError
from vasot.training.model import Model
from vasot.training.results import RecordingResult

__all__ = ["MOST_OTHERS", "Standard", "evenly", "make_standard"]

MOST_OTHERS = 20
"""Of how many recordings, evenly chosen, the spread around a single reference is learned."""

_LEAST_DISTANCE = 1e-6
"""Embeddings are in single precision, and nearer ones are equal."""

Told = Callable[[int, int], None]
"""Called with the number of alignments that are done, and of all."""


@dataclass(frozen=True, eq=False)
class Standard:
    """References under one model, with what their own spread allows.

    Attributes:
        references: the recordings, the one to show first.
        recorded: what happens in them.
        embeddings: (M, E) of each.
        norm: what they have in common.
        limits: what tells a step from a slip of the model.
        usual_distance: of the frames of a recording as it should be from the others, mean over frames.
        in_seconds: whether lengths are in seconds; else they are in frames.
    """

    model: Model
    references: tuple[RecordingResult, ...]
    recorded: tuple[Recorded, ...]
    embeddings: tuple[Float[np.ndarray, "_ e"], ...]
    norm: Norm
    limits: Limits
    usual_distance: float
    in_seconds: bool

    def outcome(self, held: Sequence[Held]) -> Outcome:
        """What was found, with what it was held against."""
        unit: Unit = "seconds" if self.in_seconds else "frames"
        return Outcome(self.recorded, self.norm, tuple(held), self.model.action_names, unit)

    def hold(self, recording: RecordingResult) -> Held:
        """Hold a recording against the references.

        Raises:
            DataError: the references have times in seconds, and this recording has none.
        """
        if self.in_seconds and recording.track.times_seconds is None:
            raise DataError(
                f"{recording.name} has no times in seconds, and the references have; give both at a known rate"
            )
        embedding = self.model.embed(recording.track)
        alignments = [self.model.align(recording.track, each.track) for each in self.references]
        seen = _observe(
            recording,
            [each.unmatched_x for each in alignments],
            [_distances(embedding, each) for each in self.embeddings],
            self.in_seconds,
        )
        timeline = read_timeline(seen, self.limits)
        references = [
            Reference(known.timeline, each.matches, each.unmatched_y)
            for known, each in zip(self.recorded, alignments, strict=True)
        ]
        deviations = find_deviations(timeline, references, self.norm)
        unlikeness = float(seen.distance.mean()) / max(self.usual_distance, _LEAST_DISTANCE) - 1
        score = score_of(deviations, self.norm)
        return Held(_recorded(recording, timeline), tuple(deviations), score, unlikeness)


def make_standard(
    model: Model,
    references: Sequence[RecordingResult],
    training: Sequence[RecordingResult] = (),
    on_progress: Told | None = None,
) -> Standard:
    """Learn from references how much recordings differ that are as they should be.

    Args:
        model: a method that segments and aligns.
        references: those given, the one to show first.
        training: where there is one reference: the recordings it is aligned with to learn the spread, neither the
            reference nor what is to be held against it; :data:`MOST_OTHERS` of them are taken, evenly chosen.
        on_progress: told after every alignment.

    Raises:
        SettingsError: the method does not give both answers.
        DataError: no reference, or one and fewer than two training recordings.
    """
    model.require("segment", "align")
    if not references:
        raise DataError("there is no reference; give at least one with --reference")
    if len(references) == 1 and len(training) < 2:
        raise DataError(
            f"the spread around one reference is learned from at least two other recordings of the run, and there "
            f"are {len(training)}; give several references"
        )
    alone = len(references) == 1
    others = evenly(training, MOST_OTHERS) if alone else list(references)
    everyone = [*references, *others] if alone else others
    in_seconds = all(each.track.times_seconds is not None for each in everyone)
    pairs = [(0, place) for place in range(1, len(everyone))] if alone else list(combinations(range(len(everyone)), 2))
    embeddings = [model.embed(each.track) for each in everyone]
    unmatched: list[list[np.ndarray]] = [[] for _ in everyone]
    distances: list[list[np.ndarray]] = [[] for _ in everyone]
    for done, (i, j) in enumerate(pairs, start=1):
        alignment = model.align(everyone[i].track, everyone[j].track)
        unmatched[i].append(alignment.unmatched_x)
        unmatched[j].append(alignment.unmatched_y)
        distances[i].append(_distances(embeddings[i], embeddings[j]))
        distances[j].append(_distances(embeddings[j], embeddings[i]))
        if on_progress is not None:
            on_progress(done, len(pairs))
    seen = [_observe(*each, in_seconds) for each in zip(everyone, unmatched, distances, strict=True)]
    limits = Limits.of(seen[1:] if alone else seen)
    timelines = [read_timeline(each, limits) for each in seen]
    asked, spread = timelines[: len(references)], timelines[1:] if alone else timelines
    return Standard(
        model,
        tuple(references),
        tuple(_recorded(*each) for each in zip(references, asked, strict=True)),
        tuple(embeddings[: len(references)]),
        Norm.of(asked, spread, len(model.action_names)),
        limits,
        float(np.median([each.distance.mean() for each in (seen[1:] if alone else seen)])),
        in_seconds,
    )


def evenly(recordings: Sequence[RecordingResult], most: int) -> list[RecordingResult]:
    """At most so many of the recordings, at even distances in their order."""
    places = np.linspace(0, len(recordings) - 1, min(len(recordings), most))
    return [recordings[round(place)] for place in places.tolist()]


def _recorded(recording: RecordingResult, timeline: Timeline) -> Recorded:
    return Recorded(timeline, recording.track.times_seconds, recording.video)


def _observe(
    recording: RecordingResult,
    unmatched: Sequence[Bool[np.ndarray, " t"]],
    distances: Sequence[Float[np.ndarray, " t"]],
    in_seconds: bool,
) -> Observation:
    """A recording beside others, of which each says what it leaves unmatched and how far away its frames are."""
    segmentation = recording.segmentation
    # The method segments: it was checked.
    assert segmentation is not None
    times = segmentation.times_seconds if in_seconds else None
    return Observation(
        segmentation,
        np.stack(unmatched).mean(axis=0),
        np.median(np.stack(distances), axis=0),
        _frame_lengths(times, segmentation.labels.size),
    )


def _frame_lengths(times: Float[np.ndarray, " t"] | None, n_frames: int) -> Float[np.ndarray, " t"]:
    """How long each frame is shown, the last as long as the one before it; 1 each where times are not known."""
    if times is None or n_frames == 1:
        return np.ones(n_frames)
    steps = np.diff(times.astype(np.float64))
    return np.append(steps, steps[-1])


def _distances(x: Float[np.ndarray, "n e"], y: Float[np.ndarray, "m e"]) -> Float[np.ndarray, " n"]:
    """Cosine distance of every frame of X to the nearest frame of Y; embeddings have unit norm."""
    return np.asarray(1 - (x @ y.T).max(axis=1), dtype=np.float64)
