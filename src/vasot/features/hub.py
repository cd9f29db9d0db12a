"""Features of image and video models of the transformers library, from the Hugging Face hub or a folder."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vasot.errors import SettingsError, nearest
from vasot.features.backbone import OUTPUTS, Backbone, load_backbone
from vasot.features.weights import content_of, model_folder
from vasot.features.windows import batches, between, windows
from vasot.types import Frames, FrameSize

__all__ = ["HubFeatures", "computes_bfloat16"]

_VERSION = 1
_BATCH_FRAMES = 16
_WINDOWS_PER_LENGTH = 8


class HubFeatures:
    """One vector per frame from an image model, or from a video model that looks at the frames around it.

    Pictures are prepared as the model's own processor says; frames are decoded at the size to which it would resize.
    An image model sees each frame alone. A video model sees as many sampled frames as it was made for, the frame in
    question in the middle, the first or last repeated beyond the ends. Windows lie an eighth of their length apart, and
    the rows between them on the straight line between two windows, so that a frame costs at most eight times what it
    would in one pass over the video.

    ``pooled`` is the output of the model's pooling layer where that has been trained, else its class token, else the
    mean of its tokens or of its last map. ``map`` is always the mean over places, without class and register tokens.

    It computes on a GPU where there is one, and in bfloat16 where the processor does. Threads take turns, and
    whose turn it is has all cores. The model is loaded when frames are first asked for.

    Args:
        name: a model on the hub, such as ``facebook/dinov2-small``, or a folder written by ``save_pretrained``.
        output: ``pooled`` or ``map``.

    Raises:
        MissingExtra: transformers is not installed.
        DataError: there is no such model or folder, the hub cannot be reached, or the weights are no safetensors.
        SettingsError: there is no such output; or, once frames are asked for, the model cannot be loaded or used.
    """

    def __init__(self, name: str, output: str = "pooled") -> None:
        self._where = f"hub:{name}"
        if output not in OUTPUTS:
            hint = nearest(output, OUTPUTS) or "."
            raise SettingsError(f"{self._where}: there is no output '{output}'{hint} Known: {', '.join(OUTPUTS)}")
        self._folder = model_folder(name)
        self._output = output
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.bfloat16 if computes_bfloat16(self._device) else torch.float32
        # torch starts its threads for every thread that calls it: two videos at once would be twice as many as cores.
        self._turn = threading.Lock()
        self._loaded: Backbone | None = None

    @property
    def frame_size(self) -> FrameSize:
        """The size to which the model's processor resizes, before it cuts out the middle."""
        return self._backbone().preparation.frame_size

    def identity(self) -> Mapping[str, str | int | float | bool]:
        """Content of the model's files, output, version, precision, and how far windows lie apart."""
        return {
            "kind": "hub",
            "version": _VERSION,
            "model": self._content,
            "output": self._output,
            "dtype": str(self._dtype).removeprefix("torch."),
            "windows_per_length": _WINDOWS_PER_LENGTH,
        }

    @cached_property
    def _content(self) -> str:
        return content_of(self._folder)

    def extract(self, chunks: Iterable[Frames]) -> Iterator[Float32[np.ndarray, "n d"]]:
        """See :meth:`~vasot.features.base.Extractor.extract`; a video model is half a window behind the frames."""
        backbone = self._backbone()
        length = backbone.n_frames
        if length is None:
            # Batches are cut from the whole video: were they a chunk's, its borders would show in the last digits.
            for images in batches((image for chunk in chunks for image in chunk.images), _BATCH_FRAMES):
                yield self._vectors(backbone, backbone.preparation(np.stack(images)))
            return
        prepared = (picture for chunk in chunks for picture in backbone.preparation(chunk.images))
        around = windows(prepared, length, max(1, length // _WINDOWS_PER_LENGTH))
        yield from between(self._windows(backbone, around, max(1, _BATCH_FRAMES // length)))

    def _windows(
        self, backbone: Backbone, around: Iterable[tuple[int, list[Tensor]]], size: int
    ) -> Iterator[tuple[int, Float32[np.ndarray, " d"]]]:
        for batch in batches(around, size):
            vectors = self._vectors(backbone, torch.stack([torch.stack(frames) for _, frames in batch]))
            yield from zip((middle for middle, _ in batch), vectors, strict=True)

    def _vectors(self, backbone: Backbone, pixels: Float32[Tensor, "b ..."]) -> Float32[np.ndarray, "b d"]:
        low = self._dtype == torch.bfloat16
        with self._turn, torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=low):
            vectors = backbone.vectors(pixels.to(self._device), self._output)
            array: Float32[np.ndarray, "b d"] = vectors.float().cpu().numpy()
        return array

    def _backbone(self) -> Backbone:
        with self._turn:
            if self._loaded is None:
                self._loaded = load_backbone(self._folder, self._device, self._where)
            return self._loaded


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a processor multiplies matrices of bfloat16 itself; where it does not, they are slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Older releases of torch do not say.
    known: Mapping[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("amx_bf16") or known.get("avx512_bf16"))
