from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from vasot.report.palette import (
    BACKGROUND_STYLE,
    COLOURS,
    action_style,
    is_background,
    unmatched_style,
)

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colours: list[str]) -> np.ndarray:
    rgb = np.array([to_rgb(colour) for colour in colours])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = np.clip(rgb, 0, 1) @ XYZ.T / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("vision", list(VISION))
def test_any_two_colours_are_told_apart(vision: str) -> None:
    seen = lab(linear([*COLOURS, BACKGROUND_STYLE.colour, "#FFFFFF", "#000000"]) @ VISION[vision].T)
    distance = np.linalg.norm(seen[: len(COLOURS), None] - seen[None], axis=2)
    assert distance[np.eye(*distance.shape) == 0].min() >= 15


def test_over_thirty_actions_all_look_different_and_none_like_the_background() -> None:
    styles = {action_style(index) for index in range(96)}
    assert len(styles) == 96
    assert BACKGROUND_STYLE.colour not in {style.colour for style in styles}


def test_an_action_without_class_looks_like_no_class() -> None:
    classes = {action_style(index) for index in range(12)}
    loose = {unmatched_style(order, 12) for order in range(12)}
    assert len(loose) == 12
    assert not {style.colour for style in classes} & {style.colour for style in loose}
    assert {style.hatch for style in loose} == {"///"}
    assert "///" not in {action_style(index).hatch for index in range(200)}


def test_text_on_every_colour_has_readable_contrast() -> None:
    luminance = {"black": 0.0, "white": 1.0}
    for index in range(len(COLOURS)):
        style = action_style(index)
        own = float(linear([style.colour])[0] @ XYZ[1])
        bright, dark = sorted((own, luminance[style.text_colour]), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize(("name", "expected"), [("SIL", True), ("background", True), ("take_cup", False)])
def test_the_usual_names_of_background_are_known(name: str, expected: bool) -> None:
    assert is_background(name) is expected
