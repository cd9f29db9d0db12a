from __future__ import annotations

import tomllib

import pytest

from vasot.errors import SettingsError
from vasot.methods import METHODS
from vasot.methods.presets import preset, preset_names, preset_text

# Hyper-parameters of the experiments of Ali et al., ICCV 2025, supplementary material:
# features, epochs, learning rate, weight decay, rho, lambda, r, alpha, hidden width, embedding width.
KEYS = (
    "frames_per_clip",
    "epochs",
    "learning_rate",
    "weight_decay",
    "temporal_prior",
    "action_penalty",
    "radius",
    "alpha",
)
PUBLISHED = {
    "breakfast": (256, 50, 1e-3, 1e-4, 0.2, 0.1, 0.04, 0.5, 128, 40),
    "youtube-instructions": (256, 30, 1e-4, 1e-5, 0.15, 0.12, 0.04, 0.3, 32, 32),
    "50salads-eval": (256, 30, 1e-3, 1e-4, 0.15, 0.11, 0.04, 0.3, 128, 40),
    "50salads-mid": (256, 30, 1e-3, 1e-4, 0.15, 0.15, 0.04, 0.3, 128, 40),
    "desktop-assembly": (256, 30, 1e-3, 1e-4, 0.25, 0.16, 0.02, 0.3, 128, 40),
}


def test_every_published_experiment_has_its_preset() -> None:
    assert set(PUBLISHED) <= set(preset_names())
    assert preset_names() == sorted(preset_names())


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_preset_holds_the_published_values(name: str) -> None:
    values = preset(name)
    found = (*(values[key] for key in KEYS), *values["hidden_sizes"], values["embedding_size"])
    assert found == PUBLISHED[name]
    assert values["epsilon"] == 0.07


@pytest.mark.parametrize("name", preset_names())
def test_every_value_of_a_preset_is_a_setting_of_vasot(name: str) -> None:
    settings = METHODS["vasot"].Config.of({"actions": 7, **preset(name)})
    assert settings.epochs == preset(name)["epochs"]


@pytest.mark.parametrize("name", preset_names())
def test_the_text_of_a_preset_is_commented_toml_of_the_same_values(name: str) -> None:
    text = preset_text(name)
    assert text.startswith("# ")
    assert tomllib.loads(text) == preset(name)


def test_the_preset_for_short_clips_draws_less_than_a_second_and_reaches_the_next_frame() -> None:
    values = preset("short-clips")
    assert values["frames_per_clip"] < 25
    # A structure prior that reaches no neighbour is widened in every step.
    assert values["radius"] * values["frames_per_clip"] >= 1


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="no preset 'brekfast'; did you mean 'breakfast'"):
        preset("brekfast")
