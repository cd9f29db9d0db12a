"""Learn from made recordings, then segment and align them, and hold both against the known truth."""

from __future__ import annotations

import numpy as np

import vasot
from vasot.datasets import SyntheticSettings, make_dataset
from vasot.metrics import score_segmentation, trivial_scores
from vasot.types import UNMATCHED


def main() -> None:
    made = make_dataset(SyntheticSettings(n_recordings=4, n_actions=4, mean_frames=20, background=0.0, omission=0.0))
    tracks = made.dataset.tracks

    # Few and large steps keep the example quick; alpha 0.3 leaves fewer frames unmatched than the default.
    model = vasot.fit(made.dataset, actions=4, epochs=15, clips_per_step=4, frames_per_clip=64, alpha=0.3)

    # The labels were not used until here.
    truth = [recording.labels for recording in made.dataset.recordings if recording.labels is not None]
    labels = [model.segment(track).labels for track in tracks]
    scores = {"vasot": score_segmentation(labels, truth, n_actions=4), **trivial_scores(tracks, truth, 4, seed=0)}
    for name, report in scores.items():
        print(f"{name}: {100 * report.scores.mof:.1f} % of frames right")

    for segment in model.segment(tracks[0]).segments():
        print(f"frames {segment.start_frame} to {segment.end_frame}: action {segment.action}")

    alignment = model.align(tracks[0], tracks[1])
    true_matches = made.true_matches(0, 1)
    # Where either says "none" there is no distance to measure.
    known = (alignment.matches != UNMATCHED) & (true_matches != UNMATCHED)
    error = np.median(np.abs(alignment.matches - true_matches)[known])
    print(f"alignment: {known.sum()} of {tracks[0].n_frames} frames compared, median error {error:.0f} frames")


if __name__ == "__main__":
    main()
