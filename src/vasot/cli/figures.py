"""``vasot evaluate --figures``: what an evaluation found, as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vasot.wording import counted

if TYPE_CHECKING:
    from vasot.comparison.store import Store
    from vasot.datasets.base import Dataset
    from vasot.metrics.labelled import Labelled
    from vasot.metrics.results import Evaluation
    from vasot.report.retrieval import Searched
    from vasot.training.model import Model

__all__ = ["FigurePlan", "draw_figures", "plan_figures"]

_MOST_EMBEDDED = 100
"""Recordings whose frames are embedded for pictures, at most."""

_SEGMENTATION_CURVES = ("mof", "f1", "miou")
_ALIGNMENT_CURVES = ("acc@1.0", "progress", "tau", "ap@5")


@dataclass(frozen=True, eq=False)
class FigurePlan:
    """Where pictures go, whether they may replace others, and the comparison to draw curves from."""

    folder: Path
    force: bool
    store: Store | None

    @property
    def segments(self) -> Path:
        """All recordings against the truth."""
        return self.folder / "segments.png"

    @property
    def retrieval(self) -> Path:
        """Frames, and those nearest to them."""
        return self.folder / "retrieval.png"

    @property
    def embedding(self) -> Path:
        """All frames in the plane."""
        return self.folder / "embedding.png"

    @property
    def losses(self) -> Path:
        """The course of the training."""
        return self.folder / "losses.png"

    def sensitivity(self, setting: str) -> Path:
        """Metrics against a setting."""
        return self.folder / f"sensitivity_{setting}.png"


def plan_figures(folder: Path, compared: Path | None, force: bool) -> FigurePlan:
    """Refuse, before any work, pictures that would overwrite others, and a comparison that cannot be read.

    Raises:
        RunFolderError: a picture is there already and ``force`` is not given.
        DataError: ``compared`` holds no results of ``vasot compare``.
    """
    from vasot.comparison.store import Store
    from vasot.errors import DataError
    from vasot.files import refuse_existing

    if compared is not None and not (compared / "results.csv").is_file():
        raise DataError(f"{compared} holds no results of vasot compare (no results.csv); give the folder of its -o")
    plan = FigurePlan(folder, force, None if compared is None else Store(compared))
    old = sorted(folder.glob("sensitivity_*.png")) if compared is not None else []
    refuse_existing([plan.segments, plan.retrieval, plan.embedding, plan.losses, *old], force)
    return plan


def draw_figures(plan: FigurePlan, model: Model, dataset: Dataset, found: Evaluation) -> Iterator[str]:
    """Draw one picture after the other, and say of each where it is or why there is none."""
    from vasot.metrics.labelled import Labelled

    labelled = Labelled.of(dataset, found.conditions.excluded)
    yield from _segments(plan, model, labelled, found)
    searched = _searched(model, labelled, found.conditions.seed)
    yield from _retrieval(plan, labelled, searched, found)
    yield from _embedding(plan, labelled, searched, found)
    yield from _losses(plan, model)
    yield from _sensitivities(plan, model, dataset)


def _segments(plan: FigurePlan, model: Model, labelled: Labelled, found: Evaluation) -> Iterator[str]:
    from vasot.report.timeline import save_corpus_timeline

    if found.segmentation is None:
        yield f"no picture of segments: method '{found.method}' does not segment"
        return
    segmentations = [model.segment(track) for track in labelled.tracks]
    save_corpus_timeline(
        segmentations,
        plan.segments,
        labelled.truth,
        found.class_names,
        found.segmentation.matchings,
        labelled.excluded,
        force=plan.force,
    )
    yield f"{plan.segments}: segments of every recording below the ground truth"


def _searched(model: Model, labelled: Labelled, seed: int) -> list[Searched]:
    """The recordings that pictures of embeddings show: all of them, or as many as may be, drawn by the seed."""
    import numpy as np

    from vasot.datasets.videos import is_video
    from vasot.report.retrieval import Searched

    count = len(labelled.tracks)
    chosen = sorted(np.random.default_rng(seed).permutation(count)[:_MOST_EMBEDDED].tolist())
    phases = labelled.phases
    return [
        Searched(
            track=(track := labelled.tracks[index]),
            embedding=model.embed(track),
            truth=labelled.truth[index],
            phases=phases[index],
            video=track.source if track.source is not None and is_video(track.source) else None,
        )
        for index in chosen
    ]


def _retrieval(plan: FigurePlan, labelled: Labelled, searched: Sequence[Searched], found: Evaluation) -> Iterator[str]:
    from vasot.report.retrieval import find_answers, save_retrieval

    answers = find_answers(searched, seed=found.conditions.seed)
    if not answers:
        yield "no picture of nearest frames: it takes two labelled recordings of one activity"
        return
    notes = save_retrieval(searched, answers, found.class_names, plan.retrieval, labelled.excluded, plan.force)
    right = [
        searched[index].phases[frame] == searched[answer.query[0]].phases[answer.query[1]]
        for answer in answers
        for index, frame in answer.found
    ]
    yield f"{plan.retrieval}: {len(answers)} frames and those nearest to them; {sum(right)} of {len(right)} are right"
    yield from (f"  {note}" for note in notes)


def _embedding(plan: FigurePlan, labelled: Labelled, searched: Sequence[Searched], found: Evaluation) -> Iterator[str]:
    from vasot.report.embedding import project, save_embedding

    embeddings = [each.embedding for each in searched]
    n_frames = sum(map(len, embeddings))
    if n_frames < 3:
        yield f"no picture of embeddings: there are {n_frames} frames"
        return
    projections = project(embeddings, [each.truth for each in searched], found.conditions.seed)
    drawn = len(projections[0].points)
    of = f"{drawn} of {n_frames} frames" if drawn < n_frames else f"all {n_frames} frames"
    what = f"{of} of {counted(len(searched), 'recording')} of {found.dataset}, by the embeddings of {found.method}"
    save_embedding(projections, found.class_names, plan.embedding, labelled.excluded, plan.force, what)
    yield f"{plan.embedding}: {what}, in the plane by PCA and by t-SNE"


def _losses(plan: FigurePlan, model: Model) -> Iterator[str]:
    from vasot.report.losses import read_losses, save_losses
    from vasot.training.folder import RunFolder

    losses = {} if model.folder is None else read_losses(RunFolder(model.folder).losses)
    if not any(losses.values()):
        yield "no picture of losses: the run has no metrics.csv"
        return
    save_losses(losses, plan.losses, plan.force)
    yield f"{plan.losses}: losses per epoch"


def _sensitivities(plan: FigurePlan, model: Model, dataset: Dataset) -> Iterator[str]:
    from vasot.comparison.sensitivity import sensitivities
    from vasot.comparison.store import content_of
    from vasot.report.curves import Curve, save_curves

    if plan.store is None:
        yield "no pictures of how settings matter: vasot compare measures that; give its folder with --compared"
        return
    found = sensitivities(plan.store, model.method_name, content_of(dataset))
    metrics = _SEGMENTATION_CURVES if "segment" in model.tasks else _ALIGNMENT_CURVES
    defaults = type(model.config.settings).model_fields
    for each in found:
        curves = [Curve(metric, *points) for metric in metrics if (points := each.curve(metric)) is not None]
        if curves:
            path = plan.sensitivity(each.setting)
            default = defaults[each.setting].default if each.setting in defaults else None
            title = f"{model.method_name} on {dataset.name}"
            save_curves(curves, each.setting, path, plan.force, title=title, default=default)
            yield f"{path}: metrics at {len(each.values)} values of {each.setting}"
    if not found:
        yield "no pictures of how settings matter: no setting was given three values on these recordings"
