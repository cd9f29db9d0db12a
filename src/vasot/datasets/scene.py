"""A drawn workbench seen from above: a hand works on a board with tools, and now and then something else goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float, UInt8

__all__ = ["DISTRACTORS", "HEIGHT", "STEPS", "WIDTH", "Distractor", "Look", "Work", "draw_bench", "tool_point"]

HEIGHT, WIDTH = 240, 320
"""Size of a picture, in pixels."""

STEPS = ("saw", "hammer", "screw", "paint", "wipe", "pour")
"""What the hand does, in the usual order."""

DISTRACTORS = ("ball", "cat", "paper", "scratch")
"""What is seen while no step goes on."""

_REACH = 0.12
"""Share of a step in which the hand comes, and again in which it leaves."""

Image = UInt8[np.ndarray, "h w 3"]
Point = tuple[float, float]
Colour = tuple[int, int, int]

_STEEL, _DARK, _GRIP = (185, 190, 198), (60, 60, 66), (226, 176, 40)
_HANDLE, _CLOTH, _PAINT, _DRINK = (140, 84, 40), (70, 120, 190), (196, 44, 52), (112, 60, 24)
_NAILS = tuple((x, 92) for x in (105, 138, 171, 204))
_SCREWS = tuple((x, 166) for x in (212, 179, 146, 113))
_DUST = tuple((x, y) for x in range(112, 192, 13) for y in (118, 130, 142))
_CUT = ((80, 74), (80, 178))
_PANEL = ((222, 84), (254, 170))
_BOWL = (284, 44)


@dataclass(frozen=True)
class Look:
    """How one video is seen: who works, under which light, with which camera.

    Attributes:
        skin, sleeve, bench: colours, RGB.
        gain: brightness of every colour, against 1; one number per channel.
        shade: how much darker the right edge is than the left one, as a share; negative for brighter.
        shift: pixels by which the camera is off, right and down.
    """

    skin: Colour = (224, 172, 132)
    sleeve: Colour = (60, 90, 60)
    bench: Colour = (150, 140, 126)
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shade: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def random(cls, generator: np.random.Generator) -> Look:
        """The looks of a new person, light and camera."""
        skins = ((236, 188, 150), (206, 150, 108), (150, 100, 70), (110, 74, 54))
        sleeves = ((60, 90, 60), (54, 66, 120), (120, 50, 50), (90, 90, 96), (170, 130, 60))
        level = generator.uniform(0.8, 1.15)
        red, green, blue = (level * generator.uniform(0.95, 1.05, 3)).tolist()
        right, down = generator.uniform(-4, 4, 2).tolist()
        return cls(
            skin=skins[generator.integers(len(skins))],
            sleeve=sleeves[generator.integers(len(sleeves))],
            gain=(red, green, blue),
            shade=float(generator.uniform(-0.2, 0.2)),
            shift=(right, down),
        )

    def photograph(self, image: Image, noise: float, generator: np.random.Generator) -> Image:
        """The picture that the camera takes; ``noise`` is each pixel's standard deviation, of 255."""
        moved = cv2.warpAffine(
            image,
            np.array([[1, 0, self.shift[0]], [0, 1, self.shift[1]]], dtype=np.float64),
            (WIDTH, HEIGHT),
            borderMode=cv2.BORDER_REPLICATE,
        )
        light = np.linspace(1 + self.shade / 2, 1 - self.shade / 2, WIDTH, dtype=np.float32)
        seen = moved * (light[None, :, None] * np.array(self.gain, dtype=np.float32))
        # Sensor noise is the same in all three channels here, which makes drawing it three times as fast.
        seen += noise * generator.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32)
        return np.asarray(np.clip(seen, 0, 255), dtype=np.uint8)


@dataclass(frozen=True)
class Distractor:
    """Something that goes on while no step does, drawn by chance: no two are the same.

    Attributes:
        kind: one of :data:`DISTRACTORS`.
        start, end: where it comes from and goes to, in pixels.
        size: against 1.
        colour: RGB.
    """

    kind: str
    start: Point
    end: Point
    size: float
    colour: Colour

    @classmethod
    def random(cls, generator: np.random.Generator) -> Distractor:
        """Something, going from one side of the picture to another."""
        kind = DISTRACTORS[generator.integers(len(DISTRACTORS))]
        left, right = (-30.0, float(generator.uniform(30, 210))), (WIDTH + 30.0, float(generator.uniform(30, 210)))
        start, end = (left, right) if generator.random() < 0.5 else (right, left)
        red, green, blue = generator.integers(40, 230, 3).tolist()
        return cls(kind, start, end, float(generator.uniform(0.8, 1.3)), (red, green, blue))


@dataclass
class Work:
    """How far each step's work has got, 0..1; what is done stays done."""

    done: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))

    def advance(self, step: str, phase: float) -> None:
        """Take note that a step has come to a phase."""
        self.done[step] = max(self.done[step], _labour(phase))


def tool_point(step: str, phase: float, seconds: float) -> Point:
    """Where the working end of a step's tool is, in pixels (right, down), before the camera's own shift.

    Args:
        step: one of :data:`STEPS`.
        phase: how far the step has gone, 0..1.
        seconds: time, for what is done again and again (strokes, blows, turns).
    """
    right, down = _ENDS[step](_labour(phase), seconds)
    away = _away(phase)
    return right + 20 * away, down + 190 * away


def draw_bench(
    look: Look,
    work: Work,
    *,
    step: str | None = None,
    distractor: Distractor | None = None,
    phase: float = 0.0,
    seconds: float = 0.0,
) -> Image:
    """The bench, the work as far as it is done, and the hand in a step or a distractor in its phase."""
    image = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[:] = look.bench
    _draw_work(image, work)
    if step is not None:
        end = tool_point(step, phase, seconds)
        _hand(image, look, _TOOLS[step](image, end, _labour(phase), seconds))
    if distractor is not None:
        _OTHERS[distractor.kind](image, look, distractor, phase, seconds)
    return image


def _labour(phase: float) -> float:
    """How far the work of a step is: nothing while the hand comes, all while it leaves."""
    return min(max((phase - _REACH) / (1 - 2 * _REACH), 0.0), 1.0)


def _away(phase: float) -> float:
    """How far the hand is from its work, 1 where it comes from."""
    near = min(phase, 1 - phase) / _REACH
    return 0.0 if near >= 1 else (1 - near) ** 2


def _station(points: Sequence[Point], labour: float) -> Point:
    """The point that is worked on, in turn; the way from one to the next takes a quarter of its time."""
    place = min(labour * len(points), len(points) - 1e-6)
    index = int(place)
    share = max(0.0, (place - index - 0.75) / 0.25) if index + 1 < len(points) else 0.0
    here, there = points[index], points[min(index + 1, len(points) - 1)]
    return here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])


def _wave(seconds: float, rate_hz: float) -> float:
    return math.sin(2 * math.pi * rate_hz * seconds)


def _saw_end(labour: float, seconds: float) -> Point:
    return 80.0 - 16 * _wave(seconds, 1.6), 84 + 84 * labour + 10 * _wave(seconds, 1.6)


def _hammer_end(labour: float, seconds: float) -> Point:
    right, down = _station(_NAILS, labour)
    lift = abs(_wave(seconds, 1.1))
    return right + 10 * lift, down - 26 * lift


def _screw_end(labour: float, seconds: float) -> Point:
    right, down = _station(_SCREWS, labour)
    return right + 1.5 * _wave(seconds, 1.4), down


def _paint_end(labour: float, seconds: float) -> Point:
    return 238 + 14 * _wave(seconds, 0.9), 88 + 78 * labour


def _wipe_end(labour: float, seconds: float) -> Point:
    turn = 2 * math.pi * 1.2 * seconds
    return 108 + 88 * labour + 16 * math.cos(turn), 130 + 16 * math.sin(turn)


def _pour_end(labour: float, seconds: float) -> Point:
    return _BOWL[0] - 4 - 14 * (1 - labour), _BOWL[1] - 4 + 2 * _wave(seconds, 0.7)


_ENDS: Mapping[str, Callable[[float, float], Point]] = {
    "saw": _saw_end,
    "hammer": _hammer_end,
    "screw": _screw_end,
    "paint": _paint_end,
    "wipe": _wipe_end,
    "pour": _pour_end,
}


def _saw(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = math.radians(32)
    teeth = [(4.0 + 8 * index, 8.0 + 4 * (index % 2)) for index in range(10)]
    _shape(image, [(0, -6), (80, -14), (80, 10), *reversed(teeth), (0, 4)], end, angle, _STEEL)
    _shape(image, [(78, -16), (104, -12), (104, 14), (78, 12)], end, angle, _HANDLE)
    return _at(end, angle, (92, 0))


def _hammer(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = math.radians(62 - 34 * abs(_wave(seconds, 1.1)))
    _shape(image, [(6, -4), (82, -4), (82, 4), (6, 4)], end, angle, _HANDLE)
    _shape(image, [(-6, -20), (12, -20), (12, 12), (-6, 12)], end, angle, _DARK)
    return _at(end, angle, (74, 0))


def _screwdriver(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = math.radians(64 + 9 * _wave(seconds, 1.4))
    _shape(image, [(0, -3), (34, -2), (34, 2), (0, 3)], end, angle, _STEEL)
    _shape(image, [(32, -9), (70, -9), (70, 9), (32, 9)], end, angle, _GRIP)
    # Grooves of the handle go round with it.
    for groove in range(3):
        height = 9 * math.cos(2 * math.pi * (1.4 * seconds + groove / 3))
        _shape(image, [(34, height - 1), (68, height - 1), (68, height + 1), (34, height + 1)], end, angle, _DARK)
    return _at(end, angle, (64, 0))


def _brush(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = math.radians(70 - 14 * _wave(seconds, 0.9))
    _shape(image, [(16, -12), (26, -12), (26, 12), (16, 12)], end, angle, _STEEL)
    _shape(image, [(0, -12), (16, -12), (16, 12), (0, 12)], end, angle, _PAINT)
    _shape(image, [(26, -5), (74, -4), (74, 4), (26, 5)], end, angle, (236, 222, 190))
    return _at(end, angle, (58, 0))


def _cloth(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = 0.25 * _wave(seconds, 1.2)
    _shape(image, [(-30, -22), (4, -27), (30, -20), (27, 22), (0, 26), (-29, 21)], end, angle, _CLOTH)
    for line in (-12, 0, 12):
        _shape(image, [(-27, line - 1), (27, line - 1), (27, line + 1), (-27, line + 1)], end, angle, (235, 235, 240))
        _shape(image, [(line - 1, -22), (line + 1, -22), (line + 1, 22), (line - 1, 22)], end, angle, (235, 235, 240))
    return _at(end, angle, (4, 6))


def _jug(image: Image, end: Point, labour: float, seconds: float) -> Point:
    angle = math.radians(-20 + 55 * labour)
    _shape(image, [(0, 0), (-16, -14), (-66, -16), (-66, 26), (-14, 26)], end, angle, (236, 238, 240))
    _shape(image, [(-22, -8), (-60, -10), (-60, 20), (-20, 20)], end, angle, _DRINK)
    if 0 < labour < 1:
        cv2.line(image, _whole(end), (_whole(end)[0] + 4, _BOWL[1] + 8), _DRINK, 5, cv2.LINE_AA)
    return _at(end, angle, (-58, 28))


_TOOLS: Mapping[str, Callable[[Image, Point, float, float], Point]] = {
    "saw": _saw,
    "hammer": _hammer,
    "screw": _screwdriver,
    "paint": _brush,
    "wipe": _cloth,
    "pour": _jug,
}


def _draw_work(image: Image, work: Work) -> None:
    cv2.rectangle(image, (52, 74), (262, 178), (204, 164, 110), -1)
    for line in range(84, 178, 14):
        cv2.line(image, (52, line), (262, line + 3), (186, 146, 94), 1, cv2.LINE_AA)
    cv2.rectangle(image, (52, 74), (262, 178), (128, 92, 56), 2)
    bottom = round(_CUT[0][1] + work.done["saw"] * (_CUT[1][1] - _CUT[0][1]))
    if work.done["saw"] > 0:
        cv2.line(image, _CUT[0], (_CUT[0][0], bottom), (50, 34, 20), 4)
    for number, point in enumerate(_NAILS):
        driven = min(max(work.done["hammer"] * len(_NAILS) - number, 0.0), 1.0)
        cv2.line(image, point, (point[0], round(point[1] - 14 * (1 - driven))), _DARK, 2, cv2.LINE_AA)
        cv2.circle(image, (point[0], round(point[1] - 14 * (1 - driven))), 4, _STEEL, -1, cv2.LINE_AA)
    for number, point in enumerate(_SCREWS):
        turn = math.pi * min(max(work.done["screw"] * len(_SCREWS) - number, 0.0), 1.0)
        cv2.circle(image, point, 6, _STEEL, -1, cv2.LINE_AA)
        across = (5 * math.cos(turn), 5 * math.sin(turn))
        first, second = (point[0] - across[0], point[1] - across[1]), (point[0] + across[0], point[1] + across[1])
        cv2.line(image, _whole(first), _whole(second), _DARK, 2, cv2.LINE_AA)
    for right, down in _DUST:
        if right > 100 + 100 * work.done["wipe"]:
            cv2.circle(image, (right, down), 2, (120, 96, 70), -1, cv2.LINE_AA)
    cv2.rectangle(image, *_PANEL, (232, 226, 214), -1)
    painted = round(_PANEL[0][1] + work.done["paint"] * (_PANEL[1][1] - _PANEL[0][1]))
    if work.done["paint"] > 0:
        cv2.rectangle(image, _PANEL[0], (_PANEL[1][0], painted), _PAINT, -1)
    cv2.circle(image, _BOWL, 27, (240, 240, 236), -1, cv2.LINE_AA)
    cv2.circle(image, _BOWL, 27, (120, 120, 124), 2, cv2.LINE_AA)
    if work.done["pour"] > 0:
        cv2.circle(image, _BOWL, round(8 + 14 * work.done["pour"]), _DRINK, -1, cv2.LINE_AA)


def _hand(image: Image, look: Look, grip: Point) -> None:
    """A fist around ``grip``, on an arm from the lower edge."""
    elbow = (grip[0] * 0.6 + 90, HEIGHT + 60.0)
    length = max(math.dist(elbow, grip), 1.0)
    along = ((elbow[0] - grip[0]) / length, (elbow[1] - grip[1]) / length)
    wrist = (grip[0] + 26 * along[0], grip[1] + 26 * along[1])
    cuff = (grip[0] + 36 * along[0], grip[1] + 36 * along[1])
    cv2.line(image, _whole(grip), _whole(cuff), look.skin, 18, cv2.LINE_AA)
    cv2.line(image, _whole(cuff), _whole(elbow), look.sleeve, 32, cv2.LINE_AA)
    angle = math.degrees(math.atan2(along[1], along[0]))
    cv2.ellipse(image, _whole(grip), (17, 13), angle, 0, 360, look.skin, -1, cv2.LINE_AA)
    dark = (look.skin[0] * 2 // 3, look.skin[1] * 2 // 3, look.skin[2] * 2 // 3)
    for finger in (-9, -3, 3, 9):
        first = (grip[0] - 15 * along[0] - finger * along[1], grip[1] - 15 * along[1] + finger * along[0])
        second = (grip[0] - 2 * along[0] - finger * along[1], grip[1] - 2 * along[1] + finger * along[0])
        cv2.line(image, _whole(first), _whole(second), look.skin, 7, cv2.LINE_AA)
        cv2.line(image, _whole(first), _whole(second), dark, 1, cv2.LINE_AA)
    cv2.circle(image, _whole(wrist), 9, look.skin, -1, cv2.LINE_AA)


def _ball(image: Image, look: Look, thing: Distractor, phase: float, seconds: float) -> None:
    place, radius = _between(thing, phase), 22 * thing.size
    cv2.circle(image, _whole(place), round(radius), thing.colour, -1, cv2.LINE_AA)
    turn = 3.0 * math.pi * phase
    for part in range(3):
        angle = turn + part * math.pi / 3
        across = (radius * math.cos(angle), radius * math.sin(angle))
        first, second = (place[0] - across[0], place[1] - across[1]), (place[0] + across[0], place[1] + across[1])
        cv2.line(image, _whole(first), _whole(second), (245, 245, 245), 2, cv2.LINE_AA)


def _cat(image: Image, look: Look, thing: Distractor, phase: float, seconds: float) -> None:
    place, size = _between(thing, phase), thing.size
    forward = 1 if thing.end[0] > thing.start[0] else -1
    sway = 8 * _wave(seconds, 1.0)
    tail = (place[0] - forward * 70 * size, place[1] + 3 * sway)
    cv2.line(image, _whole(place), _whole(tail), thing.colour, round(9 * size), cv2.LINE_AA)
    cv2.ellipse(image, _whole(place), (round(44 * size), round(22 * size)), 0, 0, 360, thing.colour, -1, cv2.LINE_AA)
    head = (place[0] + forward * 46 * size, place[1] + sway / 2)
    for side in (-1, 1):
        ear = [(-2, side * 6), (10, side * 24), (14, side * 8)]
        _shape(image, [(forward * right * size, down * size) for right, down in ear], head, 0.0, thing.colour)
    cv2.circle(image, _whole(head), round(18 * size), thing.colour, -1, cv2.LINE_AA)
    for stripe in (-22, -6, 10):
        first = (place[0] + stripe * size, place[1] - 16 * size)
        second = (place[0] + stripe * size, place[1] + 16 * size)
        cv2.line(image, _whole(first), _whole(second), (40, 36, 34), 3, cv2.LINE_AA)


def _paper(image: Image, look: Look, thing: Distractor, phase: float, seconds: float) -> None:
    """A sheet that blows across the bench."""
    place, angle = _between(thing, phase), 2.5 * phase * (1 if thing.end[0] > thing.start[0] else -1)
    size = thing.size
    _shape(
        image, [(-40 * size, -52), (40 * size, -52), (40 * size, 52), (-40 * size, 52)], place, angle, (246, 246, 240)
    )
    for line in range(-40, 44, 12):
        _shape(
            image,
            [(-30 * size, line), (26 * size, line), (26 * size, line + 3), (-30 * size, line + 3)],
            place,
            angle,
            (110, 110, 120),
        )


def _scratch(image: Image, look: Look, thing: Distractor, phase: float, seconds: float) -> None:
    """The hand scratches the other arm, which lies across the bench."""
    near = 1 - min(1.0, min(phase, 1 - phase) / 0.2)
    level = thing.start[1] * 0.5 + 60 + 200 * near
    cv2.line(image, (-20, round(level)), (150, round(level - 6)), look.sleeve, 36, cv2.LINE_AA)
    cv2.line(image, (150, round(level - 6)), (226, round(level - 12)), look.skin, 22, cv2.LINE_AA)
    cv2.ellipse(image, (240, round(level - 13)), (24, 17), -5, 0, 360, look.skin, -1, cv2.LINE_AA)
    _hand(image, look, (140 + 40 * thing.size + 12 * _wave(seconds, 3.0), level - 4))


_OTHERS: Mapping[str, Callable[[Image, Look, Distractor, float, float], None]] = {
    "ball": _ball,
    "cat": _cat,
    "paper": _paper,
    "scratch": _scratch,
}


def _between(thing: Distractor, phase: float) -> Point:
    return (
        thing.start[0] + phase * (thing.end[0] - thing.start[0]),
        thing.start[1] + phase * (thing.end[1] - thing.start[1]),
    )


def _at(origin: Point, angle: float, point: Point) -> Point:
    """A point of a turned thing, in pixels."""
    cos, sin = math.cos(angle), math.sin(angle)
    return origin[0] + cos * point[0] - sin * point[1], origin[1] + sin * point[0] + cos * point[1]


def _shape(image: Image, corners: Sequence[Point], origin: Point, angle: float, colour: Colour) -> None:
    """A filled polygon, its outline a little darker."""
    # Sixteenths of pixels, so that slow movement does not jump.
    points: Float[np.ndarray, "c 2"] = np.array([_at(origin, angle, corner) for corner in corners])
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(image, [fixed], colour, cv2.LINE_AA, 4)
    outline = (colour[0] // 2, colour[1] // 2, colour[2] // 2)
    cv2.polylines(image, [fixed], True, outline, 1, cv2.LINE_AA, 4)


def _whole(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])
