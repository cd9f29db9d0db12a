from __future__ import annotations

import numpy as np
import pytest

from made_data import noise
from vasot.decoding.path import monotone_path
from vasot.metrics.consistency import Consistency, Ring, consistency, sample_rings
from vasot.types import UNMATCHED, Alignment, Track


def alignment(matches: np.ndarray, m: int) -> Alignment:
    """An alignment with these matches, and the path that their plan gives."""
    plan = np.full((matches.size, m), 1e-6)
    found = np.flatnonzero(matches != UNMATCHED)
    plan[found, matches[found]] = 1.0
    ones = np.ones(matches.size)
    return Alignment("x", "y", matches, ones, monotone_path(plan), plan, np.zeros(m, bool))


def by_time(x: Track, y: Track) -> Alignment:
    return alignment(np.arange(x.n_frames) * y.n_frames // x.n_frames, y.n_frames)


def found(rings: tuple[Ring, ...]) -> Consistency:
    result = consistency(rings)
    assert result is not None
    return result


def tracks(n: int, n_frames: int = 60) -> list[Track]:
    return [noise(f"r{index}", n_frames + 10 * index, seed=index) for index in range(n)]


def test_alignments_by_relative_time_agree_with_themselves_in_everything() -> None:
    rings = sample_rings(tracks(7), by_time)
    figures = found(rings)
    assert figures.matched == 1
    assert figures.cycle == 1
    assert figures.closed == 1
    assert figures.on_path == 1
    assert figures.order == pytest.approx(1, abs=0.01)
    assert (figures.ring_size, figures.n_rings, figures.n_alignments) == (3, 5, 15)


def test_matches_at_random_come_back_as_often_as_the_report_says() -> None:
    generator = np.random.default_rng(0)

    def at_random(x: Track, y: Track) -> Alignment:
        return alignment(generator.integers(0, y.n_frames, x.n_frames), y.n_frames)

    figures = found(sample_rings(tracks(9, 300), at_random))
    assert figures.cycle is not None
    assert figures.on_path is not None
    assert figures.order is not None
    assert 0.05 < figures.cycle < 0.15
    assert figures.on_path < 0.5
    assert abs(figures.order) < 0.1


def test_a_ring_closes_only_where_every_frame_has_a_counterpart() -> None:
    def half(x: Track, y: Track) -> Alignment:
        matches = np.arange(x.n_frames)
        matches[: x.n_frames // 2] = UNMATCHED
        return alignment(matches, y.n_frames)

    figures = found(sample_rings([noise(name, 40) for name in "abc"], half))
    assert figures.matched == 0.5
    assert figures.closed == 0.5
    assert figures.cycle == 1

    def none(x: Track, y: Track) -> Alignment:
        return alignment(np.full(x.n_frames, UNMATCHED), y.n_frames)

    nothing = found(sample_rings([noise(name, 40) for name in "abc"], none))
    assert (nothing.matched, nothing.cycle, nothing.closed, nothing.on_path, nothing.order) == (0, None, 0, None, None)


def test_a_shift_of_a_tenth_in_one_alignment_opens_every_ring() -> None:
    def shifted(x: Track, y: Track) -> Alignment:
        shift = 6 if x.name == "a" else 0
        return alignment(np.minimum(np.arange(x.n_frames) + shift, y.n_frames - 1), y.n_frames)

    figures = found(sample_rings([noise(name, 60) for name in "abc"], shifted))
    assert figures.cycle is not None
    # Frames at the end are held back by it.
    assert figures.cycle < 0.1


def test_rings_are_of_one_activity_and_of_different_recordings() -> None:
    mixed = [noise(f"r{index}", 20, activity="ab"[index % 2]) for index in range(8)]
    rings = sample_rings(mixed, by_time, most_rings=4)
    assert len({frozenset(ring.members) for ring in rings}) == len(rings) == 4
    for ring in rings:
        assert len(set(ring.members)) == 3
        assert len({mixed[index].activity for index in ring.members}) == 1


def test_two_recordings_make_a_ring_and_one_makes_none() -> None:
    (ring,) = sample_rings(tracks(2), by_time)
    assert sorted(ring.members) == [0, 1]
    assert len(ring.alignments) == 2
    assert sample_rings(tracks(1), by_time) == ()
    assert sample_rings([noise("x", 20, activity="a"), noise("y", 20, activity="b")], by_time) == ()
    assert consistency(()) is None


def test_long_recordings_are_thinned_and_the_draw_follows_the_seed() -> None:
    long = [noise(f"r{index}", length) for index, length in enumerate((90, 100, 101))]
    (ring,) = sample_rings(long, by_time, most_frames=50)
    assert [long[index].n_frames for index in ring.members] == pytest.approx([90, 100, 101], abs=11)
    assert sorted(zip(ring.members, ring.strides, strict=True)) == [(0, 2), (1, 2), (2, 3)]
    assert max(each.matches.size for each in ring.alignments) <= 50
    many = tracks(12)
    assert [ring.members for ring in sample_rings(many, by_time, seed=3)] == [
        ring.members for ring in sample_rings(many, by_time, seed=3)
    ]
