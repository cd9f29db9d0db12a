from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vasot
from made_data import tiny_data
from made_videos import write_corpus, write_video
from vasot.batching.clips import ClipBatch, pad_clips
from vasot.encoders.bases import make_base
from vasot.errors import DataError, SettingsError
from vasot.features.pixels import thumbnails
from vasot.methods import METHODS
from vasot.selection.search import choose_actions
from vasot.training.model import prepare
from vasot.training.run import make_method

SMALL: dict[str, Any] = {
    "method": "vaot",
    "features": "pixels:32",
    "encoder": "resnet-context",
    "frames_per_clip": 4,
    "embedding_size": 8,
    "freeze": "base",
    "context_width": 16,
    "epochs": 1,
}
BYTES = 3 * 32 * 32


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VASOT_CACHE", str(tmp_path / "cache"))
    return write_corpus(tmp_path / "data", (12, 15)) / "videos"


def settings_of(**changes: Any) -> Any:
    own = {name: value for name, value in SMALL.items() if name not in ("method", "features")}
    return METHODS["vaot"].Config.of({**own, **changes})


def test_pictures_stay_on_disk_and_are_those_of_the_video(videos: Path) -> None:
    dataset, config = prepare(videos, **SMALL)
    track = dataset.tracks[0]
    assert isinstance(track.features, np.memmap)
    assert track.features.dtype == np.uint8
    assert config.n_features == BYTES
    again = prepare(videos, **SMALL)[0].tracks[0]
    assert (again.features == track.features).all()
    assert len(np.unique(track.features, axis=0)) > 1
    assert track.source_rate_hz == pytest.approx(25.0)


def test_a_saved_model_embeds_as_before_and_a_resumed_run_ends_as_an_uninterrupted_one(
    videos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        whole = vasot.fit(videos, output=tmp_path / "whole", **{**SMALL, "epochs": 2, "radius": 0.02})
    vasot.fit(videos, output=tmp_path / "run", **{**SMALL, "radius": 0.02})
    resumed = vasot.fit(videos, output=tmp_path / "run", resume=True, method="vaot", epochs=2)
    loaded = vasot.load(tmp_path / "run")
    track = loaded.track(videos / "a.mp4")
    expected = whole.method.embed_track(track)
    assert torch.allclose(resumed.method.embed_track(track), expected, atol=1e-5)
    assert torch.equal(loaded.method.embed_track(track), resumed.method.embed_track(track))
    assert loaded.align(videos / "a.mp4", videos / "b.mp4").plan.sum() > 0
    # 4 frames times 0.02 reach none: the band must be widened, and that is said.
    assert any("widened to one frame" in record.getMessage() for record in caplog.records)


def test_averaging_the_gradients_of_steps_is_a_step_of_all_their_pairs() -> None:
    generator = np.random.default_rng(0)
    settings = settings_of(freeze="norm", dropout=0.0)
    rows = [generator.integers(0, 256, (4, 2 * BYTES), dtype=np.uint8) for _ in range(4)]

    def gradient(pairs: list[tuple[int, int]], weight: float, method: Any) -> None:
        x, y = (pad_clips([rows[pair[side]] for pair in pairs]) for side in (0, 1))
        (weight * method.loss(ClipBatch(x, y))["loss"]).backward()

    found = []
    for steps in ([[(0, 1), (2, 3)]], [[(0, 1)], [(2, 3)]]):
        # Batch norms of the head see the batch, so they are held as in inference.
        method = make_method("vaot", settings, BYTES).eval()
        for pairs in steps:
            gradient(pairs, 1 / len(steps), method)
        weights = dict(method.named_parameters())["encoder.context.0.weight"].grad
        assert weights is not None
        found.append(weights)
    assert torch.allclose(found[0], found[1], rtol=1e-3, atol=1e-6)


def test_padding_does_not_reach_the_encoder() -> None:
    generator = np.random.default_rng(1)
    rows = [generator.integers(0, 256, (count, 2 * BYTES), dtype=np.uint8) for count in (2, 4)]
    method = make_method("vaot", settings_of(), BYTES)
    counted: list[int] = []
    encoder = method.get_submodule("encoder")
    encoder.register_forward_hook(lambda _module, inputs, _output: counted.append(len(inputs[0])))
    method.loss(ClipBatch(pad_clips(rows[:1]), pad_clips(rows[1:])))
    assert counted == [6]


@pytest.fixture
def squeezenet(tmp_path: Path) -> Path:
    """A file of weights of that base, as other programs save it: with the classifier that is passed over."""
    weights = {**make_base("squeezenet1_1").state_dict(), "classifier.1.bias": torch.zeros(1000)}
    save_file(weights, tmp_path / "squeezenet.safetensors")
    return tmp_path / "squeezenet.safetensors"


def test_a_light_base_starts_from_its_file_learns_and_is_loaded_again(
    videos: Path, squeezenet: Path, tmp_path: Path
) -> None:
    light = {**SMALL, "base": "squeezenet1_1", "weights": str(squeezenet), "freeze": "none", "learning_rate": 1e-3}
    model = vasot.fit(videos, output=tmp_path / "run", **light)
    start = load_file(squeezenet)
    learnt = {name: value for name, value in model.method.state_dict().items() if name.startswith("encoder.base.")}
    changes = {name: (value - start[name.removeprefix("encoder.base.")]).abs().max() for name, value in learnt.items()}
    # Adam moves a weight by about the learning rate a step: it began at the file's values, and it moved.
    assert len(changes) == len(start) - 1
    assert 0 < max(changes.values()) < 0.02
    assert 'base = "squeezenet1_1"' in (tmp_path / "run" / "config.toml").read_text()
    squeezenet.unlink()
    track = model.track(videos / "a.mp4")
    assert torch.equal(vasot.load(tmp_path / "run").method.embed_track(track), model.method.embed_track(track))


def test_a_run_saved_before_there_was_a_choice_of_bases_has_the_published_one(videos: Path, tmp_path: Path) -> None:
    model = vasot.fit(videos, output=tmp_path / "run", **SMALL)
    config = tmp_path / "run" / "config.toml"
    lines = config.read_text().splitlines()
    older = [line for line in lines if not line.startswith("base = ")]
    assert len(older) == len(lines) - 1
    config.write_text("\n".join(older) + "\n")
    track = model.track(videos / "a.mp4")
    assert torch.equal(vasot.load(tmp_path / "run").method.embed_track(track), model.method.embed_track(track))


def test_weights_of_another_base_are_refused_before_any_video_is_decoded(
    videos: Path, squeezenet: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="They fit --set base=squeezenet1_1"):
        prepare(videos, **{**SMALL, "weights": str(squeezenet)})
    assert not list((tmp_path / "cache").rglob("*.npz"))


def test_a_base_is_no_setting_of_the_other_encoder(videos: Path) -> None:
    with pytest.raises(SettingsError, match="setting base is read by encoder=resnet-context"):
        prepare(videos, method="vaot", features="motion", base="squeezenet1_1")


def test_a_video_shorter_than_the_context_is_seen_with_its_first_picture(videos: Path, tmp_path: Path) -> None:
    short = write_video(tmp_path / "data" / "videos" / "short.mp4", 3)
    model = vasot.fit(videos, **{**SMALL, "base": "squeezenet1_1", "context_stride": 15})
    track = model.track(short)
    rows = model.method.prepare(track)
    assert track.n_frames < 15
    pixels = np.asarray(track.features)
    expected = np.concatenate([np.repeat(pixels[:1], len(pixels), axis=0), pixels], axis=1)
    assert (rows[np.arange(len(rows))] == expected).all()
    alignment = model.align(short, videos / "a.mp4")
    assert alignment.plan.shape[0] == track.n_frames
    assert np.isfinite(alignment.plan).all()


def test_thumbnails_are_means_of_areas() -> None:
    picture = np.full((1, BYTES), 7, dtype=np.uint8)
    assert thumbnails(picture, 32).shape == (1, 3 * 16 * 16)
    assert (thumbnails(picture, 32) == 7).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"features": "motion"}, "resnet-context learns from pixels"),
        ({"encoder": "mlp"}, "are pictures, which encoder mlp does not take"),
        ({"hidden_sizes": (3,)}, "hidden_sizes is read by encoder=mlp"),
        ({"features": "pixels:7"}, "from 32 to 512"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(videos: Path, changes: dict[str, Any], says: str) -> None:
    own = {
        name: value
        for name, value in SMALL.items()
        if "encoder" not in changes or name not in ("freeze", "context_width")
    }
    with pytest.raises(SettingsError, match=says):
        prepare(videos, **{**own, **changes})


def test_missing_weights_are_told_before_any_video_is_decoded(videos: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        prepare(videos, **{**SMALL, "weights": str(tmp_path / "none.pth")})
    assert not list((tmp_path / "cache").rglob("*.npz"))


@pytest.mark.parametrize("name", ["pouring", "penn-action", "ikea-asm"])
def test_presets_from_pixels_hold_the_published_values(name: str) -> None:
    from vasot.methods.presets import preset

    keys = ("epochs", "learning_rate", "weight_decay", "temporal_prior", "radius", "alpha", "epsilon")
    values = preset(name)
    assert [values[key] for key in keys] == [200, 1e-5, 1e-5, 0.35, 0.02, 0.3, 0.07]
    assert (values["frames_per_clip"], values["embedding_size"], values["encoder"]) == (20, 128, "resnet-context")


@pytest.mark.parametrize("asked", [{"preset": "pouring"}, {"encoder": "resnet-context"}])
def test_a_search_for_the_number_of_actions_from_pixels_is_refused(
    videos: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="search on features"):
        choose_actions(videos, (3, 4), output=tmp_path / "search", **asked)


def test_without_a_preset_settings_are_those_of_pouring(videos: Path) -> None:
    settings = prepare(videos, method="vaot", features="pixels:32", encoder="resnet-context", epochs=3)[1].settings
    assert (settings.frames_per_clip, settings.learning_rate, settings.epochs) == (20, 1e-5, 3)


def test_the_same_pictures_are_changed_in_training_and_left_alone_outside(videos: Path) -> None:
    dataset, config = prepare(videos, **SMALL)
    method = make_method("vaot", config.settings, config.n_features)
    rows = np.asarray(method.prepare(dataset.tracks[0])[np.arange(4)])
    assert not (method.augment(rows, np.random.default_rng(0)) == rows).all()
    plain = make_method("vaot", settings_of(augment=False), BYTES)
    assert (plain.augment(rows, np.random.default_rng(0)) == rows).all()


def test_methods_that_segment_learn_from_pixels_too(videos: Path) -> None:
    small = {**SMALL, "method": "vasot", "actions": 2, "starts": 1, "start_rounds": 0}
    model = vasot.fit(videos, **small)
    assert model.segment(videos / "a.mp4").labels.shape == model.track(videos / "a.mp4").times_seconds.shape  # type: ignore[union-attr]


def test_likeness_of_features_counts_with_built_in_features_unless_it_is_named(videos: Path) -> None:
    def appearance(**changes: Any) -> float:
        return prepare(videos, method="vaot", **changes)[1].settings.appearance  # type: ignore[attr-defined,no-any-return]

    assert appearance() == 0.5
    assert appearance(appearance=0.0) == 0
    assert appearance(preset="short-clips") == 0
    made = tiny_data().dataset
    assert prepare(made, method="vaot")[1].settings.appearance == 0  # type: ignore[attr-defined]
