from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vasot.encoders.bases import BASES, BaseName, make_base
from vasot.encoders.blocks import batch_norms
from vasot.encoders.context import N_CONTEXT, ContextEncoder
from vasot.encoders.pretrained import base_weights
from vasot.encoders.resnet import ResNetBase
from vasot.errors import DataError
from vasot.features.preparation import Preparation

SIDE = 32


def pixels(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, N_CONTEXT * 3 * SIDE * SIDE), generator=generator, dtype=torch.uint8)


def encoder(**changes: object) -> ContextEncoder:
    torch.manual_seed(0)
    return ContextEncoder(SIDE, 8, **{"dropout": 0.0, "width": 16, **changes})  # type: ignore[arg-type]


def gradients(model: ContextEncoder) -> dict[str, Tensor]:
    target = torch.linspace(-1, 1, 4 * 8).reshape(4, 8)
    (model(pixels(4)) * target).sum().backward()
    return {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize(
    ("base", "side", "shape"),
    [
        ("resnet50", 64, (1024, 4, 4)),
        ("squeezenet1_1", 64, (512, 3, 3)),
        # Of an uneven rest its pooling keeps the last column: 49, 24, 12, 6.
        ("squeezenet1_1", 100, (512, 6, 6)),
    ],
)
def test_a_picture_becomes_as_many_maps_as_the_base_has_channels(
    base: BaseName, side: int, shape: tuple[int, ...]
) -> None:
    found = make_base(base).eval()(torch.zeros(1, 3, side, side))
    assert found.shape == (1, *shape)
    assert found.shape[1] == BASES[base].n_channels


def test_embeddings_have_unit_norm_and_do_not_depend_on_the_other_frames() -> None:
    model = encoder().eval()
    with torch.no_grad():
        together = model(pixels(3))
        alone = model(pixels(3)[1:2])
    assert torch.allclose(together.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.allclose(together[1:2], alone, atol=1e-4)


def test_the_earlier_picture_and_its_order_change_the_embedding() -> None:
    model = encoder().eval()
    rows = pixels(1)
    swapped = torch.cat(rows.chunk(2, dim=1)[::-1], dim=1)
    with torch.no_grad():
        assert not torch.allclose(model(rows), model(swapped), atol=1e-4)


@pytest.mark.parametrize("freeze", ["base", "norm", "none"])
def test_what_is_frozen_stays_as_it_was_and_the_rest_moves(freeze: str) -> None:
    model = encoder(freeze=freeze)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=0.1)
    gradients(model)
    optimiser.step()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    norms = {f"base.{name}" for name in model.base.state_dict() if "bn" in name or "downsample.1" in name}
    base = {f"base.{name}" for name in model.base.state_dict()}
    rest = set(before) - base
    assert moved == {"base": rest, "norm": rest | (base - norms), "none": rest | base}[freeze]


def test_training_mode_does_not_wake_frozen_batch_norms() -> None:
    model = encoder(freeze="norm").eval().train()
    assert not any(norm.training for norm in batch_norms(model.base))
    assert all(norm.training for norm in batch_norms(model.context))


@pytest.mark.parametrize(("freeze", "moving"), [("base", False), ("norm", True), ("none", True)])
def test_a_base_without_batch_norms_is_trained_as_a_whole_unless_it_is_frozen(freeze: str, moving: bool) -> None:
    model = encoder(base="squeezenet1_1", freeze=freeze)
    reached = gradients(model)
    base = {name for name, _ in model.named_parameters() if name.startswith("base.")}
    rest = {name for name, _ in model.named_parameters()} - base
    assert reached.keys() == (rest | base if moving else rest)
    assert all(bool(gradient.any()) for name, gradient in reached.items() if "bias" not in name)


@pytest.mark.parametrize("base", list(BASES))
def test_recomputing_gives_the_same_gradients_and_counts_each_batch_once(
    base: BaseName, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, thrifty = (encoder(base=base, freeze="none", recompute=recompute) for recompute in (False, True))
    expected = gradients(plain)
    counted = Mock(wraps=checkpoint)
    monkeypatch.setattr("vasot.encoders.blocks.checkpoint", counted)
    found = gradients(thrifty)
    assert counted.called
    assert expected.keys() == found.keys()
    assert all(torch.allclose(expected[name], found[name], rtol=1e-3, atol=1e-5) for name in expected)
    for name, value in plain.state_dict().items():
        assert torch.allclose(value.float(), thrifty.state_dict()[name].float(), rtol=1e-5, atol=1e-6), name


def test_the_3d_convolutions_stay_in_float32_on_a_cpu_whose_gradients_in_bfloat16_may_be_nan() -> None:
    model = encoder(freeze="norm")
    kinds: dict[str, torch.dtype] = {}
    model.base.get_submodule("conv1").register_forward_hook(lambda _m, _i, output: kinds.update(base=output.dtype))
    model.context[0].register_forward_hook(lambda _m, _i, output: kinds.update(context=output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        embedding = model(pixels(2))
    assert kinds == {"base": torch.bfloat16, "context": torch.float32}
    assert embedding.dtype == torch.float32


def torchvision_like() -> dict[str, Tensor]:
    torch.manual_seed(5)
    return dict(ResNetBase().state_dict())


def hub_name(name: str) -> str:
    """The name that transformers gives the same parameter."""
    words = name.split(".")
    kinds = {"conv": "convolution", "bn": "normalization"}
    if words[0] in ("conv1", "bn1"):
        return f"resnet.embedder.embedder.{kinds[words[0][:-1]]}.{words[1]}"
    place = f"resnet.encoder.stages.{int(words[0][-1]) - 1}.layers.{words[1]}"
    if words[2] == "downsample":
        return f"{place}.shortcut.{('convolution', 'normalization')[int(words[3])]}.{words[4]}"
    return f"{place}.layer.{int(words[2][-1]) - 1}.{kinds[words[2][:-1]]}.{words[3]}"


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
@pytest.mark.parametrize("style", ["torchvision", "module.", "module.backbone.", "transformers"])
def test_weights_are_found_under_their_usual_names(tmp_path: Path, ending: str, style: str) -> None:
    expected = torchvision_like()
    rename = hub_name if style == "transformers" else lambda name: ("" if style == "torchvision" else style) + name
    saved = {rename(name): value for name, value in expected.items()}
    saved[rename("layer3.5.conv1.weight")] = torch.zeros(2)
    file = tmp_path / f"weights.{ending}"
    if ending == "pth":
        torch.save({"state_dict": saved, "epoch": 3}, file)
    else:
        save_file(saved, file)
    found = base_weights(str(file), "resnet50")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    encoder().load_base(found)


def test_weights_of_another_network_are_refused_with_what_is_missing_or_misshaped(tmp_path: Path) -> None:
    weights = torchvision_like()
    weights["layer1.0.conv1.weight"] = torch.zeros(64, 32, 1, 1)
    del weights["layer2.0.conv2.weight"]
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(DataError) as error:
        base_weights(str(tmp_path / "other.safetensors"), "resnet50")
    for part in ("1 of", "layer2.0.conv2.weight", "layer1.0.conv1.weight is 64x32x1x1 instead of 64x64x1x1", "random"):
        assert part in str(error.value)


def test_weights_of_the_other_base_are_refused_with_the_setting_that_takes_them(tmp_path: Path) -> None:
    for base in BASES:
        save_file(dict(make_base(base).state_dict()), tmp_path / f"{base}.safetensors")
        assert base_weights(str(tmp_path / f"{base}.safetensors"), base).keys() == make_base(base).state_dict().keys()
    with pytest.raises(DataError, match=r"204 are missing.*They fit --set base=squeezenet1_1"):
        base_weights(str(tmp_path / "squeezenet1_1.safetensors"), "resnet50")
    with pytest.raises(DataError, match=r"50 of 50 are missing \(features\.0\.weight.*They fit --set base=resnet50"):
        base_weights(str(tmp_path / "resnet50.safetensors"), "squeezenet1_1")


def test_a_base_that_the_hub_does_not_have_wants_a_file() -> None:
    with pytest.raises(DataError, match=r"the hub has no weights for base=squeezenet1_1; give a file"):
        base_weights("hub:some/model", "squeezenet1_1")


@pytest.fixture(scope="module")
def squeezenet(data_root: Path) -> tuple[nn.Module, dict[str, Tensor]]:
    """The network with weights that have seen pictures, and its whole file."""
    file = data_root / "encoders" / "squeezenet1_1_imagenet_torchvision_layout_fp32.safetensors"
    base = make_base("squeezenet1_1").eval()
    base.load_state_dict(base_weights(str(file), "squeezenet1_1"))
    return base, load_file(file)


@pytest.mark.data
def test_squeezenet_names_the_cat_and_the_parrot(
    squeezenet: tuple[nn.Module, dict[str, Tensor]], data_root: Path
) -> None:
    base, weights = squeezenet
    pictures = []
    for name in ("cat_720p.jpg", "parrot.jpg"):
        with Image.open(data_root / "encoders" / name) as image:
            pictures.append(np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)))
    with torch.no_grad():
        maps = base(Preparation(size=None)(np.stack(pictures)))
        logits = nn.functional.conv2d(maps, weights["classifier.1.weight"], weights["classifier.1.bias"])
    # The first line of the list is no class of these weights.
    labels = (data_root / "encoders" / "imagenet_labels.txt").read_text().splitlines()[1:]
    cat, parrot = (labels[int(index)].lower() for index in logits.relu().mean((2, 3)).argmax(dim=1))
    assert "cat" in cat
    assert parrot == "macaw"


@pytest.mark.data
def test_squeezenet_gives_the_maps_of_the_same_network_run_by_onnxruntime(
    squeezenet: tuple[nn.Module, dict[str, Tensor]], data_root: Path
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    theirs = onnxruntime.InferenceSession(data_root / "encoders" / "squeezenet1_1_imagenet_embedding.onnx")
    pictures = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    maps, embedding = theirs.run(["feature_map", "embedding"], {theirs.get_inputs()[0].name: pictures.numpy()})
    with torch.no_grad():
        found = squeezenet[0](pictures).numpy()
    np.testing.assert_allclose(found, maps, rtol=1e-4, atol=1e-4 * float(maps.max()))
    np.testing.assert_allclose(found.mean((2, 3)), embedding, rtol=0, atol=1e-4)


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("trapped"),)


def test_a_checkpoint_that_would_run_a_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(DataError, match="something else than tensors"):
        base_weights("trap.pth", "resnet50")
    assert not Path("trapped").exists()


def test_a_missing_file_of_weights_is_named() -> None:
    with pytest.raises(DataError, match=r"weights nowhere\.pth: there is no such file"):
        base_weights("nowhere.pth", "resnet50")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator")
def test_an_accelerator_computes_the_gradients_of_the_processor() -> None:
    expected = gradients(encoder(freeze="norm"))
    model = encoder(freeze="norm").cuda()
    target = torch.linspace(-1, 1, 4 * 8).reshape(4, 8).cuda()
    (model(pixels(4).cuda()) * target).sum().backward()
    for name, value in model.named_parameters():
        if value.grad is not None:
            scale = expected[name].abs().max()
            assert np.allclose(value.grad.cpu(), expected[name], atol=float(2e-2 * scale) + 1e-6), name


def test_a_resnet_of_transformers_gives_the_same_maps_from_its_folder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    # Its third stage is cut after three blocks, where ours ends; the fourth is not looked at.
    theirs = transformers.ResNetModel(transformers.ResNetConfig(depths=[3, 4, 3, 1])).eval()
    for norm in batch_norms(theirs):
        torch.nn.init.normal_(norm.get_buffer("running_mean"))
        torch.nn.init.uniform_(norm.get_buffer("running_var"), 0.5, 2)
    theirs.save_pretrained(tmp_path)
    ours = ResNetBase().eval()
    ours.load_state_dict(base_weights(f"hub:{tmp_path}", "resnet50"))
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = theirs(pictures, output_hidden_states=True).hidden_states[3]
        found = ours(pictures)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


def test_another_kind_of_model_of_the_hub_is_refused(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    small = transformers.ResNetConfig(
        depths=[1, 1], hidden_sizes=[8, 8], embedding_size=4, downsample_in_bottleneck=True
    )
    transformers.ResNetModel(small).save_pretrained(tmp_path)
    with pytest.raises(DataError, match="stride on its first convolution"):
        base_weights(f"hub:{tmp_path}", "resnet50")
