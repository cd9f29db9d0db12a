from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vasot.errors import DataError, RunFolderError
from vasot.report import embedding
from vasot.report.embedding import Projection, plot_by_phase, plot_by_time, project, save_embedding
from vasot.report.palette import BACKGROUND_STYLE, action_style

CLASSES = ("background", "lift", "lower")


def placed() -> Projection:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return Projection(points, np.array([0.0, 0.4, 0.6, 1.0]), np.array([0, 1, 2, -1]), "PCA", 4)


def test_pca_finds_the_plane_in_which_frames_lie() -> None:
    generator = np.random.default_rng(0)
    plane, axes = generator.standard_normal((40, 2)), np.linalg.qr(generator.standard_normal((5, 2)))[0]
    pca, tsne = project([plane[:15] @ axes.T, plane[15:] @ axes.T], [np.zeros(15, int), np.ones(25, int)])
    assert pca.title == "PCA: the axes keep 100% of the variance"
    distances = np.linalg.norm(pca.points[:, None] - pca.points, axis=2)
    np.testing.assert_allclose(distances, np.linalg.norm(plane[:, None] - plane, axis=2), atol=1e-9)
    assert pca.phases.tolist() == [0] * 15 + [1] * 25
    np.testing.assert_allclose(pca.time[[0, 14, 15, 39]], [0.5 / 15, 14.5 / 15, 0.5 / 25, 24.5 / 25])
    assert tsne.title == "t-SNE"
    assert tsne.points.shape == (40, 2)


def test_t_sne_keeps_apart_what_lies_far_apart() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1], 40)
    far = np.eye(4)[groups] + 0.01 * generator.standard_normal((80, 4))
    _, tsne = project([far], [groups])
    distances = np.linalg.norm(tsne.points[:, None] - tsne.points, axis=2) + 1e9 * np.eye(80)
    assert (groups[distances.argmin(axis=1)] == groups).all()


def test_many_frames_are_drawn_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_MOST_POINTS", 30)
    frames = np.random.default_rng(0).standard_normal((50, 3))
    first, again, other = (project([frames], [np.arange(50)], seed)[0] for seed in (0, 0, 1))
    assert len(first.points) == 30
    assert first.n_frames == 50
    assert first.phases.tolist() == again.phases.tolist() != other.phases.tolist()


@pytest.mark.parametrize("frames", [np.zeros((5, 3)), np.arange(5.0)[:, None]])
def test_collapsed_and_single_dimensions_can_be_drawn(frames: np.ndarray) -> None:
    pca, tsne = project([frames], [np.zeros(5, int)])
    assert np.isfinite(pca.points).all()
    assert np.isfinite(tsne.points).all()


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(DataError, match="2 frames cannot be placed"):
        project([np.zeros((2, 3))], [np.zeros(2, int)])
    with pytest.raises(DataError, match="different numbers of frames"):
        project([np.zeros((4, 3))], [np.zeros(3, int)])


def test_phases_have_the_colours_of_timelines_and_background_is_grey() -> None:
    ax = plot_by_phase(placed(), CLASSES, exclude=(2,))
    found = {
        tuple(np.asarray(dots.get_offsets())[0].tolist()): to_hex(np.asarray(dots.get_facecolor())[0]).upper()
        for dots in ax.collections
    }
    grey = BACKGROUND_STYLE.colour
    assert found == {(0.0, 0.0): grey, (1.0, 0.0): action_style(1).colour, (0.0, 1.0): grey, (1.0, 1.0): grey}
    legend = ax.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {"background", "lift", "lower", "no phase"}


def test_time_runs_from_one_end_of_the_colours_to_the_other() -> None:
    ax = plot_by_time(placed())
    (dots,) = ax.collections
    values = dots.get_array()
    assert values is not None
    assert values.tolist() == [0.0, 0.4, 0.6, 1.0]
    assert dots.get_clim() == (0, 1)


def test_a_picture_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save_embedding([placed()], CLASSES, tmp_path / "e.png")
    with pytest.raises(RunFolderError, match="exists already"):
        save_embedding([placed()], CLASSES, tmp_path / "e.png")
    save_embedding([placed(), placed()], CLASSES, tmp_path / "e.png", force=True)
