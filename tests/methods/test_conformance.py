"""Every registered method is held to what any method must do; a new one is tested because it is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from made_data import first, noise, tiny, tiny_data, tiny_settings
from vasot.batching.clips import ClipBatch, pad_clips
from vasot.batching.pairs import EpochBatches
from vasot.errors import DataError, SettingsError
from vasot.methods import METHODS
from vasot.methods.base import Method
from vasot.methods.solvers import ANSWER, STEP
from vasot.methods.transport import TransportMethod
from vasot.objectives.pseudo_label import pseudo_label_loss
from vasot.training.model import Model, fit
from vasot.training.run import make_method
from vasot.types import Alignment, Segmentation, Track

EVERY = pytest.mark.parametrize("name", sorted(METHODS))
SEGMENTING = [name for name in sorted(METHODS) if "segment" in METHODS[name].tasks]
ALIGNING = [name for name in sorted(METHODS) if "align" in METHODS[name].tasks]
TRACKS = tiny_data(6).dataset.tracks


@cache
def trained(name: str) -> Model:
    """Trained on the first four recordings; the other two are new to it."""
    return fit(first(tiny_data(6).dataset, 4), method=name, **tiny(name))


def untrained(name: str, **changes: Any) -> Method:
    method = make_method(name, tiny_settings(name, **changes), 8)
    method.initialise([method.prepare(track) for track in TRACKS[:4]])
    return method


def batch_for(method: Method) -> ClipBatch:
    features = [method.prepare(track) for track in TRACKS[:4]]
    generator = np.random.default_rng(0)
    return next(
        iter(
            EpochBatches(
                features, ["all"] * 4, paired=method.paired, frames_per_clip=12, clips_per_step=4, generator=generator
            )
        )
    )


def segmentations_equal(a: Segmentation, b: Segmentation) -> bool:
    return bool((a.labels == b.labels).all() and (a.confidence == b.confidence).all())


def alignments_equal(a: Alignment, b: Alignment) -> bool:
    return bool((a.plan == b.plan).all() and (a.matches == b.matches).all() and (a.path == b.path).all())


@EVERY
def test_the_class_says_what_the_registry_says(name: str) -> None:
    kind = METHODS[name]
    assert kind.name == name
    assert kind.tasks
    assert kind.tasks <= {"align", "segment"}


@EVERY
def test_every_setting_says_what_it_means(name: str) -> None:
    assert all(meaning for _, meaning in tiny_settings(name).described().values())


@EVERY
def test_two_epochs_of_training_give_a_method_that_answers(name: str) -> None:
    model = trained(name)
    assert all(bool(weight.isfinite().all()) for weight in model.method.state_dict().values())
    start = make_method(name, tiny_settings(name), 8).state_dict()
    assert all(not torch.equal(weight, start[key]) for key, weight in model.method.state_dict().items())


@EVERY
def test_the_loss_is_finite_and_goes_down_on_a_fixed_batch(name: str) -> None:
    method = untrained(name)
    batch = batch_for(method)
    optimiser = torch.optim.Adam(method.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = method.loss(batch)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        method.constrain()
        losses.append(loss.item())
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@EVERY
def test_every_parameter_takes_part_in_the_loss(name: str) -> None:
    method = untrained(name)
    method.loss(batch_for(method))["loss"].backward()  # type: ignore[no-untyped-call]
    for key, weight in method.named_parameters():
        assert weight.grad is not None, key
        assert bool((weight.grad != 0).any()), key


@EVERY
def test_the_loss_is_the_same_with_more_padding(name: str) -> None:
    method = untrained(name)
    batch = batch_for(method)

    def padded(clips: Any) -> Any:
        return None if clips is None else replace(clips, features=torch.nn.functional.pad(clips.features, (0, 0, 0, 5)))

    with torch.no_grad():
        plain, longer = method.loss(batch), method.loss(ClipBatch(padded(batch.x), padded(batch.y)))
    for part, value in plain.items():
        assert longer[part].item() == pytest.approx(value.item(), rel=1e-4), part


@pytest.mark.parametrize("name", SEGMENTING)
def test_a_new_recording_is_segmented_without_training_or_labels(name: str) -> None:
    found = trained(name).segment(TRACKS[5])
    assert found.name == TRACKS[5].name
    assert found.labels.shape == (TRACKS[5].n_frames,)
    assert found.n_actions == 3
    assert ((found.confidence > 0) & (found.confidence <= 1 + 1e-9)).all()


@pytest.mark.parametrize("name", ALIGNING)
def test_new_recordings_are_aligned(name: str) -> None:
    x, y = TRACKS[4], TRACKS[5]
    found = trained(name).align(x, y)
    assert (found.name_x, found.name_y) == (x.name, y.name)
    assert found.plan.shape == (x.n_frames, y.n_frames)
    assert found.matches.max() < y.n_frames
    assert found.path[0].tolist() == [0, 0]
    assert found.path[-1].tolist() == [x.n_frames - 1, y.n_frames - 1]
    assert (np.diff(found.path, axis=0) >= 0).all()


@EVERY
def test_a_task_it_does_not_have_is_refused_with_the_remedy(name: str) -> None:
    model = trained(name)
    asked: dict[str, Callable[[], object]] = {
        "segment": lambda: model.segment(TRACKS[0]),
        "align": lambda: model.align(TRACKS[0], TRACKS[1]),
    }
    for task, ask in asked.items():
        if task not in model.method.tasks:
            with pytest.raises(SettingsError, match=f"method '{name}' cannot {task} .*--method vasot"):
                ask()


@pytest.mark.parametrize("name", SEGMENTING)
def test_segmenting_is_deterministic_and_independent_of_other_recordings(name: str) -> None:
    model = trained(name)
    before = model.segment(TRACKS[4])
    torch.manual_seed(5)
    model.segment(TRACKS[5])
    assert segmentations_equal(model.segment(TRACKS[4]), before)


@pytest.mark.parametrize("name", ALIGNING)
def test_aligning_is_deterministic_and_independent_of_other_recordings(name: str) -> None:
    model = trained(name)
    before = model.align(TRACKS[4], TRACKS[5])
    torch.manual_seed(5)
    model.align(TRACKS[0], TRACKS[5])
    assert alignments_equal(model.align(TRACKS[4], TRACKS[5]), before)


@pytest.mark.parametrize("name", SEGMENTING)
def test_a_recording_is_segmented_alone_as_in_a_batch(name: str) -> None:
    method = trained(name).method
    assert isinstance(method, TransportMethod)
    assert method.segmentation is not None
    clips = pad_clips([np.asarray(method.prepare(track)) for track in TRACKS[4:6]])
    with torch.no_grad():
        plans = method.segmentation.plan(method.embed(clips.features), clips.lengths, method.actions, ANSWER)
    for plan, track in zip(plans, TRACKS[4:6], strict=True):
        alone = method.segment(track)
        shares = plan[: track.n_frames] / plan[: track.n_frames].sum(1, keepdim=True)
        assert np.allclose(shares.max(1).values.numpy(), alone.confidence, atol=1e-3)


@EVERY
def test_answers_change_nothing_in_the_model(name: str) -> None:
    model = trained(name)
    before = {key: weight.clone() for key, weight in model.method.state_dict().items()}
    if "segment" in model.method.tasks:
        model.segment(TRACKS[0])
    if "align" in model.method.tasks:
        model.align(TRACKS[0], TRACKS[1])
    assert all(torch.equal(weight, before[key]) for key, weight in model.method.state_dict().items())


@EVERY
def test_features_of_another_width_are_refused_by_name(name: str) -> None:
    with pytest.raises(DataError, match="stranger has 5 features per frame but the model was trained on 8"):
        trained(name).method.prepare(noise("stranger", 6, 5))


@EVERY
def test_standardising_can_be_switched_off(name: str) -> None:
    track = TRACKS[0]
    scaled = np.asarray(untrained(name).prepare(track))
    assert np.allclose(scaled.mean(0), 0, atol=1e-6)
    assert np.square(scaled).sum(1).mean() == pytest.approx(1, rel=1e-5)
    assert (np.asarray(untrained(name, standardise=False).prepare(track)) == track.features).all()


@EVERY
@pytest.mark.parametrize("n_frames", [1, 2])
def test_recordings_of_one_or_two_frames_are_answered(name: str, n_frames: int) -> None:
    model, short = trained(name), noise("short", n_frames)
    if "segment" in model.method.tasks:
        assert model.segment(short).labels.shape == (n_frames,)
    if "align" in model.method.tasks:
        assert model.align(short, TRACKS[0]).matches.shape == (n_frames,)
        assert model.align(TRACKS[0], short).matches.max() < n_frames


@EVERY
def test_all_zero_frames_are_answered(name: str) -> None:
    model = trained(name)
    features = TRACKS[0].features.copy()
    features[3:6] = 0
    track = Track("gaps", features)
    if "segment" in model.method.tasks:
        assert np.isfinite(model.segment(track).confidence).all()
    if "align" in model.method.tasks:
        assert np.isfinite(model.align(track, TRACKS[1]).plan).all()


@pytest.mark.parametrize(("align", "segment"), [(1.0, 1.0), (0.3, 2.0), (0.0, 1.0)])
def test_the_loss_of_vasot_is_the_weighted_sum_of_the_parts_of_vaot_and_asot(align: float, segment: float) -> None:
    joint = untrained("vasot", alignment_weight=align, segmentation_weight=segment)
    vaot, asot = untrained("vaot"), untrained("asot")
    state = joint.state_dict()
    vaot.load_state_dict({key: state[key] for key in vaot.state_dict()})
    asot.load_state_dict(state)
    batch = batch_for(joint)
    assert batch.y is not None
    with torch.no_grad():
        parts = joint.loss(batch)
        l_xy = vaot.loss(batch)["loss"].item()
        l_xa, l_ya = (asot.loss(ClipBatch(clips))["loss"].item() for clips in (batch.x, batch.y))
    assert parts["align"].item() == pytest.approx(l_xy, rel=1e-4)
    assert parts["segment"].item() == pytest.approx(l_xa + l_ya, rel=1e-4)
    assert parts["loss"].item() == pytest.approx(align * l_xy + segment * (l_xa + l_ya), rel=1e-4)


def test_the_alignment_loss_leaves_unmatched_frames_out() -> None:
    method = untrained("vaot", virtual_cost=0.2)
    assert isinstance(method, TransportMethod)
    assert method.alignment is not None
    batch = batch_for(method)
    assert batch.y is not None
    with torch.no_grad():
        x, y = method.embed(batch.x.features), method.embed(batch.y.features)
        seen_x, seen_y = (
            method.alignment.compared(embedding, clips.features) for embedding, clips in ((x, batch.x), (y, batch.y))
        )
        split = method.alignment.plan(seen_x, batch.x.lengths, seen_y, batch.y.lengths, STEP)
        unmatched = split.mass_x > split.plan.sum(2)
        real = torch.ones(y.shape[:2], dtype=torch.bool)
        expected = pseudo_label_loss(x, y, split.plan, ~unmatched, real, 0.1).mean()
        all_frames = pseudo_label_loss(x, y, split.plan, torch.ones_like(unmatched), real, 0.1).mean()
        found = method.loss(batch)["align"]
    assert bool(unmatched.any())
    assert not bool(unmatched.all())
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert abs(found.item() - all_frames.item()) > 1e-3


def test_action_embeddings_stay_on_the_unit_sphere_while_training() -> None:
    for name in SEGMENTING:
        method = trained(name).method
        assert isinstance(method, TransportMethod)
        assert torch.allclose(method.actions.norm(dim=1), torch.ones(3), atol=1e-6)


def test_methods_of_single_recordings_need_no_partner_and_others_do() -> None:
    alone = first(tiny_data().dataset, 1)
    for name in sorted(METHODS):
        if METHODS[name].paired:
            with pytest.raises(DataError, match="needs at least two"):
                fit(alone, method=name, **tiny(name))
        else:
            assert fit(alone, method=name, **tiny(name)).segment(alone.tracks[0]).n_actions == 3
