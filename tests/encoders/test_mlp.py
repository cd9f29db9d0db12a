from __future__ import annotations

import torch

from vasot.encoders.mlp import MLPEncoder


def encoder(*hidden: int) -> MLPEncoder:
    torch.manual_seed(0)
    return MLPEncoder(6, hidden, 4)


def test_embeddings_have_unit_norm_and_the_width_asked_for() -> None:
    embedding = encoder(8)(torch.randn(2, 5, 6))
    assert embedding.shape == (2, 5, 4)
    assert torch.allclose(embedding.norm(dim=2), torch.ones(2, 5))


def test_it_is_linear_relu_linear() -> None:
    made = encoder(8)
    first, second = (layer for layer in made.layers if isinstance(layer, torch.nn.Linear))
    features = torch.randn(1, 3, 6)
    hidden = (features @ first.weight.T + first.bias).clamp_min(0)
    raw = hidden @ second.weight.T + second.bias
    assert torch.allclose(made(features), raw / raw.norm(dim=2, keepdim=True), atol=1e-6)


def test_hidden_layers_have_the_widths_asked_for() -> None:
    shapes = [tuple(layer.weight.shape) for layer in encoder(8, 3).layers if isinstance(layer, torch.nn.Linear)]
    assert shapes == [(8, 6), (3, 8), (4, 3)]
    assert [tuple(weight.shape) for weight in encoder().parameters()] == [(4, 6), (4,)]


def test_a_frame_is_embedded_alone_as_among_others() -> None:
    made, features = encoder(8), torch.randn(3, 7, 6)
    assert torch.allclose(made(features)[1, 2], made(features[1:2, 2:3])[0, 0], atol=1e-6)


def test_an_all_zero_frame_has_a_finite_embedding_and_gradient() -> None:
    made = encoder(8)
    for layer in made.layers:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.zeros_(layer.bias)
    embedding = made(torch.zeros(1, 1, 6))
    embedding.sum().backward()
    assert (embedding == 0).all()
    assert all(bool(weight.grad is not None and weight.grad.isfinite().all()) for weight in made.parameters())
