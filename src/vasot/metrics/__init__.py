"""How good a result is: matching, scores of frames and segments, trivial predictions to compare with."""

from __future__ import annotations

from vasot.metrics.evaluation import SCOPES, SegmentationReport, SegmentationScores, score_segmentation, trivial_scores
from vasot.metrics.matching import NO_CLASS, apply_matching, match_actions
from vasot.metrics.results import Evaluation
from vasot.metrics.scoring import evaluate
from vasot.metrics.segmentation import (
    class_recall,
    edit_score,
    f1,
    f1_at_overlap,
    f1_ceiling,
    f1_sampled,
    miou,
    mof,
)
from vasot.metrics.trivial import equal_parts, kmeans, one_label

__all__ = [
    "NO_CLASS",
    "SCOPES",
    "Evaluation",
    "SegmentationReport",
    "SegmentationScores",
    "apply_matching",
    "class_recall",
    "edit_score",
    "equal_parts",
    "evaluate",
    "f1",
    "f1_at_overlap",
    "f1_ceiling",
    "f1_sampled",
    "kmeans",
    "match_actions",
    "miou",
    "mof",
    "one_label",
    "score_segmentation",
    "trivial_scores",
]
