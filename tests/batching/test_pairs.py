from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from vasot.batching.clips import ClipBatch
from vasot.batching.pairs import EpochBatches, draw_pairs
from vasot.errors import DataError

ACTIVITIES = ("tea", "tea", "milk", "tea", "milk")


def batches(paired: bool, *, frames: int = 4, size: int = 2, seed: int = 0) -> EpochBatches:
    """Recording i has 3 + i frames, all of value i + 1."""
    features = [np.full((3 + index, 2), index + 1.0, np.float32) for index in range(len(ACTIVITIES))]
    generator = np.random.default_rng(seed)
    return EpochBatches(
        features, ACTIVITIES, paired=paired, frames_per_clip=frames, clips_per_step=size, generator=generator
    )


def recordings(batch: ClipBatch) -> tuple[list[int], list[int]]:
    first = (batch.x.features[:, 0, 0] - 1).int().tolist()
    return first, [] if batch.y is None else (batch.y.features[:, 0, 0] - 1).int().tolist()


@pytest.mark.parametrize("seed", range(20))
def test_every_recording_is_x_once_with_another_one_of_its_activity(seed: int) -> None:
    pairs = draw_pairs(ACTIVITIES, np.random.default_rng(seed))
    assert sorted(x for x, _ in pairs) == list(range(len(ACTIVITIES)))
    assert all(x != y and ACTIVITIES[x] == ACTIVITIES[y] for x, y in pairs)


def test_every_partner_is_drawn_about_as_often_as_the_others() -> None:
    generator = np.random.default_rng(0)
    partners = Counter(y for _ in range(900) for x, y in draw_pairs(["a"] * 4, generator) if x == 0)
    assert set(partners) == {1, 2, 3}
    assert min(partners.values()) > 250


def test_order_changes_from_epoch_to_epoch() -> None:
    generator = np.random.default_rng(0)
    assert len({tuple(draw_pairs(ACTIVITIES, generator)) for _ in range(10)}) > 5


def test_an_activity_with_a_single_recording_is_named() -> None:
    with pytest.raises(DataError, match=r"activity 'milk' has one recording.*--method asot"):
        draw_pairs(["tea", "milk", "tea"], np.random.default_rng(0))


@pytest.mark.parametrize("paired", [True, False])
def test_an_epoch_holds_every_recording_once_in_batches_of_the_size_asked_for(paired: bool) -> None:
    made = batches(paired)
    epoch = list(made)
    assert [len(batch.x.lengths) for batch in epoch] == [2, 2, 1]
    assert len(made) == len(epoch)
    assert sorted(index for batch in epoch for index in recordings(batch)[0]) == [0, 1, 2, 3, 4]
    for batch in epoch:
        x, y = recordings(batch)
        assert [ACTIVITIES[index] for index in y] == ([ACTIVITIES[index] for index in x] if paired else [])


def test_a_clip_has_as_many_frames_as_asked_for_or_as_there_are() -> None:
    for batch in batches(True, frames=4):
        assert batch.y is not None
        for clips, names in zip((batch.x, batch.y), recordings(batch), strict=True):
            assert clips.lengths.tolist() == [min(4, 3 + index) for index in names]


def test_the_next_epoch_goes_on_with_the_draws_of_the_last() -> None:
    made = batches(True)
    one, two = list(made), list(made)
    assert [recordings(batch) for batch in one] != [recordings(batch) for batch in two]
    again = batches(True)
    for batch, same in zip([*one, *two], [*again, *again], strict=True):
        assert torch.equal(batch.x.features, same.x.features)
