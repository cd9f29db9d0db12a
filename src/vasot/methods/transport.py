"""The method behind VAOT, ASOT and VASOT: one encoder, and either or both halves of the transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vasot.batching.clips import ClipBatch, Clips, join_clips, pad_clips
from vasot.decoding.path import matches_from_plan, monotone_path
from vasot.decoding.segments import labels_and_confidence
from vasot.encoders.mlp import MLPEncoder
from vasot.methods.alignment import FrameAlignment
from vasot.methods.base import Method
from vasot.methods.initialise import best_start, kmeans_starts
from vasot.methods.segmentation import FrameSegmentation
from vasot.methods.settings import AlignmentSettings, MethodSettings, SegmentationSettings
from vasot.methods.solvers import ANSWER
from vasot.types import Alignment, Segmentation, Track, default_action_names

__all__ = ["TransportMethod"]


class TransportMethod(Method):
    """Embeddings trained on their own transport plans.

    Which halves there are follows from the settings' groups: with :class:`AlignmentSettings` it aligns, with
    :class:`SegmentationSettings` it segments, and with both the losses are summed with their weights.
    """

    paired: ClassVar[bool]

    def __init__(self, settings: MethodSettings, n_features: int) -> None:
        super().__init__(settings, n_features)
        self.encoder = MLPEncoder(n_features, settings.hidden_sizes, settings.embedding_size)
        self.alignment: FrameAlignment | None = None
        self.segmentation: FrameSegmentation | None = None
        shared = {name: getattr(settings, name) for name in _SHARED}
        if isinstance(settings, AlignmentSettings):
            self.alignment = FrameAlignment(
                **shared, virtual_cost=settings.virtual_cost, virtual_mass=settings.virtual_mass
            )
        if isinstance(settings, SegmentationSettings):
            self.segmentation = FrameSegmentation(**shared, action_penalty=settings.action_penalty)
            self.actions = nn.Parameter(torch.randn(settings.actions, settings.embedding_size))
            self.constrain()

    def embed(self, features: Float[Tensor, "b n d"]) -> Float[Tensor, "b n e"]:
        """See :meth:`Method.embed`."""
        embedding: Tensor = self.encoder(features)
        return embedding

    def loss(self, batch: ClipBatch) -> Mapping[str, Float[Tensor, ""]]:
        """``w_align L_xy + w_seg (L_xa + L_ya)``; the parts that the method has."""
        settings = self.settings
        count = len(batch.x.lengths)
        clips = batch.x if batch.y is None else join_clips(batch.x, batch.y)
        embedding = self.embed(clips.features)
        parts: dict[str, Tensor] = {}
        total = embedding.new_zeros(())
        if isinstance(settings, AlignmentSettings) and self.alignment is not None:
            x, y = (Clips(embedding[part], clips.lengths[part]) for part in (slice(count), slice(count, None)))
            parts["align"] = self.alignment.loss(x.features, x.lengths, y.features, y.lengths).mean()
            total = total + settings.alignment_weight * parts["align"]
        if isinstance(settings, SegmentationSettings) and self.segmentation is not None:
            # Summed over a pair and averaged over pairs, as the paper's L_xa + L_ya.
            parts["segment"] = self.segmentation.loss(embedding, clips.lengths, self.actions).sum() / count
            total = total + settings.segmentation_weight * parts["segment"]
        return {"loss": total, **parts}

    @torch.no_grad()
    def initialise(self, features: Sequence[Float[np.ndarray, "_ d"]]) -> None:
        """Start the action embeddings at the best of several K-Means clusterings of the untrained embeddings."""
        settings = self.settings
        if isinstance(settings, SegmentationSettings) and self.segmentation is not None:
            embeddings = [self.embed(torch.from_numpy(array)[None])[0].numpy() for array in features]
            clips = pad_clips([_evenly(array, settings.frames_per_clip) for array in embeddings])
            starts = kmeans_starts(embeddings, settings.actions, settings.starts, settings.seed)
            self.actions.copy_(best_start(starts, self.segmentation, clips, settings.start_rounds))

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the action embeddings on the unit sphere."""
        if self.segmentation is not None:
            self.actions.copy_(nn.functional.normalize(self.actions, dim=1))

    @torch.no_grad()
    def segment(self, track: Track) -> Segmentation:
        """See :meth:`Method.segment`: the partial problem on all frames; the label is the action of most mass."""
        if self.segmentation is None:
            return super().segment(track)
        plan = self.segmentation.plan(*self._embedded(track), self.actions, ANSWER)[0].double().cpu().numpy()
        labels, confidence = labels_and_confidence(plan)
        n_actions = plan.shape[1]
        names = default_action_names(n_actions)
        return Segmentation(track.name, labels, confidence, n_actions, names, track.times_seconds)

    @torch.no_grad()
    def align(self, x: Track, y: Track) -> Alignment:
        """See :meth:`Method.align`: the balanced problem with virtual frames on all frames of both."""
        if self.alignment is None:
            return super().align(x, y)
        problem = self.alignment.problem(*self._embedded(x), *self._embedded(y))
        plan = ANSWER(problem).plan[0].double().cpu().numpy()
        matches, confidence, unmatched_y = matches_from_plan(plan, virtual=True)
        real = plan[:-1, :-1]
        return Alignment(
            name_x=x.name,
            name_y=y.name,
            matches=matches,
            confidence=confidence,
            path=monotone_path(real),
            plan=real,
            unmatched_y=unmatched_y,
            times_x=x.times_seconds,
            times_y=y.times_seconds,
        )

    def _embedded(self, track: Track) -> tuple[Float[Tensor, "1 t e"], Int[Tensor, " 1"]]:
        embedding = self.embed_track(track)
        return embedding, torch.tensor([track.n_frames], device=embedding.device)


_SHARED = ("alpha", "epsilon", "radius", "temporal_prior", "temperature")


def _evenly(frames: Float[np.ndarray, "t e"], n_samples: int) -> Float[np.ndarray, "s e"]:
    """At most ``n_samples`` frames, evenly spaced."""
    chosen = np.linspace(0, len(frames) - 1, min(n_samples, len(frames))).astype(np.int64)
    return np.asarray(frames[chosen])
