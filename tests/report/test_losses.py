from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vasot.errors import DataError
from vasot.report.losses import plot_losses, read_losses


def test_every_column_of_the_table_is_a_line_and_held_out_ones_are_dashed(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    table.write_text("epoch,loss,align,valid_loss\n1,3.5,2.0,4.0\n2,2.5,1.5,3.0\n")
    losses = read_losses(table)
    assert losses == {"loss": (3.5, 2.5), "align": (2.0, 1.5), "valid_loss": (4.0, 3.0)}
    lines = {str(line.get_label()): line for line in plot_losses(losses).lines}
    assert list(lines) == ["loss", "align", "loss, held out"]
    assert np.asarray(lines["loss"].get_ydata()).tolist() == [3.5, 2.5]
    assert np.asarray(lines["loss"].get_xdata()).tolist() == [1, 2]
    assert lines["loss, held out"].get_linestyle() == "--"
    assert lines["loss, held out"].get_color() == lines["loss"].get_color() != lines["align"].get_color()


def test_a_run_without_a_table_has_no_losses_and_none_are_drawn(tmp_path: Path) -> None:
    assert read_losses(tmp_path / "metrics.csv") == {}
    with pytest.raises(DataError, match="no losses to draw"):
        plot_losses({})


def test_a_table_that_was_changed_into_something_else_is_named(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    table.write_text("epoch,loss\n1,small\n")
    with pytest.raises(DataError, match=r"metrics\.csv is no table of losses"):
        read_losses(table)
