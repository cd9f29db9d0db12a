from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread

from vasot.errors import DataError, RunFolderError, VasotError
from vasot.report import action_style, plot_corpus_timeline, plot_timeline, save_corpus_timeline, save_timeline
from vasot.report.figure import new_axes, plain_text
from vasot.report.palette import BACKGROUND_STYLE, unmatched_style
from vasot.types import Segmentation

CLASSES = ("SIL", "take_cup", "pour_coffee")
TRUTH = np.repeat([0, 1, 2, 0], [10, 30, 40, 20])


def found(labels: np.ndarray | None = None, name: str = "P03", rate: float | None = 10.0, k: int = 4) -> Segmentation:
    kept = np.repeat([3, 1, 0, 2], [10, 30, 40, 20]) if labels is None else labels
    times = None if rate is None else np.arange(kept.size) / rate
    return Segmentation(name, kept, np.ones(kept.size), k, tuple(f"action {i}" for i in range(k)), times)


MATCHING = [2, 1, -1, 0]


def bars(ax: Axes, bottom: float) -> dict[str, list[tuple[float, float]]]:
    """Colour -> (start, end) of the bars whose lower edge is at this height."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for collection in ax.collections:
        assert isinstance(collection, PolyCollection)
        for path in collection.get_paths():
            box = path.get_extents()
            if abs(box.y0 - bottom) < 1e-9:
                colour = to_hex(np.asarray(collection.get_facecolor())[0]).upper()
                spans.setdefault(colour, []).append((round(box.x0, 6), round(box.x1, 6)))
    return spans


def legend_texts(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_a_matched_action_has_the_colour_and_the_place_of_its_class() -> None:
    ax = plot_timeline(found(), TRUTH, CLASSES, MATCHING)
    cup, coffee = action_style(1).colour, action_style(2).colour
    assert bars(ax, 1.3) == {BACKGROUND_STYLE.colour: [(0, 1), (8, 10)], cup: [(1, 4)], coffee: [(4, 8)]}
    loose = unmatched_style(0, 3).colour
    assert bars(ax, 0.0) == {BACKGROUND_STYLE.colour: [(0, 1)], cup: [(1, 4)], coffee: [(4, 8)], loose: [(8, 10)]}
    assert legend_texts(ax) == ["0  SIL", "1  take_cup", "2  pour_coffee", "a2  action 2 (no class)"]


def test_differences_are_marked_and_counted() -> None:
    ax = plot_timeline(found(), TRUTH, CLASSES, MATCHING)
    assert bars(ax, 1.05) == {"#000000": [(8, 10)]}
    assert ax.get_title(loc="left") == "P03: 80% of 100 frames agree with the ground truth"


def test_excluded_classes_are_neither_right_nor_wrong() -> None:
    ax = plot_timeline(found(), TRUTH, CLASSES, MATCHING, exclude=(0,))
    assert bars(ax, 1.05) == {}
    assert ax.get_title(loc="left") == "P03: 100% of 70 frames agree with the ground truth"
    assert legend_texts(ax)[0] == "0  SIL (not scored)"


def test_frames_without_a_label_are_left_blank_and_not_counted() -> None:
    truth = np.where(np.arange(100) < 10, -1, TRUTH)
    ax = plot_timeline(found(), truth, CLASSES, MATCHING)
    assert min(start for spans in bars(ax, 1.3).values() for start, _ in spans) == 1.0
    assert "78% of 90 frames" in ax.get_title(loc="left")


def test_without_a_matching_nothing_is_called_right_or_wrong() -> None:
    ax = plot_timeline(found(), TRUTH, CLASSES)
    assert ax.get_title(loc="left") == "P03"
    assert bars(ax, 1.05) == {}
    assert not set(bars(ax, 0.0)) & set(bars(ax, 1.3))


def test_actions_named_as_the_classes_need_no_matching() -> None:
    named = Segmentation("P03", TRUTH, np.ones(100), 3, CLASSES)
    ax = plot_timeline(named, TRUTH, CLASSES)
    assert bars(ax, 0.0) == bars(ax, 1.3)
    assert "100% of 100 frames" in ax.get_title(loc="left")


def test_without_truth_actions_have_their_own_colours_and_names() -> None:
    ax = plot_timeline(found())
    assert set(bars(ax, 0.0)) == {action_style(index).colour for index in range(4)}
    assert legend_texts(ax) == [f"{index}  action {index}" for index in range(4)]


@pytest.mark.parametrize(
    ("rate", "n_frames", "label", "end"), [(None, 100, "frame", 100), (10.0, 100, "s", 10), (0.5, 100, "min:s", 200)]
)
def test_time_is_in_seconds_where_the_rate_is_known(rate: float | None, n_frames: int, label: str, end: float) -> None:
    ax = plot_timeline(found(np.zeros(n_frames, dtype=np.int64), rate=rate))
    assert ax.get_xlabel() == f"time ({label})"
    assert ax.get_xlim() == (0, end)


def test_it_draws_on_the_axes_it_is_given() -> None:
    ax = new_axes(4.0, 2.0)
    assert plot_timeline(found(), TRUTH, CLASSES, MATCHING, ax=ax) is ax
    assert plot_corpus_timeline([found()], ax=new_axes(4.0, 2.0)).get_title(loc="left") == "1 recording"


def test_nothing_is_left_in_global_state() -> None:
    plot_timeline(found())
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


@pytest.mark.parametrize("name", ["cost_$5_and_$6", "_hidden", "x" * 300, "a\\b{c}^d"])
def test_any_name_can_be_printed(name: str, tmp_path: Path) -> None:
    named = Segmentation(name, TRUTH, np.ones(100), 3, (name, "b", "c"))
    save_timeline(named, tmp_path / "a.png")
    save_corpus_timeline([named], tmp_path / "b.png")


def test_a_very_long_name_is_shortened_in_the_middle() -> None:
    assert plain_text("a" * 100 + "b" * 100, most=10) == "aaaa…bbbb"


@pytest.mark.parametrize("n_actions", [1, 7, 40])
def test_nothing_is_cut_off_at_the_border_of_the_picture(n_actions: int, tmp_path: Path) -> None:
    labels = np.arange(400) * n_actions // 400
    save_timeline(found(labels, k=n_actions), tmp_path / "a.png")
    picture = imread(tmp_path / "a.png")[..., :3]
    for border in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (border == 1.0).all()


def test_a_single_frame_can_be_drawn(tmp_path: Path) -> None:
    save_timeline(found(np.array([2])), tmp_path / "a.png", np.array([1]), CLASSES, MATCHING)


def test_a_page_has_every_recording_first_on_top() -> None:
    pair = [found(name="one"), found(name="two", labels=np.repeat([1, 0], 25))]
    ax = plot_corpus_timeline(pair, [TRUTH, TRUTH[:50]], CLASSES, [MATCHING, MATCHING])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["one", "two"]
    assert ax.yaxis_inverted()
    assert ax.get_xlim() == (0, 10)
    assert bars(ax, 1.02) == {action_style(1).colour: [(0, 2.5)], action_style(2).colour: [(2.5, 5)]}
    assert bars(ax, 0.6) == {
        BACKGROUND_STYLE.colour: [(0, 1)],
        action_style(1).colour: [(1, 4)],
        action_style(2).colour: [(4, 5)],
    }


def test_an_action_without_class_looks_the_same_in_every_recording() -> None:
    matchings = [[0, 1, -1, -1], [0, 1, 2, -1]]
    only_last = np.full(100, 3)
    ax = plot_corpus_timeline([found(only_last)] * 2, [TRUTH] * 2, CLASSES, matchings)
    assert list(bars(ax, 0.02)) == list(bars(ax, 1.02))


def test_a_page_counts_in_frames_where_one_rate_is_not_known() -> None:
    ax = plot_corpus_timeline([found(), found(rate=None)])
    assert ax.get_xlabel() == "time (frame)"
    assert ax.get_xlim() == (0, 100)


def test_a_page_of_too_many_recordings_says_what_it_leaves_out() -> None:
    ax = plot_corpus_timeline([found(np.array([0, 1]))] * 530)
    assert ax.get_title(loc="left") == "the first 500 of 530 recordings"
    assert len(ax.get_yticklabels()) == 500


def test_many_recordings_become_thinner_and_their_bars_lose_the_text_that_would_not_fit() -> None:
    few, many = (plot_corpus_timeline([found(np.repeat([0, 1], 9))] * count) for count in (3, 300))
    assert len(few.texts) == 6
    assert not many.texts
    figure = many.get_figure(root=True)
    assert figure is not None
    assert figure.get_figheight() < 45
    small, usual = (float(ax.get_yticklabels()[0].get_fontsize()) for ax in (many, few))
    assert small < usual


@pytest.mark.parametrize(
    ("truth", "matching", "message"),
    [(TRUTH[:50], MATCHING, "100 frames were labelled but the ground truth has 50"), (TRUTH, [0, 1], "matching of 2")],
)
def test_lengths_that_do_not_fit_are_refused(truth: np.ndarray, matching: list[int], message: str) -> None:
    with pytest.raises(DataError, match=f"'P03'.*{message}"):
        plot_timeline(found(), truth, CLASSES, matching)


def test_a_page_needs_one_of_each_per_recording() -> None:
    with pytest.raises(DataError, match="at least one recording"):
        plot_corpus_timeline([])
    with pytest.raises(DataError, match="2 segmentations, 1 ground truths"):
        plot_corpus_timeline([found()] * 2, [TRUTH])


def test_a_picture_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save_timeline(found(), tmp_path / "a.png")
    with pytest.raises(RunFolderError, match="--force"):
        save_timeline(found(), tmp_path / "a.png")
    save_timeline(found(), tmp_path / "a.png", force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_suffix_chooses_the_format(suffix: str, tmp_path: Path) -> None:
    save_timeline(found(), tmp_path / f"a{suffix}")
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert (tmp_path / f"a{suffix}").read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["a.gif2", "a"])
def test_a_format_without_a_writer_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(VasotError, match=r"ends in \.png, \.svg or \.pdf"):
        save_timeline(found(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_new_axes_belong_to_a_figure_of_the_size_asked_for() -> None:
    figure = new_axes(4.0, 3.0).get_figure()
    assert isinstance(figure, Figure)
    assert figure.get_size_inches().tolist() == [4.0, 3.0]


@pytest.mark.data
def test_real_ground_truth_drawn_as_its_own_prediction_agrees_everywhere(data_root: Path, tmp_path: Path) -> None:
    truths, names = [], []
    for file in sorted((data_root / "breakfast_coffee" / "groundTruth").iterdir()):
        truths.append(file.read_text().split())
        names.append(file.name)
    classes = tuple(sorted({name for truth in truths for name in truth}))
    labels = [np.array([classes.index(name) for name in truth]) for truth in truths]
    segmentations = [
        Segmentation(name, label, np.ones(label.size), len(classes), classes, np.arange(label.size) / 15)
        for name, label in zip(names, labels, strict=True)
    ]
    first = plot_timeline(segmentations[0], labels[0], classes)
    assert f"100% of {labels[0].size} frames" in first.get_title(loc="left")
    save_corpus_timeline(segmentations, tmp_path / "all.png", labels, classes)
    assert imread(tmp_path / "all.png").std() > 0.1
