"""Colours of actions: the same index has the same look in every picture, for every kind of colour vision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.colors import to_rgb

__all__ = [
    "BACKGROUND_NAMES",
    "BACKGROUND_STYLE",
    "COLOURS",
    "Style",
    "action_style",
    "is_background",
    "run_styles",
    "unmatched_style",
]

COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00",
    "#F0E442", "#001FA3", "#662900", "#99FF99", "#66005C", "#147AFF",
    "#E00047", "#7A143D", "#FFA35C", "#00E099", "#0047A3", "#855270",
    "#7A99FF", "#3D703D", "#ADE0FF", "#A33D0A", "#524785", "#5CB8CC",
)  # fmt: skip
"""Seven colours of Okabe and Ito (2008), then, one at a time, the colour furthest from those before it.

Distance is that of CIELAB, the smallest of three views: normal vision (times 0.8), protanopia and deuteranopia as
simulated by Machado, Oliveira and Fernandes (2009). White, black and the grey of the background count as taken. Any two
lie at least 15 apart in every view.
"""

_HATCHES = ("", "xx", "..", "++")
"""Past the last colour the colours start again with another pattern on top."""

BACKGROUND_NAMES = frozenset({"background", "bg", "sil", "unlabelled"})
"""What data sets call the frames without an action, in lower case ("SIL" is Breakfast's silence)."""


@dataclass(frozen=True)
class Style:
    """How an action is drawn: a colour and a pattern on top of it (matplotlib's hatch, empty for none)."""

    colour: str
    hatch: str = ""

    @property
    def text_colour(self) -> str:
        """Black or white, whichever is read more easily on this colour (WCAG relative luminance)."""
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(self.colour)]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return "black" if luminance > 0.179 else "white"

    @property
    def css_background(self) -> str:
        """The same look as a value of CSS's ``background``."""
        line = f"{self.text_colour} 0 1px, transparent 1px 6px"
        patterns = {
            "": "",
            "xx": f"repeating-linear-gradient(45deg, {line}), repeating-linear-gradient(-45deg, {line}), ",
            "..": f"radial-gradient({self.text_colour} 1px, transparent 1.5px) 0 0/5px 5px, ",
            "++": f"repeating-linear-gradient(0deg, {line}), repeating-linear-gradient(90deg, {line}), ",
            "///": f"repeating-linear-gradient(-45deg, {line}), ",
        }
        return f"{patterns[self.hatch]}{self.colour}"


BACKGROUND_STYLE = Style("#D9D9D9")
"""Frames without an action: light grey, which no action has."""


def action_style(index: int) -> Style:
    """Return the look of the action or class with this index, 0 and up; 96 of them differ.

    >>> action_style(0), action_style(24)
    (Style(colour='#0072B2', hatch=''), Style(colour='#0072B2', hatch='xx'))
    """
    turn, place = divmod(index, len(COLOURS))
    return Style(COLOURS[place], _HATCHES[turn % len(_HATCHES)])


def unmatched_style(order: int, n_classes: int) -> Style:
    """Return the look of the ``order``-th action that stands for no class: diagonal lines, and no class's colour.

    Where classes and actions are more than the colours there are, colours recur, but never with these lines.
    """
    return Style(action_style(n_classes + order).colour, "///")


def run_styles(action_names: Sequence[str], colours: Mapping[int, str]) -> tuple[Style, ...]:
    """The looks of a run's actions: the colours that people gave, else grey for a background, else the palette's.

    >>> run_styles(("background", "lift", "lower"), {2: "#123456"})[1:]
    (Style(colour='#E69F00', hatch=''), Style(colour='#123456', hatch=''))
    """
    return tuple(
        Style(colours[action])
        if action in colours
        else BACKGROUND_STYLE
        if is_background(name)
        else action_style(action)
        for action, name in enumerate(action_names)
    )


def is_background(name: str) -> bool:
    """Tell whether a class of this name is the absence of an action."""
    return name.lower() in BACKGROUND_NAMES
