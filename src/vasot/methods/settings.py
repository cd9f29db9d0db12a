"""Settings of the methods, each group beside the part that reads it, and where the defaults come from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from vasot.config import Settings

__all__ = ["AlignmentSettings", "MethodSettings", "PixelSettings", "SegmentationSettings"]


class PixelSettings(Settings):
    """What the encoder ``resnet-context`` reads."""

    base: Literal["resnet50", "squeezenet1_1"] = Field(
        "resnet50", description="network that looks at single pictures: resnet50 as published, squeezenet1_1 is light"
    )
    weights: str = Field("random", description="start of the base: random, a file of weights, or hub:NAME (resnet50)")
    freeze: Literal["base", "norm", "none"] = Field(
        "norm", description="what of the base is not trained: all of it (base), its batch norms if any (norm), none"
    )
    context_stride: int = Field(15, ge=1, description="frames of the video between a picture and the earlier one")
    context_width: int = Field(512, ge=1, description="channels of the 3-D convolutions, and of the layers behind them")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of inputs of the last layers that is zeroed in training")
    augment: bool = Field(True, description="draw colours and side (flipped or not) anew for every clip in training")
    recompute: bool = Field(False, description="take less memory and more time: gradient checkpointing of the base")


class MethodSettings(PixelSettings):
    """What every method reads: sampling, encoder, optimiser, and the transport problem's common weights."""

    seed: int = Field(0, ge=0, description="seed of every random draw")
    epochs: int = Field(50, ge=1, description="passes over the recordings")
    learning_rate: float = Field(1e-3, gt=0, description="step size of Adam")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay of Adam")
    frames_per_clip: int = Field(256, ge=2, description="frames drawn of each recording in a training step")
    clips_per_step: int = Field(1, ge=1, description="pairs (or single recordings) in a training step")
    accumulate_steps: int = Field(1, ge=1, description="training steps whose gradients are averaged before Adam moves")
    precision: Literal["float32", "mixed"] = Field(
        "float32", description="of the encoder: mixed computes in bfloat16 where the processor does so itself"
    )
    validation_share: float = Field(0.0, ge=0, lt=1, description="share of recordings kept out, whose loss is logged")
    standardise: bool = Field(True, description="scale every recording's features to zero mean and unit variance")
    encoder: Literal["mlp", "resnet-context"] = Field(
        "mlp", description="what embeds frames: mlp takes features, resnet-context learns from pixels"
    )
    hidden_sizes: tuple[PositiveInt, ...] = Field((128,), description="widths of the hidden layers of mlp")
    embedding_size: int = Field(40, ge=2, description="width of an embedding")
    temperature: float = Field(0.1, gt=0, description="τ, sharpness of the predicted shares in the loss")
    alpha: float = Field(0.3, ge=0, le=1, description="α, weight of the structure prior against the visual cost")
    epsilon: float = Field(0.07, gt=0, description="ε, weight of the entropy")
    radius: float = Field(0.04, gt=0, le=1, description="r, reach of the structure prior, a fraction of the recording")
    temporal_prior: float = Field(0.2, ge=0, description="ρ, cost of a difference in relative time")


class AlignmentSettings(Settings):
    """What methods that align read as well."""

    virtual_cost: float = Field(0.7, ge=0, description="ζ, cost of leaving a frame unmatched (weighed by 1 - α)")
    virtual_mass: Literal["half", "frame", "none"] = Field(
        "half",
        description="mass of the virtual frame: half of all, or that of one frame (as published); none: no such frame",
    )
    frame_penalty: float = Field(
        0.0, ge=0, description="price of frames that take unequal shares when aligned; 0: equal shares are a constraint"
    )
    appearance: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the features' own likeness in the cost of aligning; with motion 0.5 unless you name it",
    )
    alignment_weight: float = Field(1.0, ge=0, description="weight of the alignment loss")


class SegmentationSettings(Settings):
    """What methods that segment read as well."""

    actions: int = Field(ge=1, description="K, number of actions")
    starts: int = Field(10, ge=1, description="K-Means clusterings tried as start of the action embeddings")
    start_rounds: int = Field(5, ge=0, description="rounds of transport that improve each start")
    action_penalty: float = Field(0.1, gt=0, description="λ, price of actions that take unequal shares of the time")
    segmentation_weight: float = Field(1.0, ge=0, description="weight of the segmentation loss")
