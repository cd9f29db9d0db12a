from __future__ import annotations

from pathlib import Path

from matplotlib.image import imread

from vasot.report.curves import Curve, plot_curves, save_curves

CURVES = [
    Curve("tau", (0.01, 0.02, 0.04), (60.0, 70.0, 65.0), (1.0, 2.0, 0.0)),
    Curve("f1", (0.01, 0.02), (40.0, 45.0), (0.0, 0.0)),
]


def test_every_metric_is_a_line_with_its_deviations() -> None:
    ax = plot_curves(CURVES, "radius")
    found = {str(each.get_label()): each for each in ax.containers}
    assert set(found) == {"tau", "f1"}
    line, caps, _ = found["tau"]
    assert line.get_xydata().tolist() == [[0.01, 60.0], [0.02, 70.0], [0.04, 65.0]]
    assert [caps[index].get_ydata().tolist() for index in (0, 1)] == [[59.0, 68.0, 65.0], [61.0, 72.0, 65.0]]
    # One seed has no spread, and no bars that say it is nothing.
    assert found["f1"][1:] == ((), ())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("radius", "percent")


def test_the_default_and_the_papers_best_are_marked() -> None:
    legend = plot_curves(CURVES, "radius", default=0.04, paper_best=0.02).get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert said[:2] == ["default, 0.04", "best in the paper, 0.02"]
    plain = plot_curves(CURVES, "radius").get_legend()
    assert plain is not None
    assert len(plain.get_texts()) == 2


def test_ticks_are_the_values_that_were_measured() -> None:
    ax = plot_curves(CURVES, "radius")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.01", "0.02", "0.04"]


def test_values_of_different_size_are_spread_by_a_logarithm_and_zero_stays_in_sight() -> None:
    wide = Curve("tau", (0.01, 0.02, 0.16), (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))
    from_zero = Curve("tau", (0.0, 0.02, 0.16), (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))
    assert plot_curves([wide], "radius").get_xscale() == "log"
    assert plot_curves([from_zero], "radius").get_xscale() == plot_curves(CURVES, "radius").get_xscale() == "linear"


def test_the_picture_is_written_and_replaced_only_by_force(tmp_path: Path) -> None:
    save_curves(CURVES, "radius", tmp_path / "curve.png", title="vasot on utkinect")
    assert imread(tmp_path / "curve.png").std() > 0
    save_curves(CURVES, "radius", tmp_path / "curve.png", force=True)
