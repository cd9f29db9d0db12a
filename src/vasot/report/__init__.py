"""Pictures of results: timelines of actions, plans of pairs, stills; functions take and return matplotlib axes."""

from __future__ import annotations

from vasot.report.actions import plot_actions, save_actions
from vasot.report.palette import Style, action_style
from vasot.report.plan import plot_plan, save_plan
from vasot.report.stills import Still, StillRow, plot_stills, save_stills
from vasot.report.timeline import plot_corpus_timeline, plot_timeline, save_corpus_timeline, save_timeline

__all__ = [
    "Still",
    "StillRow",
    "Style",
    "action_style",
    "plot_actions",
    "plot_corpus_timeline",
    "plot_plan",
    "plot_stills",
    "plot_timeline",
    "save_actions",
    "save_corpus_timeline",
    "save_plan",
    "save_stills",
    "save_timeline",
]
