from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.image import imread

from vasot.decoding import matches_from_plan, monotone_path
from vasot.errors import RunFolderError
from vasot.report import plot_plan, save_plan
from vasot.report.plan import max_pool
from vasot.types import Alignment


def aligned(extended: np.ndarray, **times: Any) -> Alignment:
    matches, confidence, unmatched_y = matches_from_plan(extended, virtual=True)
    plan = extended[:-1, :-1]
    return Alignment("first", "second", matches, confidence, monotone_path(plan), plan, unmatched_y, **times)


def with_gaps(n: int = 50, m: int = 40) -> np.ndarray:
    """Frames 10..19 of X and 30..34 of Y have no counterpart; the others lie on the even path."""
    plan = np.zeros((n + 1, m + 1))
    plan[np.arange(n), np.arange(n) * m // n] = 1.0
    plan[10:20, :m] *= 0.01
    plan[10:20, m] = 1.0
    plan[:n, 30:35] *= 0.2
    plan[n, 30:35] = 1.0
    return plan


def mesh_of(ax: Axes) -> QuadMesh:
    return next(artist for artist in ax.collections if isinstance(artist, QuadMesh))


def corners_of(ax: Axes) -> np.ndarray:
    return np.asarray(mesh_of(ax).get_coordinates())


def values_of(ax: Axes) -> np.ndarray:
    return np.asarray(mesh_of(ax).get_array()).reshape(corners_of(ax).shape[0] - 1, -1)


def test_x_runs_to_the_right_and_y_upwards() -> None:
    plan = np.zeros((4, 6))
    plan[:3, :5] = 0.001
    plan[0, 4] = plan[1, 0] = plan[2, 0] = 1.0
    ax = plot_plan(aligned(plan))
    assert values_of(ax).shape == (5, 3)
    assert values_of(ax)[4, 0] > 0.9
    assert ax.get_xlabel() == "X: first (frame)"
    assert ax.get_ylabel() == "Y: second (frame)"
    assert not ax.yaxis_inverted()


def test_a_thin_ridge_survives_the_reduction() -> None:
    plan = np.zeros((1301, 1701))
    plan[np.arange(1300), np.arange(1300)] = 1.0
    ax = plot_plan(aligned(plan))
    values = values_of(ax)
    assert max(values.shape) <= 300
    assert (values.max(axis=0) == 1.0).all()
    assert ax.get_xlim() == (0, 1300)
    assert ax.get_ylim() == (0, 1700)


@given(
    n=st.integers(1, 20),
    m=st.integers(1, 20),
    factor_x=st.integers(1, 7),
    factor_y=st.integers(1, 7),
    seed=st.integers(0, 99),
)
def test_pooling_takes_the_largest_value_of_each_block(n: int, m: int, factor_x: int, factor_y: int, seed: int) -> None:
    values = np.random.default_rng(seed).random((n, m))
    pooled = max_pool(values, factor_x, factor_y)
    assert pooled.shape == (-(-n // factor_x), -(-m // factor_y))
    for i, j in np.ndindex(pooled.shape):
        block = values[i * factor_x : (i + 1) * factor_x, j * factor_y : (j + 1) * factor_y]
        assert pooled[i, j] == block.max()


def test_frames_with_little_mass_stay_pale() -> None:
    values = values_of(plot_plan(aligned(with_gaps())))
    assert values[:, 10:20].max() < 0.05
    assert values[:, 40:].max() == 1.0
    assert values[:, :10].min(axis=0).max() == 0.0


def test_unmatched_frames_are_marked_along_the_edges() -> None:
    alignment = aligned(with_gaps())
    ax = plot_plan(alignment)
    edges = [
        artist.get_paths()[0].get_extents()
        for artist in ax.collections
        if isinstance(artist, PolyCollection) and not artist.get_clip_on()
    ]
    assert [(box.x0, box.x1) for box in edges if box.y0 > 1 and box.y1 < 1.1] == [(10, 20)]
    assert [(box.y0, box.y1) for box in edges if box.x0 > 1 and box.x1 < 1.1] == [(30, 35)]
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_texts()[1].get_text() == "no counterpart: 10 frames of X, 5 of Y"


def test_the_path_is_drawn_through_the_middle_of_its_frames() -> None:
    alignment = aligned(with_gaps(), times_x=np.arange(50) / 10, times_y=np.arange(40) / 5)
    line = plot_plan(alignment).lines[0]
    np.testing.assert_allclose(np.asarray(line.get_xdata()), alignment.path[:, 0] / 10 + 0.05)
    np.testing.assert_allclose(np.asarray(line.get_ydata()), alignment.path[:, 1] / 5 + 0.1)


def test_uneven_times_are_drawn_where_they_are() -> None:
    times = np.array([0.0, 1.0, 10.0])
    ax = plot_plan(aligned(np.eye(4), times_x=times))
    assert corners_of(ax)[0, :, 0].tolist() == [0, 1, 10, 19]
    assert ax.get_xlabel() == "X: first (s)"
    assert ax.get_ylabel() == "Y: second (frame)"


@pytest.mark.parametrize("extended", [np.ones((2, 2)), np.pad(np.zeros((3, 3)), ((0, 1), (0, 1)), constant_values=1.0)])
def test_a_single_frame_and_a_plan_without_real_mass_can_be_drawn(extended: np.ndarray, tmp_path: Path) -> None:
    save_plan(aligned(extended), tmp_path / "a.png")
    assert imread(tmp_path / "a.png").std() > 0


def test_nothing_is_cut_off_at_the_border_of_the_plan_picture(tmp_path: Path) -> None:
    save_plan(aligned(with_gaps()), tmp_path / "a.png")
    picture = imread(tmp_path / "a.png")[..., :3]
    for border in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (border == 1.0).all()


def test_a_picture_of_a_plan_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("mine")
    with pytest.raises(RunFolderError, match="--force"):
        save_plan(aligned(np.eye(4)), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_text() == "mine"


@pytest.mark.parametrize("peak", [0.0537, 0.0753, 0.1021, 0.55, 1.0])
def test_the_labels_of_the_colour_bar_never_overlap(peak: float) -> None:
    extended = with_gaps()
    extended[:-1, :-1] = peak * extended[:-1, :-1] + (1 - peak) / extended.shape[1]
    figure = plot_plan(aligned(extended)).get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    labels = [label for label in figure.axes[-1].get_yticklabels() if label.get_text()]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert len(boxes) == 5
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))
