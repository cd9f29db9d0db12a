"""A saved model by its folder or its name on the Hugging Face hub: where its files lie, downloaded where need be."""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vasot.errors import DataError, MissingExtra
from vasot.features.preparation import PROCESSOR_FILES
from vasot.video.probe import content_hash

__all__ = ["content_of", "model_folder", "weight_files"]

_CONFIG, _INDEX, _WEIGHTS = "config.json", "model.safetensors.index.json", "model.safetensors"
_PARTS = "model-*-of-*.safetensors"
_PICKLED = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")
_TIMEOUT_SECONDS = 5.0
_WITHOUT = "--features motion needs no download"


def model_folder(name: str) -> Path:
    """The folder of a saved model: the one named, the hub's copy on this machine, or a download.

    A model that was downloaded once is taken as it is, without asking the hub. Only settings and safetensors are
    fetched, nothing that could run.

    Raises:
        MissingExtra: transformers is not installed.
        DataError: there is no such folder or model, it has no weights in safetensors, or the hub cannot be reached.
    """
    if find_spec("transformers") is None:
        raise MissingExtra("--features hub:NAME (--features motion does without)", "hub")
    path = Path(name).expanduser()
    if path.is_dir():
        _check(path, name)
        return path
    if name.startswith((".", "~", "/")) or name.count("/") > 1 or "\\" in name or path.exists():
        raise DataError(f"hub:{name}: there is no such folder; give a folder with a saved model; {_WITHOUT}")
    return _from_hub(name)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors of a saved model, those of the index where there are several; empty where some are missing."""
    if (folder / _WEIGHTS).is_file():
        return [folder / _WEIGHTS]
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        files = [folder / part for part in sorted(set(index["weight_map"].values()))]
    except (OSError, ValueError, KeyError, AttributeError):
        return []
    return files if all(file.is_file() for file in files) else []


def content_of(folder: Path) -> str:
    """Hash of everything that decides what a saved model computes: weights, settings, preparation of pictures."""
    digest = hashlib.blake2b(digest_size=20)
    settings = [folder / name for name in (_CONFIG, *PROCESSOR_FILES)]
    for file in (*weight_files(folder), *(file for file in settings if file.is_file())):
        digest.update(f"{file.name}:{content_hash(file)};".encode())
    return digest.hexdigest()


def _check(folder: Path, name: str) -> None:
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"hub:{name}: no {_CONFIG} in the folder; save a model there with save_pretrained") from error
    except ValueError as error:
        raise DataError(f"hub:{name}: its {_CONFIG} is no JSON ({error}); save the model again") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise DataError(f"hub:{name}: its {_CONFIG} names no model_type, so it is no model of transformers")
    if weight_files(folder):
        return
    if any(file for pattern in _PICKLED for file in folder.glob(pattern)):
        raise DataError(_pickled(name))
    raise DataError(f"hub:{name}: {_WEIGHTS} is missing or not whole; save the model again with save_pretrained")


def _pickled(name: str) -> str:
    return (
        f"hub:{name}: its weights are pickled (.bin), a format that can run programs, so they are not read; load them "
        f"where you trust them and save_pretrained(FOLDER) as safetensors, then hub:FOLDER; {_WITHOUT}"
    )


def _from_hub(name: str) -> Path:
    from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        folder = Path(snapshot_download(name, local_files_only=True))
        if weight_files(folder):
            _check(folder, name)
            return folder
    except LocalEntryNotFoundError:
        pass
    except HFValidationError as error:
        raise DataError(f"hub:{name}: is neither a folder nor a name such as facebook/dinov2-small") from error
    if constants.HF_HUB_OFFLINE:
        raise DataError(_unreachable(name, "HF_HUB_OFFLINE is set"))
    try:
        # One question, not repeated: whether there is such a model, and whether its weights can be read.
        about = HfApi().model_info(name, timeout=_TIMEOUT_SECONDS)
        wanted = _wanted(name, [each.rfilename for each in about.siblings or []])
        # The weights last: a folder that has them, after an interruption, has everything.
        for file in wanted:
            folder = Path(hf_hub_download(name, file, etag_timeout=_TIMEOUT_SECONDS)).parent
    except GatedRepoError as error:
        raise DataError(
            f"hub:{name}: its makers give it to those who accept their terms; do so on its page, log in with "
            f"'hf auth login', or give a folder; {_WITHOUT}"
        ) from error
    except RepositoryNotFoundError as error:
        raise DataError(
            f"hub:{name}: there is no such model on the hub, or you may not see it, and no such folder; {_WITHOUT}"
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise DataError(_unreachable(name, str(error).splitlines()[0])) from error
    except Exception as error:
        # The hub's client hands on the errors of whichever HTTP library its version uses.
        if not (_of_http(error) or isinstance(error, OSError)):
            raise
        raise DataError(_unreachable(name, (str(error) or type(error).__name__).splitlines()[0])) from error
    _check(folder, name)
    return folder


def _of_http(error: Any) -> bool:
    return type(error).__module__.partition(".")[0] in {"httpcore", "httpcore2", "httpx", "httpx2", "requests"}


def _wanted(name: str, files: list[str]) -> list[str]:
    """Of the files of a model on the hub, those that are needed, weights last."""
    if _CONFIG not in files:
        raise DataError(f"hub:{name}: has no {_CONFIG}, so it is no model of transformers; {_WITHOUT}")
    weights = [_WEIGHTS] if _WEIGHTS in files else [file for file in files if fnmatch(file, _PARTS)]
    if not weights:
        pickled = any(file.endswith(".bin") for file in files)
        raise DataError(_pickled(name) if pickled else f"hub:{name}: has no {_WEIGHTS}; {_WITHOUT}")
    settings = [file for file in (_CONFIG, _INDEX, *PROCESSOR_FILES) if file in files]
    return [*settings, *weights]


def _unreachable(name: str, why: str) -> str:
    return (
        f"hub:{name}: is not on this machine and cannot be downloaded ({why}); copy a saved model here and give "
        f"hub:FOLDER; {_WITHOUT}"
    )
