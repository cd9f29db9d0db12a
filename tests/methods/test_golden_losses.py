"""The losses of the three methods, on stored embeddings and plans, against tests/golden/losses.toml."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from vasot.batching.clips import ClipBatch, Clips
from vasot.methods import METHODS
from vasot.methods.alignment import FrameAlignment
from vasot.methods.segmentation import FrameSegmentation
from vasot.transport import VirtualSplit

GOLDEN: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "losses.toml").read_text(encoding="utf-8")
)


def on_circle(name: str) -> Tensor:
    angles = torch.tensor(GOLDEN[f"{name}_degrees"], dtype=torch.float64) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def padded(rows: Tensor, n_rows: int, n_columns: int) -> Tensor:
    return torch.nn.functional.pad(rows, (0, n_columns - rows.shape[1], 0, n_rows - rows.shape[0]))


@pytest.mark.parametrize("name", ["vaot", "asot", "vasot"])
def test_the_loss_of_each_method_is_the_stored_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = {key: torch.tensor(GOLDEN[key], dtype=torch.float64) for key in ("plan_xy", "plan_xa", "plan_ya")}
    n = len(plans["plan_xy"])
    # An unused frame has more of its mass on the virtual frame than on any other.
    virtual = torch.where(torch.tensor(GOLDEN["used_x"]), 0.0, 1.0).double()[None]
    split = VirtualSplit(padded(plans["plan_xy"], n, n)[None], virtual, torch.zeros(1, n, dtype=torch.float64))
    frames = torch.stack([padded(plans[key], n, plans[key].shape[1]) for key in ("plan_xa", "plan_ya")])
    monkeypatch.setattr(FrameAlignment, "plan", lambda *_: split)
    monkeypatch.setattr(FrameSegmentation, "plan", lambda *_: frames)
    kind = METHODS[name]
    asked = {
        "temperature": GOLDEN["temperature"],
        "alignment_weight": GOLDEN["alignment_weight"],
        "segmentation_weight": GOLDEN["segmentation_weight"],
        "embedding_size": 2,
        "actions": 2,
    }
    settings = kind.Config.of({key: value for key, value in asked.items() if key in kind.Config.model_fields})
    method = kind(settings, 2)
    monkeypatch.setattr(method, "embed", lambda features: features)
    if name != "vaot":
        method.actions = torch.nn.Parameter(on_circle("action"))
    clips = {key: Clips(padded(on_circle(key), n, 2)[None], torch.tensor([len(on_circle(key))])) for key in "xy"}
    found = method.loss(ClipBatch(clips["x"], clips["y"]))
    assert {key: value.item() for key, value in found.items()} == pytest.approx(GOLDEN[name], rel=1e-12)
