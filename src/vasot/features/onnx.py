"""Features of any image model that comes as an ONNX file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, UInt8

from vasot.errors import DataError, MissingExtra, SettingsError, nearest
from vasot.types import Frames, FrameSize
from vasot.video.probe import content_hash

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["OnnxFeatures"]

_VERSION = 1
_SIDE = 224
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class OnnxFeatures:
    """One output of an image model, a vector per frame.

    The whole picture is squeezed to the model's size, sides included: in recordings of activities what matters may
    lie at the edge. Values are scaled to 0..1 and normalised with ImageNet's mean and deviation; a model that takes
    bytes gets bytes. A map (n, d, h, w) is averaged over the picture, tokens (n, t, d) over the tokens.

    Args:
        file: the model; one input, pictures as (n, 3, h, w) or (n, h, w, 3). A free size is taken as 224 x 224.
        output: name of the output; without it the only one, or the first of those that are not called logits.
        batch_size: pictures computed at a time, where the model leaves it free.

    Raises:
        MissingExtra: onnxruntime is not installed.
        DataError: the file is missing, or is no model that takes pictures.
        SettingsError: there is no such output (the nearest is named), or it holds no vector per picture.
    """

    def __init__(self, file: str | Path, output: str | None = None, *, batch_size: int = 16) -> None:
        self._file = Path(file)
        self._session = _open(self._file)
        self._input = _picture_input(self._session, self._file)
        shape = self._input.shape
        self._channels_last = shape[1] != 3
        high, wide = shape[1:3] if self._channels_last else shape[2:4]
        self._size = (high if isinstance(high, int) else _SIDE, wide if isinstance(wide, int) else _SIDE)
        self._batch = shape[0] if isinstance(shape[0], int) else batch_size
        self._output = self._choose(output)

    @property
    def frame_size(self) -> FrameSize:
        """The size of the model's input."""
        return self._size

    @property
    def output(self) -> str:
        """The output that is taken."""
        return self._output

    def identity(self) -> Mapping[str, str | int | float | bool]:
        """The model's content and the output."""
        return {"kind": "onnx", "version": _VERSION, "model": self._content, "output": self._output}

    @cached_property
    def _content(self) -> str:
        return content_hash(self._file)

    def extract(self, chunks: Iterable[Frames]) -> Iterator[Float32[np.ndarray, "n d"]]:
        """See :meth:`~vasot.features.base.Extractor.extract`."""
        for chunk in chunks:
            for start in range(0, len(chunk.images), self._batch):
                yield self._vectors(chunk.images[start : start + self._batch])

    def _vectors(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n d"]:
        count = len(images)
        kind = _TYPES[self._input.type]
        values = images if kind == np.uint8 else ((images / np.float32(255) - _MEAN) / _STD).astype(kind)
        if not self._channels_last:
            values = values.transpose(0, 3, 1, 2)
        if isinstance(self._input.shape[0], int) and count < self._batch:
            # A model of fixed batch size computes a few pictures too many.
            values = np.concatenate([values, np.repeat(values[-1:], self._batch - count, axis=0)])
        answer: Any = self._session.run([self._output], {self._input.name: np.ascontiguousarray(values)})[0]
        vectors = np.asarray(answer, dtype=np.float32)[:count]
        if vectors.ndim == 4:
            vectors = vectors.mean(axis=(2, 3))
        elif vectors.ndim == 3:
            vectors = vectors.mean(axis=1)
        if vectors.ndim != 2 or len(vectors) != count:
            found = f"output '{self._output}' has shape {np.shape(answer)}, no vector per picture"
            raise SettingsError(f"{self._file}: {found}. {self._others()}")
        return vectors

    def _choose(self, wanted: str | None) -> str:
        names = [output.name for output in self._session.get_outputs()]
        if wanted is None:
            usual = [name for name in names if "logit" not in name.lower()]
            return str((usual or names)[0])
        if wanted not in names:
            hint = nearest(wanted, names) or "."
            raise SettingsError(f"{self._file}: there is no output '{wanted}'{hint} {self._others()}")
        return wanted

    def _others(self) -> str:
        names = ", ".join(output.name for output in self._session.get_outputs())
        return f"Known: {names}; write onnx:{self._file}#OUTPUT"


def _open(file: Path) -> InferenceSession:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtra("--features onnx:FILE (--features motion does without)", "onnx") from error
    if not file.is_file():
        raise DataError(f"{file}: there is no such file; give an ONNX model, or use --features motion")
    options = onnxruntime.SessionOptions()
    # Several videos are looked at at the same time; each computes on its own core.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    known = onnxruntime.get_available_providers()
    providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in known]
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:
        # onnxruntime raises its own exceptions, which share no base but this one.
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise DataError(f"{file}: is no ONNX model that can be run ({str(error).splitlines()[0]})") from error


def _picture_input(session: InferenceSession, file: Path) -> Any:
    inputs = session.get_inputs()
    fits = len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in _TYPES
    if not fits or 3 not in (inputs[0].shape[1], inputs[0].shape[3]):
        found = ", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs)
        raise DataError(f"{file}: takes {found}; a model of one input (n, 3, h, w) or (n, h, w, 3) is needed")
    return inputs[0]
