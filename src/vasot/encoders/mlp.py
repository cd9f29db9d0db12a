"""A small perceptron over frame features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["MLPEncoder"]


class MLPEncoder(nn.Module):
    """Linear-ReLU-...-Linear, frame by frame, then unit norm (Kumar et al., CVPR 2022).

    Args:
        n_features: D.
        hidden_sizes: width of each hidden layer.
        embedding_size: E.
    """

    def __init__(self, n_features: int, hidden_sizes: Sequence[int], embedding_size: int) -> None:
        super().__init__()
        sizes = [n_features, *hidden_sizes, embedding_size]
        layers: list[nn.Module] = []
        for width_in, width_out in pairwise(sizes):
            layers += [nn.Linear(width_in, width_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Float[Tensor, "b n d"]) -> Float[Tensor, "b n e"]:
        """Embeddings of unit norm, (b, n, E)."""
        embedding: Tensor = nn.functional.normalize(self.layers(features), dim=-1)
        return embedding
