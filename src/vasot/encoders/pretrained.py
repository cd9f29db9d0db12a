"""Weights of a base network from wherever they lie, under its own names of parameters."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vasot.encoders.bases import BASES, BaseName, make_base
from vasot.errors import DataError
from vasot.features.weights import model_folder, weight_files

__all__ = ["base_weights"]

_HUB = "hub:"
_PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth"})
_PREFIX = re.compile(r"^(?:module\.|backbone\.|model\.|encoder_q\.|resnet\.)+")
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_MOST_NAMED = 3
_WANTED: Mapping[BaseName, str] = {
    "resnet50": "a ResNet-50 under the names of torchvision or transformers",
    "squeezenet1_1": "a SqueezeNet 1.1 under the names of torchvision",
}

# Names of transformers; conv1 is its embedder, the layers its stages.
_STEM = re.compile(r"^embedder\.embedder\.(convolution|normalization)\.(\w+)$")
_SHORTCUT = re.compile(r"^encoder\.stages\.(\d)\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(\w+)$")
_BLOCK = re.compile(r"^encoder\.stages\.(\d)\.layers\.(\d+)\.layer\.(\d)\.(convolution|normalization)\.(\w+)$")


def base_weights(source: str, base: BaseName) -> dict[str, Tensor]:
    """The weights of a base network; what belongs to the part above it is passed over.

    Args:
        source: a file (``.safetensors``; ``.pt``, ``.pth``, ``.ckpt`` and ``.bin`` as far as they hold nothing but
            tensors), or ``hub:NAME`` for a ResNet of the transformers library, NAME being a name on the Hugging Face
            hub or a folder. Names are those of torchvision or, of a ResNet, of transformers, with or without
            ``module.``, ``backbone.`` and the like before them.
        base: the network that they are for.

    Raises:
        DataError: there is no such file or model, it cannot be read, or its weights are not those of the base; the
            text names what is missing or of another shape.
        MissingExtra: ``hub:`` without transformers installed.
    """
    found = _from_hub(source, base) if source.startswith(_HUB) else _from_file(Path(source).expanduser())
    named = {_usual_name(name): value for name, value in found.items()}
    expected = _expected(base)
    missing, misshaped = _differences(named, expected)
    if missing or misshaped:
        fitting = [other for other in BASES if not any(_differences(named, _expected(other)))]
        _refuse(source, base, fitting, missing, misshaped, len(expected), list(found))
    return {name: named.get(name, torch.zeros((), dtype=torch.int64)) for name in expected}


def _expected(base: BaseName) -> Mapping[str, Tensor]:
    with torch.device("meta"):
        return make_base(base).state_dict()


def _differences(named: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """What is missing, and what has another shape."""
    # Counts of batches serve only a kind of average that ResNets do not use, and old files lack them.
    missing = [name for name in expected if name not in named and not name.endswith("num_batches_tracked")]
    misshaped = [
        f"{name} is {_shape(named[name])} instead of {_shape(value)}"
        for name, value in expected.items()
        if name in named and named[name].shape != value.shape
    ]
    return missing, misshaped


def _refuse(
    source: str,
    base: BaseName,
    fitting: list[BaseName],
    missing: list[str],
    misshaped: list[str],
    n_expected: int,
    found: list[str],
) -> None:
    parts = []
    if missing:
        parts.append(f"{len(missing)} of {n_expected} are missing ({_some(missing)})")
    if misshaped:
        parts.append(f"{len(misshaped)} have another shape ({_some(misshaped)})")
    remedy = f"They fit --set base={fitting[0]}; or give" if fitting else "Give"
    raise DataError(
        f"weights {source}: {' and '.join(parts)}; it begins with {_some(found) or 'nothing'}. {remedy} the weights of "
        f"{_WANTED[base]}, or --set weights=random"
    )


def _from_file(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise DataError(f"weights {path}: there is no such file; give a file, hub:NAME, or --set weights=random")
    if path.suffix.lower() in _PICKLES:
        return _from_pickle(path)
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"weights {path}: cannot be read as safetensors ({error}); copy the file again") from error


def _from_pickle(path: Path) -> Mapping[str, Tensor]:
    try:
        # Tensors and plain containers only: nothing in the file is executed.
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (EOFError, OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise DataError(
            f"weights {path}: holds something else than tensors, or is damaged ({str(error).splitlines()[0]}); save "
            "the model's state_dict() alone, best as safetensors"
        ) from error
    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping):
        raise DataError(f"weights {path}: holds {type(content).__name__}, no named tensors; save model.state_dict()")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _from_hub(source: str, base: BaseName) -> Mapping[str, Tensor]:
    if base != "resnet50":
        raise DataError(
            f"weights {source}: the hub has no weights for base={base}; give a file of the weights of {_WANTED[base]}"
        )
    folder = model_folder(source.removeprefix(_HUB))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config["model_type"] != "resnet" or config.get("downsample_in_bottleneck"):
        kind = "a ResNet with the stride on its first convolution" if config["model_type"] == "resnet" else "no ResNet"
        raise DataError(
            f"weights {source}: is {kind} ({config['model_type']}); give a ResNet-50 such as hub:microsoft/resnet-50"
        )
    merged: dict[str, Tensor] = {}
    for file in weight_files(folder):
        merged.update(_from_file(file))
    return merged


def _usual_name(name: str) -> str:
    """The name of a parameter in torchvision's networks, whichever of the usual names it has.

    >>> _usual_name("module.backbone.layer1.0.conv1.weight")
    'layer1.0.conv1.weight'
    >>> _usual_name("resnet.encoder.stages.1.layers.0.layer.2.normalization.running_mean")
    'layer2.0.bn3.running_mean'
    """
    name = _PREFIX.sub("", name)
    if match := _STEM.match(name):
        return f"{'conv1' if match[1] == 'convolution' else 'bn1'}.{match[2]}"
    if match := _SHORTCUT.match(name):
        stage, block, kind, leaf = match.groups()
        return f"layer{int(stage) + 1}.{block}.downsample.{0 if kind == 'convolution' else 1}.{leaf}"
    if match := _BLOCK.match(name):
        stage, block, place, kind, leaf = match.groups()
        return f"layer{int(stage) + 1}.{block}.{'conv' if kind == 'convolution' else 'bn'}{int(place) + 1}.{leaf}"
    return name


def _shape(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a number"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
