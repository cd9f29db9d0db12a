from __future__ import annotations

import numpy as np
import pytest

from vasot.datasets.happenings import BACKGROUND
from vasot.datasets.planted import PLANTS, Planted, plant
from vasot.datasets.synthetic import SyntheticSettings, make_dataset
from vasot.errors import DataError

MADE = make_dataset(SyntheticSettings(n_recordings=1, order_variation=0, omission=0, repetition=0, noise=0.0))
FEATURES, TRUTH = MADE.dataset.recordings[0].track.features, MADE.truth[0]


def planted(kind: str, seed: int = 0) -> Planted:
    (known,) = [each for each in PLANTS if each == kind]
    return plant(known, FEATURES, TRUTH, np.random.default_rng(seed))


def order(action: np.ndarray) -> list[int]:
    own = action[action != BACKGROUND]
    return list(own[np.r_[True, np.diff(own) != 0]])


def frames(action: np.ndarray, step: int) -> int:
    return int((action == step).sum())


@pytest.mark.parametrize("seed", range(5))
def test_a_missing_step_is_gone_and_nothing_else_is(seed: int) -> None:
    found = planted("missing", seed)

    assert order(found.action) == [step for step in range(6) if step not in found.steps]
    assert found.action.size == TRUTH.action.size - frames(TRUTH.action, found.steps[0])
    assert found.stretch[0] == found.stretch[1] == np.flatnonzero(TRUTH.action == found.steps[0])[0]


@pytest.mark.parametrize("seed", range(5))
def test_exchanged_steps_are_neighbours(seed: int) -> None:
    found = planted("order", seed)
    first, second = found.steps

    assert second == first + 1
    assert order(found.action) == [*range(first), second, first, *range(second + 1, 6)]
    assert sorted(map(tuple, found.features)) == sorted(map(tuple, FEATURES))


@pytest.mark.parametrize("seed", range(5))
def test_a_repeated_step_comes_again_elsewhere(seed: int) -> None:
    found = planted("repeated", seed)
    (step,) = found.steps

    assert order(found.action).count(step) == 2
    np.testing.assert_array_equal(found.features[slice(*found.stretch)], FEATURES[TRUTH.action == step])


@pytest.mark.parametrize(("kind", "factor"), [("slow", 2.0), ("fast", 0.5)])
def test_a_step_of_another_pace_lasts_as_much_longer(kind: str, factor: float) -> None:
    found = planted(kind)
    (step,) = found.steps

    assert frames(found.action, step) == round(factor * frames(TRUTH.action, step))
    assert frames(found.action, step) == found.stretch[1] - found.stretch[0]
    assert len(found.features) == found.action.size


def test_foreign_frames_are_as_many_as_a_usual_step_and_unlike_the_rest() -> None:
    found = planted("unmatched")
    start, end = found.stretch
    foreign, own = found.features[start:end], np.delete(found.features, slice(start, end), axis=0)

    np.testing.assert_array_equal(own, FEATURES)
    assert (found.action[start:end] == BACKGROUND).all()
    assert end - start == round(np.mean([frames(TRUTH.action, step) for step in range(6)]))
    cosine = foreign @ own.T / np.linalg.norm(foreign, axis=1)[:, None] / np.linalg.norm(own, axis=1)
    assert cosine.max() < 0.6


def test_a_recording_of_two_steps_is_refused() -> None:
    two = np.flatnonzero(TRUTH.action <= 1)
    short = type(TRUTH)(TRUTH.action[two], TRUTH.occurrence[two], TRUTH.phase[two])

    with pytest.raises(DataError, match="at least 3"):
        plant("slow", FEATURES[two], short, np.random.default_rng(0))
