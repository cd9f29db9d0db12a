from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_choices import fits
from vasot.errors import RunFolderError
from vasot.metrics.stability import ActionChoice, CountFits, choose_count
from vasot.report.actions import plot_actions, save_actions


@pytest.fixture(scope="module")
def choice() -> ActionChoice:
    return choose_count([fits(3, 0.6), fits(5, 0.1), fits(6, 0.1)], ["a"] * 6)


def test_the_title_says_what_is_recommended_how_sure_and_what_is_as_good(choice: ActionChoice) -> None:
    title = plot_actions(choice).get_title(loc="left")
    assert title == "Which number of actions is found again? 5, not sure; as good: 6"


def test_axes_and_lines_are_labelled(choice: ActionChoice) -> None:
    ax = plot_actions(choice)
    assert ax.get_ylabel() == "agreement beyond what time explains"
    assert ax.get_xlabel() == "number of actions K; below it, how many of them occur"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["3\n3", "5\n5", "6\n6"]
    legend = ax.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {
        "between seeds",
        "between halves of the recordings",
        "recommended",
        "score, 10 to 90 %",
    }


def test_the_lines_show_the_numbers_of_the_rows(choice: ActionChoice) -> None:
    lines = {str(line.get_label()): line for line in plot_actions(choice).get_lines()}
    assert np.asarray(lines["between seeds"].get_ydata()).tolist() == [row.seeds.gain for row in choice.rows]
    assert np.asarray(lines["recommended"].get_xdata()).tolist() == [5]
    assert np.asarray(lines["recommended"].get_ydata()).tolist() == [choice.row.score]


def test_without_halves_there_is_no_line_for_them() -> None:
    seeds = [CountFits(count, fits(count, 0.1).seeds) for count in (3, 4)]
    legend = plot_actions(choose_count(seeds, ["a"] * 6)).get_legend()
    assert legend is not None
    assert "between halves of the recordings" not in {text.get_text() for text in legend.get_texts()}


def test_the_picture_is_written_and_not_overwritten_unasked(choice: ActionChoice, tmp_path: Path) -> None:
    save_actions(choice, tmp_path / "actions.png")
    assert (tmp_path / "actions.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RunFolderError, match="exists already"):
        save_actions(choice, tmp_path / "actions.png")
