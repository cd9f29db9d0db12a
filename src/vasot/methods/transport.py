"""The method behind VAOT, ASOT and VASOT: one encoder, and either or both halves of the transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor, nn

from vasot.batching.clips import ClipBatch, Clips, Rows, join_clips, pad_clips
from vasot.batching.pictures import jitter_and_flip
from vasot.decoding.path import frames_alike, matches_from_plan, monotone_path
from vasot.decoding.segments import labels_and_confidence
from vasot.encoders.context import N_CONTEXT, ContextEncoder
from vasot.encoders.mlp import MLPEncoder
from vasot.encoders.pretrained import base_weights
from vasot.methods.alignment import FrameAlignment
from vasot.methods.base import Method
from vasot.methods.initialise import best_start, kmeans_starts
from vasot.methods.pixels import FRAMES_AT_ONCE, RANDOM, PixelRoute, check_encoder, features_for, precision_of
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
        self.pixels = PixelRoute(settings, n_features) if settings.encoder == "resnet-context" else None
        self.encoder: nn.Module
        if self.pixels is None:
            self.encoder = MLPEncoder(n_features, settings.hidden_sizes, settings.embedding_size)
        else:
            self.encoder = self.pixels.make_encoder()
            self.frames_at_once = FRAMES_AT_ONCE
        self.alignment: FrameAlignment | None = None
        self.segmentation: FrameSegmentation | None = None
        shared = {name: getattr(settings, name) for name in _SHARED}
        if isinstance(settings, AlignmentSettings):
            self.alignment = FrameAlignment(
                **shared,
                virtual_cost=settings.virtual_cost,
                virtual_mass=settings.virtual_mass,
                frame_penalty=settings.frame_penalty,
                # Pictures are no features whose likeness says something.
                appearance=settings.appearance if self.pixels is None else 0.0,
            )
        if isinstance(settings, SegmentationSettings):
            self.segmentation = FrameSegmentation(**shared, action_penalty=settings.action_penalty)
            self.actions = nn.Parameter(torch.randn(settings.actions, settings.embedding_size))
            self.constrain()

    @classmethod
    def check_settings(cls, settings: MethodSettings) -> None:
        """See :meth:`Method.check_settings`: a setting that the encoder does not read is an error."""
        check_encoder(settings)

    @classmethod
    def resolve_features(cls, settings: MethodSettings, features: str) -> str:
        """See :meth:`Method.resolve_features`."""
        return features_for(settings.encoder, features)

    def load_pretrained(self) -> None:
        """See :meth:`Method.load_pretrained`: the weights of its base network."""
        if isinstance(self.encoder, ContextEncoder) and self.settings.weights != RANDOM:
            self.encoder.load_base(base_weights(self.settings.weights, self.settings.base))

    def prepare(self, track: Track) -> Rows:
        """See :meth:`Method.prepare`: features, or pictures each with its earlier one."""
        return super().prepare(track) if self.pixels is None else self.pixels.prepare(track)

    def augment(self, rows: Shaped[np.ndarray, "s d"], generator: np.random.Generator) -> Shaped[np.ndarray, "s d"]:
        """See :meth:`Method.augment`: one decision per clip about colours and side."""
        if self.pixels is None or not self.settings.augment:
            return rows
        return jitter_and_flip(rows, self.pixels.side, generator)

    def noise(self, n_frames: int, generator: np.random.Generator) -> Shaped[np.ndarray, "n d"]:
        """See :meth:`Method.noise`."""
        if self.pixels is None:
            return super().noise(n_frames, generator)
        return generator.integers(0, 256, (n_frames, N_CONTEXT * self.n_features), dtype=np.uint8)

    def embed(self, features: Float[Tensor, "b n d"] | UInt8[Tensor, "b n d"]) -> Float[Tensor, "b n e"]:
        """See :meth:`Method.embed`."""
        with precision_of(features.device, self.settings.precision):
            if self.pixels is None:
                embedding: Tensor = self.encoder(features)
            else:
                embedding = self.encoder(features.flatten(0, 1)).unflatten(0, features.shape[:2])
        return embedding.float()

    def _embed_clips(self, clips: Clips) -> Float[Tensor, "b n e"]:
        """Embeddings of the real frames; padding must not reach batch norms, and would cost as much as frames."""
        real = torch.arange(clips.features.shape[1], device=clips.lengths.device) < clips.lengths[:, None]
        if self.pixels is None or bool(real.all()):
            return self.embed(clips.features)
        found = self.embed(clips.features[real][None])[0]
        embedding = found.new_zeros(*real.shape, found.shape[1])
        embedding[real] = found
        return embedding

    def loss(self, batch: ClipBatch) -> Mapping[str, Float[Tensor, ""]]:
        """``w_align L_xy + w_seg (L_xa + L_ya)``; the parts that the method has."""
        settings = self.settings
        count = len(batch.x.lengths)
        clips = batch.x if batch.y is None else join_clips(batch.x, batch.y)
        embedding = self._embed_clips(clips)
        parts: dict[str, Tensor] = {}
        total = embedding.new_zeros(())
        if isinstance(settings, AlignmentSettings) and self.alignment is not None:
            parts_of = (slice(count), slice(count, None))
            x, y = (Clips(embedding[part], clips.lengths[part]) for part in parts_of)
            parts["align"] = self.alignment.loss(x, y, *(clips.features[part] for part in parts_of)).mean()
            total = total + settings.alignment_weight * parts["align"]
        if isinstance(settings, SegmentationSettings) and self.segmentation is not None:
            # Summed over a pair and averaged over pairs, as the paper's L_xa + L_ya.
            parts["segment"] = self.segmentation.loss(embedding, clips.lengths, self.actions).sum() / count
            total = total + settings.segmentation_weight * parts["segment"]
        return {"loss": total, **parts}

    @torch.no_grad()
    def initialise(self, features: Sequence[Rows]) -> None:
        """Start the action embeddings at the best of several K-Means clusterings of the untrained embeddings."""
        settings = self.settings
        if isinstance(settings, SegmentationSettings) and self.segmentation is not None:
            if self.pixels is not None:
                # An epoch looks at as many frames; every frame of long videos would take as long as many epochs.
                features = [_chosen(rows, settings.frames_per_clip) for rows in features]
            # Dropout would blur the embeddings, and batch norms would count the recordings before training.
            self.eval()
            embeddings = [self.embed_rows(rows)[0].cpu().numpy() for rows in features]
            self.train()
            clips = pad_clips([_chosen(array, settings.frames_per_clip) for array in embeddings])
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
        (seen_x, length_x), (seen_y, length_y) = self._compared(x), self._compared(y)
        problem = self.alignment.problem(seen_x, length_x, seen_y, length_y)
        plan = ANSWER(problem).plan[0].double().cpu().numpy()
        virtual = self.alignment.has_virtual_frames
        like = None
        if self.alignment.alike_cost:
            cost = self.alignment.cost(seen_x, length_x, seen_y, length_y)[0]
            like = frames_alike(cost.cpu().numpy(), self.alignment.alike_cost)
        matches, confidence, unmatched_y = matches_from_plan(plan, virtual=virtual, like=like)
        real = plan[:-1, :-1] if virtual else plan
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

    def _compared(self, track: Track) -> tuple[Float[Tensor, "1 t c"], Int[Tensor, " 1"]]:
        """What the frames of a recording are aligned by."""
        embedding, length = self._embedded(track)
        if self.alignment is None or not self.alignment.appearance:
            return embedding, length
        rows = self.prepare(track)
        features = torch.from_numpy(np.asarray(rows[np.arange(len(rows))]))[None].to(embedding.device)
        return self.alignment.compared(embedding, features), length

    def _embedded(self, track: Track) -> tuple[Float[Tensor, "1 t e"], Int[Tensor, " 1"]]:
        embedding = self.embed_track(track)
        return embedding, torch.tensor([track.n_frames], device=embedding.device)


_SHARED = ("alpha", "epsilon", "radius", "temporal_prior", "temperature")


def _chosen(rows: Rows, n_samples: int) -> Shaped[np.ndarray, "s e"]:
    """At most ``n_samples`` rows, evenly spaced."""
    chosen = np.linspace(0, len(rows) - 1, min(n_samples, len(rows))).astype(np.int64)
    return np.asarray(rows[chosen])
