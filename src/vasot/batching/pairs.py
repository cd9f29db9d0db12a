"""Which recordings meet in a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Shaped
from torch.utils.data import IterableDataset

from vasot.batching.clips import ClipBatch, Rows, pad_clips, sample_uniform
from vasot.errors import DataError

__all__ = ["EpochBatches", "draw_pairs"]


def draw_pairs(activities: Sequence[str], generator: np.random.Generator) -> list[tuple[int, int]]:
    """Every recording once as X, in random order, with another recording of the same activity as Y.

    Raises:
        DataError: an activity with a single recording, which has no partner.
    """
    members: dict[str, list[int]] = {}
    for index, activity in enumerate(activities):
        members.setdefault(activity, []).append(index)
    for activity, indices in members.items():
        if len(indices) < 2:
            raise DataError(
                f"activity '{activity}' has one recording; alignment needs at least two of an activity: add another, "
                "or use --method asot, which segments without aligning"
            )
    pairs = []
    for x in generator.permutation(len(activities)):
        others = [index for index in members[activities[x]] if index != x]
        pairs.append((int(x), others[int(generator.integers(len(others)))]))
    return pairs


class EpochBatches(IterableDataset[ClipBatch]):
    """One epoch: every recording once, in batches, with frames drawn anew.

    Args:
        features: the rows of each recording, ready for the encoder.
        activities: of each recording.
        paired: whether each clip gets a partner.
        frames_per_clip: frames drawn of each recording.
        clips_per_step: pairs (or single clips) in a batch; the last batch may be smaller.
        generator: draws order, partners and frames; its state moves on from epoch to epoch.
        augment: changes the rows drawn for a clip, by draws of the generator.
    """

    def __init__(
        self,
        features: Sequence[Rows],
        activities: Sequence[str],
        *,
        paired: bool,
        frames_per_clip: int,
        clips_per_step: int,
        generator: np.random.Generator,
        augment: Callable[[Shaped[np.ndarray, "s d"], np.random.Generator], Shaped[np.ndarray, "s d"]] | None = None,
    ) -> None:
        self._augment = augment
        self._features = features
        self._activities = activities
        self._paired = paired
        self._frames = frames_per_clip
        self._size = clips_per_step
        self._generator = generator

    def __len__(self) -> int:
        return -(-len(self._features) // self._size)

    def __iter__(self) -> Iterator[ClipBatch]:
        generator = self._generator
        if self._paired:
            pairs = draw_pairs(self._activities, generator)
        else:
            pairs = [(int(x), -1) for x in generator.permutation(len(self._features))]
        for start in range(0, len(pairs), self._size):
            batch = pairs[start : start + self._size]
            x = pad_clips([self._draw(index) for index, _ in batch])
            y = pad_clips([self._draw(index) for _, index in batch]) if self._paired else None
            yield ClipBatch(x, y)

    def _draw(self, index: int) -> Shaped[np.ndarray, "s d"]:
        features = self._features[index]
        rows = np.asarray(features[sample_uniform(len(features), self._frames, self._generator)])
        return rows if self._augment is None else self._augment(rows, self._generator)
