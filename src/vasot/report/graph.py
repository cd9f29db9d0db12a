"""Which action follows which, as a drawing: actions from top to bottom in typical order, and arcs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

__all__ = ["Arc", "Graph", "Node", "transition_graph"]

_PITCH = 46.0
_NODE_HEIGHT = 26.0
_NODE_WIDTH = 150.0
_MARGIN = 96.0
_MOST_ARCS = 60
_LEAST_SHARE = 0.03
_WIDEST = 9.0


@dataclass(frozen=True)
class Node:
    """An action; ``y`` is the middle of its box."""

    action: int
    y: float


@dataclass(frozen=True)
class Arc:
    """A change from one action to another.

    Attributes:
        source, target: the actions.
        count: how often.
        share: of all changes away from the source.
        path: of SVG, from box to box: straight to the next in order, on the right to later ones, on the left back.
        width: of the line; thicker for what happens more often in all.
        backward: whether it goes against the typical order.
    """

    source: int
    target: int
    count: int
    share: float
    path: str
    width: float
    backward: bool


@dataclass(frozen=True)
class Graph:
    """The drawing, in its own units, and how many changes are too rare to be drawn."""

    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    width: float
    height: float
    left: float
    node_width: float
    node_height: float
    not_drawn: int


def transition_graph(transitions: Int[np.ndarray, "k k"], order: Sequence[int]) -> Graph:
    """Lay out the changes between the actions of ``order``.

    Drawn are changes that are at least 3 % of those away from an action, the 60 most frequent of them.

    >>> graph = transition_graph(np.array([[0, 3], [1, 0]]), [0, 1])
    >>> [(arc.source, arc.target, arc.share, arc.backward) for arc in graph.arcs]
    [(0, 1, 1.0, False), (1, 0, 1.0, True)]
    """
    places = {action: place for place, action in enumerate(order)}
    away = transitions.sum(axis=1)
    found = [
        (int(transitions[a, b]), int(a), int(b)) for a, b in np.argwhere(transitions) if a in places and b in places
    ]
    found.sort(key=lambda each: (-each[0], each[1:]))
    drawn = [each for each in found if each[0] >= _LEAST_SHARE * away[each[1]]][:_MOST_ARCS]
    most = drawn[0][0] if drawn else 1
    arcs = tuple(
        Arc(
            source=a,
            target=b,
            count=count,
            share=count / int(away[a]),
            path=_path(places[a], places[b]),
            width=max(1.0, _WIDEST * count / most),
            backward=places[b] < places[a],
        )
        for count, a, b in drawn
    )
    return Graph(
        nodes=tuple(Node(action, _middle(place)) for place, action in enumerate(order)),
        arcs=arcs,
        width=2 * _MARGIN + _NODE_WIDTH,
        height=_PITCH * max(1, len(order)),
        left=_MARGIN,
        node_width=_NODE_WIDTH,
        node_height=_NODE_HEIGHT,
        not_drawn=sum(count for count, *_ in found) - sum(arc.count for arc in arcs),
    )


def _middle(place: int) -> float:
    return _PITCH * (place + 0.5)


def _path(source: int, target: int) -> str:
    start, end = _middle(source), _middle(target)
    if target == source + 1:
        x = _MARGIN + _NODE_WIDTH / 2
        return f"M{x:g} {start + _NODE_HEIGHT / 2:g}V{end - _NODE_HEIGHT / 2:g}"
    # Nearby arcs stay close to the boxes, and far ones go around them.
    bulge = min(_MARGIN - 8.0, 14.0 + 13.0 * abs(target - source))
    if target > source:
        x, reach = _MARGIN + _NODE_WIDTH, _MARGIN + _NODE_WIDTH + bulge * 4 / 3
        return f"M{x:g} {start + 5:g}C{reach:g} {start + 5:g} {reach:g} {end - 5:g} {x:g} {end - 5:g}"
    x, reach = _MARGIN, _MARGIN - bulge * 4 / 3
    return f"M{x:g} {start - 5:g}C{reach:g} {start - 5:g} {reach:g} {end + 5:g} {x:g} {end + 5:g}"
