"""Pictures of results: timelines of actions, plans of pairs, stills; functions take and return matplotlib axes."""

from __future__ import annotations

from vasot.report.actions import plot_actions, save_actions
from vasot.report.embedding import plot_by_phase, plot_by_time, save_embedding
from vasot.report.losses import plot_losses, save_losses
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
    "plot_by_phase",
    "plot_by_time",
    "plot_corpus_timeline",
    "plot_losses",
    "plot_plan",
    "plot_stills",
    "plot_timeline",
    "save_actions",
    "save_corpus_timeline",
    "save_embedding",
    "save_losses",
    "save_plan",
    "save_stills",
    "save_timeline",
]
