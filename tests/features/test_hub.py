from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hub_models import FRAMES, IMAGE_MODELS, MODELS, SIDE, VIDEO_MODELS, save
from made_videos import write_corpus
from vasot.errors import DataError, MissingExtra, SettingsError, VasotError
from vasot.features import hub, weights
from vasot.features.backbone import Backbone
from vasot.features.base import Extractor
from vasot.features.extraction import extract_clips
from vasot.features.hub import HubFeatures, computes_bfloat16
from vasot.features.names import make_extractor
from vasot.features.store import FeatureStore
from vasot.types import Frames
from vasot.video.clips import Clip

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a small model of a kind, saved once."""
    root = tmp_path_factory.mktemp("models")

    def folder(kind: str) -> Path:
        return root / kind if (root / kind).exists() else save(kind, root / kind)

    return folder


@pytest.fixture
def precise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "computes_bfloat16", lambda _: False)


IMAGES = np.random.default_rng(0).integers(0, 255, (19, SIDE, SIDE, 3)).astype(np.uint8)


def chunks(images: np.ndarray, size: int = 99) -> Iterator[Frames]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield Frames(part, (start + np.arange(len(part))) / 10)


def rows(extractor: Extractor, images: np.ndarray = IMAGES, size: int = 99) -> np.ndarray:
    return np.concatenate(list(extractor.extract(chunks(images, size))))


def prepared(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(((images / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32))


def loaded(folder: Path) -> Any:
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder).eval()


@pytest.mark.parametrize("output", ["pooled", "map"])
@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_model_gives_one_row_per_frame_whatever_the_chunks(
    kind: str, output: str, model: Callable[[str], Path]
) -> None:
    extractor = make_extractor(f"hub:{model(kind)}#{output}")
    whole = rows(extractor)
    assert whole.shape == (len(IMAGES), 24 if kind == "vjepa2" else 16)
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    assert np.abs(np.diff(whole, axis=0)).max() > 1e-4
    # Masked autoencoders shuffle the places, so that sums over them are rounded differently.
    exact = kind != "vit_mae"
    for size in (1, 5):
        np.testing.assert_allclose(rows(extractor, size=size), whole, rtol=0, atol=0 if exact else 0.02)


@pytest.mark.usefixtures("precise")
def test_pooled_and_map_are_the_parts_of_each_models_output_that_the_documentation_says(
    model: Callable[[str], Path],
) -> None:
    images = IMAGES[:3]
    with torch.inference_mode():
        for kind in ("dinov3", "vit_classifier", "clip", "siglip", "resnet"):
            whole = loaded(model(kind))
            tower = getattr(whole, "vision_model", whole)
            answer = tower(pixel_values=_at(images, 224) if kind == "resnet" else prepared(images))
            tokens = answer.last_hidden_state
            pooled = tokens[:, 0] if kind == "vit_classifier" else answer.pooler_output.flatten(1)
            first = {"dinov3": 4, "siglip": 0}.get(kind, 1)
            places = tokens.mean((2, 3)) if kind == "resnet" else tokens[:, first:].mean(1)
            for output, expected in (("pooled", pooled), ("map", places)):
                ours = rows(HubFeatures(str(model(kind)), output), images)
                np.testing.assert_allclose(ours, expected, atol=1e-5, err_msg=f"{kind} {output}")


def _at(images: np.ndarray, side: int) -> torch.Tensor:
    from torch.nn.functional import interpolate

    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    larger = interpolate(pixels, (side, side), mode="bilinear", antialias=True)
    return prepared(larger.permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("kind", VIDEO_MODELS)
@pytest.mark.usefixtures("precise")
def test_a_video_model_sees_the_frames_around_each_frame(kind: str, model: Callable[[str], Path]) -> None:
    ours = rows(HubFeatures(str(model(kind)), "map"), IMAGES[:7])
    pixels, whole = prepared(IMAGES[:7]), loaded(model(kind))
    for middle in (0, 3, 6):
        window = pixels[[min(max(middle - FRAMES // 2 + step, 0), 6) for step in range(FRAMES)]][None]
        with torch.inference_mode():
            tokens = whole(window).last_hidden_state
        places = tokens[:, 0 if kind in ("videomae", "vjepa2") else 1 :].mean(1)[0]
        np.testing.assert_allclose(ours[middle], places, atol=1e-5)


@pytest.mark.usefixtures("precise")
def test_windows_lie_an_eighth_of_their_length_apart_and_what_is_between_is_interpolated(
    model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = rows(HubFeatures(str(model("videomae"))))
    monkeypatch.setattr(hub, "_WINDOWS_PER_LENGTH", 1)
    fourth = rows(HubFeatures(str(model("videomae"))))
    np.testing.assert_allclose(fourth[::4], every[::4], atol=1e-6)
    np.testing.assert_allclose(fourth[-1], every[-1], atol=1e-6)
    np.testing.assert_allclose(fourth[2], (every[0] + every[4]) / 2, atol=1e-6)
    assert np.abs(fourth[2] - every[2]).max() > 1e-4


def test_a_single_frame_is_enough_for_a_video_model(model: Callable[[str], Path]) -> None:
    assert rows(HubFeatures(str(model("vjepa2"))), IMAGES[:1]).shape == (1, 24)


def test_frames_are_decoded_at_the_size_to_which_the_processor_resizes(
    model: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in model("dinov2").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    assert HubFeatures(str(folder)).frame_size == (SIDE, SIDE)
    processor = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 40}, "crop_size": SIDE}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    extractor = HubFeatures(str(folder))
    assert extractor.frame_size == 40
    assert rows(extractor, np.zeros((2, 40, 71, 3), dtype=np.uint8)).shape == (2, 16)


def test_bfloat16_is_near_float32(model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for low in (False, True):
        monkeypatch.setattr(hub, "computes_bfloat16", lambda _, low=low: low)
        extractor = HubFeatures(str(model("dinov2")))
        assert extractor.identity()["dtype"] == ("bfloat16" if low else "float32")
        results.append(rows(extractor))
    assert 0 < np.abs(results[0] - results[1]).max() < 0.1


@pytest.mark.parametrize(
    ("known", "native"),
    [({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx2": True, "avx512_bf16": False}, False)],
)
def test_bfloat16_is_used_where_the_processor_says_so(
    known: dict[str, bool], native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known, raising=False)
    assert computes_bfloat16(torch.device("cpu")) is native


def test_everything_that_decides_the_features_is_part_of_the_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save("siglip_vision", tmp_path / "a")

    def identity(name: Path = folder, output: str = "pooled") -> tuple[Any, ...]:
        return tuple(sorted(HubFeatures(str(name), output).identity().items()))

    first = identity()
    assert identity(save("siglip_vision", tmp_path / "same place elsewhere")) == first
    found = {first, identity(output="map"), identity(save("siglip_vision", tmp_path / "b", seed=1))}
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "SiglipImageProcessor", "size": 32}')
    found.add(identity())
    low = computes_bfloat16(torch.device("cpu"))
    monkeypatch.setattr(hub, "computes_bfloat16", lambda _: not low)
    found.add(identity())
    monkeypatch.setattr(hub, "_WINDOWS_PER_LENGTH", 2)
    found.add(identity())
    assert len(found) == 6


def test_the_identity_does_not_need_the_model_to_be_loaded(
    model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "load_backbone", lambda *_: pytest.fail("loaded"))
    assert HubFeatures(str(model("resnet"))).identity()["output"] == "pooled"


def test_threads_take_turns_and_get_what_one_gets_alone(
    model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_corpus(tmp_path / "data", (20, 30, 40, 25))
    clips = [Clip(name, folder / "videos" / f"{name}.mp4") for name in "abcd"]
    extractor = HubFeatures(str(model("videomae")))
    alone = [
        extract_clips([clip], extractor, fps=25.0, store=FeatureStore(tmp_path / "one"), durations=[1.0])[0]
        for clip in clips
    ]
    running, most = 0, 0
    original = Backbone.vectors

    def watched(self: Any, *words: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.002)
        answer = original(self, *words)
        running -= 1
        return answer

    monkeypatch.setattr(Backbone, "vectors", watched)
    fresh = HubFeatures(str(model("videomae")))
    together = extract_clips(
        clips, fresh, fps=25.0, store=FeatureStore(tmp_path / "many"), durations=[1.0] * 4, workers=4
    )
    assert most == 1
    for first, second in zip(alone, together, strict=True):
        assert first.stored is not None
        assert second.stored is not None
        np.testing.assert_array_equal(first.stored.features, second.stored.features)


def test_loading_says_nothing_and_leaves_the_librarys_settings(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    folder = save("vit_classifier", tmp_path / "model")
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "ViTImageProcessor", "size": 32}')
    before = logging.get_verbosity()
    capfd.readouterr()
    rows(HubFeatures(str(folder)))
    assert capfd.readouterr() == ("", "")
    assert logging.get_verbosity() == before


# What cannot be used, and says so.


def test_without_transformers_the_error_says_how_to_get_it_or_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"--features motion.*pip install 'vasot\[hub\]'"):
        make_extractor("hub:facebook/dinov2-small")


def refusal(name: str | Path, output: str = "pooled") -> str:
    with pytest.raises(VasotError) as caught:
        rows(HubFeatures(str(name), output))
    return str(caught.value)


def test_an_unknown_output_is_refused_with_the_nearest(model: Callable[[str], Path]) -> None:
    assert "did you mean 'pooled'" in refusal(model("resnet"), "pool")
    with pytest.raises(SettingsError, match="hub:NAME"):
        make_extractor("hub")


@pytest.mark.parametrize("name", ["./none", "/none/at/all", "~/none at all", "a/b/c"])
def test_a_folder_that_is_not_there_is_refused(name: str) -> None:
    assert "there is no such folder" in refusal(name)


def test_what_is_no_saved_model_is_refused(tmp_path: Path) -> None:
    assert "no config.json" in refusal(tmp_path)
    (tmp_path / "config.json").write_text("{")
    assert "is no JSON" in refusal(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert "names no model_type" in refusal(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "resnet"}')
    assert "model.safetensors is missing" in refusal(tmp_path)


def test_pickled_weights_are_not_even_opened(model: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((model("resnet") / "config.json").read_bytes())
    touched = tmp_path / "touched"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (touched,)

    torch.save({"weight": Trap()}, tmp_path / "pytorch_model.bin")
    said = refusal(tmp_path)
    assert "pickled" in said
    assert "safetensors" in said
    assert not touched.exists()


def test_weights_that_are_cut_off_or_incomplete_are_refused(model: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    (tmp_path / "config.json").write_bytes((model("dinov2") / "config.json").read_bytes())
    whole = (model("dinov2") / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:-100])
    assert "cannot be loaded" in refusal(tmp_path)
    tensors = load_file(model("dinov2") / "model.safetensors")
    del tensors["layernorm.weight"]
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    assert "1 weights of Dinov2Model are missing, such as layernorm.weight" in refusal(tmp_path)


def test_a_part_of_the_weights_named_by_the_index_must_be_there(model: Callable[[str], Path], tmp_path: Path) -> None:
    whole = loaded(model("dinov2"))
    whole.save_pretrained(tmp_path, max_shard_size="8KB")
    parts = sorted(tmp_path.glob("model-*.safetensors"))
    assert len(parts) > 1
    np.testing.assert_array_equal(rows(HubFeatures(str(tmp_path))), rows(HubFeatures(str(model("dinov2")))))
    parts[-1].unlink()
    assert "not whole" in refusal(tmp_path)


def test_a_model_that_brings_its_own_code_is_refused_and_nothing_of_it_runs(
    model: Callable[[str], Path], tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    config = {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModel": "mine.Mine"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "mine.py").write_text(f"open({str(touched)!r}, 'w')\nclass Mine: ...\n")
    (tmp_path / "model.safetensors").write_bytes((model("resnet") / "model.safetensors").read_bytes())
    assert "cannot be loaded" in refusal(tmp_path)
    assert not touched.exists()


def test_a_model_that_takes_no_pictures_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9)
    BertModel(config).save_pretrained(tmp_path)
    assert "BertModel does not take pictures" in refusal(tmp_path)


def test_pictures_of_a_size_that_the_model_does_not_take_are_refused(tmp_path: Path) -> None:
    folder = save("vit_classifier", tmp_path)
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "ViTImageProcessor", "size": 64}')
    assert "ViTModel does not take pictures of shape (16, 3, 64, 64)" in refusal(folder)


# Names on the hub, without one.


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("no_cache")
def test_a_name_that_cannot_be_one_is_refused() -> None:
    assert "neither a folder nor a name" in refusal("two words/and more")


@pytest.mark.usefixtures("no_cache")
def test_offline_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    said = refusal("facebook/dinov2-small")
    assert "HF_HUB_OFFLINE is set" in said
    assert "--features motion" in said
    assert "hub:FOLDER" in said


@pytest.mark.parametrize("answers", ["nobody listens", "nothing comes back"])
@pytest.mark.usefixtures("no_cache")
def test_where_the_hub_cannot_be_reached_the_error_comes_soon(answers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answers == "nothing comes back":
            server.listen()
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr(weights, "_TIMEOUT_SECONDS", 0.5)
        begun = time.monotonic()
        said = refusal("facebook/dinov2-small")
        # One question, asked once.
        assert time.monotonic() - begun < 3
    assert "cannot be downloaded" in said
    assert "--features motion" in said


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[dict[str, bytes], int], None]]:
    """A hub on this machine that has one model, files by name, or answers with an error."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))

    state = SimpleNamespace(files={}, status=200)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2].partition("?")[0]
            if state.status != 200:
                self.send_response(state.status)
                self.send_header("X-Error-Code", {401: "RepoNotFound", 403: "GatedRepo"}[state.status])
                self.end_headers()
                return
            listing = {"id": "me/mine", "sha": "0" * 40, "siblings": [{"rfilename": name} for name in state.files]}
            body = state.files[name] if "/resolve/" in self.path else json.dumps(listing).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hash(body)}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

        def serve(files: dict[str, bytes], status: int = 200) -> None:
            state.files, state.status = files, status

        yield serve
        server.shutdown()
        thread.join()


def test_a_model_is_downloaded_once_and_only_what_is_needed(
    answering: Callable[..., None], model: Callable[[str], Path], tmp_path: Path
) -> None:
    files = {file.name: file.read_bytes() for file in model("dinov2").iterdir()}
    answering({**files, "pytorch_model.bin": b"x", "code.py": b"x"})
    first = rows(HubFeatures("me/mine"))
    np.testing.assert_array_equal(first, rows(HubFeatures(str(model("dinov2")))))
    kept = {file.name for file in (tmp_path / "cache").rglob("*") if file.suffix in {".bin", ".py", ".safetensors"}}
    assert kept == {"model.safetensors"}
    answering({}, 401)
    np.testing.assert_array_equal(rows(HubFeatures("me/mine")), first)


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ([], 401, "there is no such model on the hub"),
        ([], 403, "accept their terms"),
        (["README.md"], 200, "has no config.json"),
        (["config.json", "pytorch_model.bin"], 200, "pickled"),
        (["config.json", "weights.onnx"], 200, "no model.safetensors"),
    ],
)
def test_what_the_hub_does_not_have_is_told_before_anything_is_downloaded(
    files: list[str], status: int, said: str, answering: Callable[..., None], tmp_path: Path
) -> None:
    answering(dict.fromkeys(files, b"{}"), status)
    assert said in refusal("me/mine")
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_the_kinds_that_are_tested_are_those_that_the_documentation_names() -> None:
    assert {"dinov2", "dinov3", "resnet", "siglip", "siglip2"} <= set(IMAGE_MODELS)
    assert {"videomae", "vjepa2"} <= set(VIDEO_MODELS)


def test_what_is_missing_is_told_before_any_video_is_decoded(tmp_path: Path) -> None:
    from vasot.datasets.reading import Reading
    from vasot.datasets.recordings import read_data

    with pytest.raises(DataError, match="there is no such folder; give a folder with a saved model"):
        read_data(tmp_path / "nowhere", Reading(f"hub:{tmp_path / 'none'}"))
