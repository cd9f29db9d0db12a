"""What a run says about recordings: their tracks, its predictions, and what people corrected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vasot.datasets.base import Dataset
from vasot.datasets.reading import Reading
from vasot.datasets.recordings import read_data, read_inputs
from vasot.datasets.videos import is_video
from vasot.errors import DataError, nearest
from vasot.features.extraction import Progress
from vasot.training.corrections import Corrections, load_corrections
from vasot.training.folder import RunFolder
from vasot.training.model import Model, load
from vasot.types import Segmentation, Track

__all__ = ["RecordingResult", "RunResults", "read_results", "results_of"]


@dataclass(frozen=True, eq=False)
class RecordingResult:
    """One recording, its actions as the model says them, and as people corrected them.

    Both segmentations are None where the method does not segment.
    """

    track: Track
    predicted: Segmentation | None
    segmentation: Segmentation | None

    @property
    def name(self) -> str:
        """What the recording is called."""
        return self.track.name

    @property
    def video(self) -> Path | None:
        """The video it was read from; None for an array."""
        source = self.track.source
        return source if source is not None and is_video(source) else None


@dataclass(frozen=True, eq=False)
class RunResults:
    """Recordings under one model.

    Attributes:
        dataset: the run's own data with its ground truth; None where other recordings were given.
    """

    model: Model
    recordings: tuple[RecordingResult, ...]
    corrections: Corrections
    dataset: Dataset | None = None

    def recording(self, name: str) -> RecordingResult:
        """The recording of this name.

        Raises:
            DataError: there is none.
        """
        for each in self.recordings:
            if each.name == name:
                return each
        names = [each.name for each in self.recordings]
        raise DataError(f"there is no recording '{name}'{nearest(name, names)}")


def read_results(
    run: str | Path | Model,
    inputs: Sequence[str | Path] = (),
    *,
    names: Collection[str] | None = None,
    corrected: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> RunResults:
    """The run's own recordings, or those given, with their segments; features that are stored are not made again.

    Args:
        run: a run folder, or the model loaded from one.
        inputs: videos or array files, or folders of them, in place of the run's own recordings.
        names: the only recordings to take of them; all where it is None. One that is not there is no error here.
        corrected: apply the corrections kept in the run folder. Timelines were corrected frame by frame: they are of
            the run's own recordings, and do not concern inputs of the same name.
        on_progress, on_warning: called while videos are looked at.

    Raises:
        VasotError: the run, its corrections or a recording cannot be read, or its features do not fit the model.
    """
    model = run if isinstance(run, Model) else load(run)
    reading = model.config.data.reading(on_progress, on_warning)
    dataset = None if inputs else _own_data(model, reading)
    tracks = read_inputs(inputs, reading) if dataset is None else list(dataset.tracks)
    corrections = _corrections(model) if corrected else Corrections()
    if inputs:
        corrections = replace(corrections, segments={})
    recordings = tuple(_result(model, track, corrections) for track in tracks if names is None or track.name in names)
    return RunResults(model, recordings, corrections, dataset)


def results_of(model: Model, dataset: Dataset) -> RunResults:
    """The same of the run's own recordings where they are read already.

    Raises:
        VasotError: corrections kept in the run folder do not fit them.
    """
    corrections = _corrections(model)
    recordings = tuple(_result(model, track, corrections) for track in dataset.tracks)
    return RunResults(model, recordings, corrections, dataset)


def _corrections(model: Model) -> Corrections:
    return Corrections() if model.folder is None else load_corrections(RunFolder(model.folder).corrections)


def _own_data(model: Model, reading: Reading) -> Dataset:
    folder = Path(model.config.data.data)
    if not folder.is_dir():
        raise DataError(
            f"the run's recordings are no longer in {folder}; move them back, or change 'data' in the run's config.toml"
        )
    return read_data(folder, reading)


def _result(model: Model, track: Track, corrections: Corrections) -> RecordingResult:
    if "segment" not in model.tasks:
        return RecordingResult(track, None, None)
    predicted = model.segment(track)
    return RecordingResult(track, predicted, corrections.apply(predicted))
