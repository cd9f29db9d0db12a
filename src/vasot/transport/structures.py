"""Structure matrices of the Gromov-Wasserstein term, stored as a few numbers and multiplied in O(NM).

All three structures of the method are one family. With the box matrix ``B_ik = [|i - k| <= h]``,

    S = m mᵀ ∘ (everywhere · 1 1ᵀ + within · B + diagonal · I)

where ``m`` marks the entries that take part (a padded frame, or a virtual one, takes part in nothing). A product
with ``B`` is a difference of running sums, so its time does not depend on ``h``. Source: Ali et al., ICCV 2025,
Eq. 4 and 5, and Xu and Gould, CVPR 2024, for the matrices.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vasot.errors import SettingsError

__all__ = ["Band", "BoxStructure", "ComplementBand", "Dense", "OffDiagonal", "Structure"]

_log = logging.getLogger("vasot.transport")
_widened: set[float] = set()


@runtime_checkable
class Structure(Protocol):
    """A symmetric matrix per batch element, known by its products."""

    @property
    def size(self) -> int:
        """Number of rows and columns."""
        ...

    def matmul(self, x: Float[Tensor, "b n m"], axis: int) -> Float[Tensor, "b n m"]:
        """Product with ``x`` along ``axis``: ``S x`` for axis 1, ``x S`` for axis 2."""
        ...

    def bound(self) -> Float[Tensor, " c"]:
        """Largest absolute entry, float64."""
        ...

    def dense(self) -> Float[Tensor, "c n n"]:
        """The matrices, written out: for tests and for looking at them (c is 1 where the batch shares one)."""
        ...


@dataclass(frozen=True, eq=False)
class BoxStructure:
    """The family above; use :class:`Band`, :class:`ComplementBand` or :class:`OffDiagonal` to make one.

    Attributes:
        half_width: (c,) h of each batch element, in frames; c is 1 where the batch shares it.
        everywhere, within, diagonal: (c,) the three coefficients, float64.
        mask: (c, n) True where an entry takes part.
    """

    half_width: Int[Tensor, " c"]
    everywhere: Float[Tensor, " c"]
    within: Float[Tensor, " c"]
    diagonal: Float[Tensor, " c"]
    mask: Bool[Tensor, "c n"]

    @property
    def size(self) -> int:
        """Number of rows and columns."""
        return int(self.mask.shape[1])

    def scaled(self, factor: float) -> Self:
        """The same structure times ``factor``."""
        return replace(
            self,
            everywhere=self.everywhere * factor,
            within=self.within * factor,
            diagonal=self.diagonal * factor,
        )

    def extended(self, extra: int = 1) -> Self:
        """The same structure with ``extra`` entries at the end that take part in nothing."""
        return replace(self, mask=torch.nn.functional.pad(self.mask, (0, extra), value=False))

    def to(self, device: torch.device) -> Self:
        """The same structure on another device."""
        names = ("half_width", "everywhere", "within", "diagonal", "mask")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def matmul(self, x: Float[Tensor, "b n m"], axis: int) -> Float[Tensor, "b n m"]:
        """Product with ``x`` along ``axis`` (1: ``S x``, 2: ``x S``) in O(n m), independent of the half width.

        Raises:
            ValueError: axis is neither 1 nor 2, or its length is not :attr:`size`.
        """
        if axis not in (1, 2) or x.shape[axis] != self.size:
            raise ValueError(f"axis {axis} of {tuple(x.shape)} cannot be multiplied by a structure of {self.size}")
        shape = (-1, self.size, 1) if axis == 1 else (-1, 1, self.size)
        mask = self.mask.to(x.dtype).view(shape)
        everywhere, within, diagonal = (
            c.to(x.dtype).view(-1, 1, 1) for c in (self.everywhere, self.within, self.diagonal)
        )
        inside = x * mask
        product = diagonal * inside
        has_total, has_box = self._parts
        if has_total:
            product = product + everywhere * inside.sum(axis, keepdim=True)
        if has_box:
            product = product + within * self._box_sum(inside, axis)
        return product * mask

    @cached_property
    def _parts(self) -> tuple[bool, bool]:
        """Whether there is a constant part and a box part; asked of the device once, not at every product."""
        return bool((self.everywhere != 0).any()), bool((self.within != 0).any())

    def _box_sum(self, x: Float[Tensor, "b n m"], axis: int) -> Float[Tensor, "b n m"]:
        running = torch.nn.functional.pad(x.cumsum(axis), (0, 0, 1, 0) if axis == 1 else (1, 0))
        index = torch.arange(self.size, device=x.device)
        upper = (index + 1 + self.half_width[:, None]).clamp(max=self.size)
        lower = (index - self.half_width[:, None]).clamp(min=0)
        view = (-1, self.size, 1) if axis == 1 else (-1, 1, self.size)
        upper, lower = (bound.view(view).expand(x.shape) for bound in (upper, lower))
        return running.gather(axis, upper) - running.gather(axis, lower)

    def bound(self) -> Float[Tensor, " c"]:
        """Largest absolute entry: far off, within the box, or on the diagonal; float64."""
        near = self.everywhere + self.within
        return torch.stack([self.everywhere, near, near + self.diagonal]).abs().amax(0)

    def dense(self) -> Float[Tensor, "c n n"]:
        """The matrices, written out."""
        index = torch.arange(self.size, device=self.mask.device)
        distance = (index[:, None] - index[None, :]).abs()
        box = (distance <= self.half_width[:, None, None]).double()
        eye = (distance == 0).double()
        everywhere, within, diagonal = (c.view(-1, 1, 1) for c in (self.everywhere, self.within, self.diagonal))
        both = self.mask[:, :, None] & self.mask[:, None, :]
        return (everywhere + within * box + diagonal * eye) * both


@dataclass(frozen=True, eq=False)
class Band(BoxStructure):
    """``1/r`` for ``1 <= |i - k| <= ⌊N r⌋``, else 0: neighbours in time."""

    @classmethod
    def from_radius(
        cls,
        lengths: int | Int[Tensor, " c"],
        radius: float,
        *,
        size: int | None = None,
        mask: Bool[Tensor, "c n"] | None = None,
    ) -> Self:
        """Band of a radius given as a fraction of the recording.

        Args:
            lengths: real frames of each batch element (an int where all share it).
            radius: r in (0, 1]. A radius that reaches no frame (``⌊N r⌋ = 0``) is widened to one frame, with one
                logged warning; its weight becomes ``N`` (that is ``1/r`` at the radius it was widened to), so that
                alpha keeps its meaning.
            size: padded length; the longest of ``lengths`` where it is left out.
            mask: (c, n) entries that take part, where these are not simply the first ones.

        Raises:
            SettingsError: radius outside (0, 1].

        >>> Band.from_radius(4, 0.5).dense()[0, 0].tolist()
        [0.0, 2.0, 2.0, 0.0]
        """
        lengths, mask = _lengths_and_mask(lengths, size, mask)
        half_width, effective = _half_width(lengths, radius)
        return cls(half_width, torch.zeros_like(effective), 1 / effective, -1 / effective, mask)


@dataclass(frozen=True, eq=False)
class ComplementBand(BoxStructure):
    """0 for ``1 <= |j - l| <= ⌊M r⌋``, else 1, the diagonal included: everything but the neighbours in time."""

    @classmethod
    def from_radius(
        cls,
        lengths: int | Int[Tensor, " c"],
        radius: float,
        *,
        size: int | None = None,
        mask: Bool[Tensor, "c n"] | None = None,
    ) -> Self:
        """Complement of a band; arguments, errors and widening as for :meth:`Band.from_radius`.

        >>> ComplementBand.from_radius(4, 0.25).dense()[0, 1].tolist()
        [0.0, 1.0, 0.0, 1.0]
        """
        lengths, mask = _lengths_and_mask(lengths, size, mask)
        half_width, effective = _half_width(lengths, radius)
        one = torch.ones_like(effective)
        return cls(half_width, one, -one, one, mask)


@dataclass(frozen=True, eq=False)
class OffDiagonal(BoxStructure):
    """1 off the diagonal, 0 on it: one action against all others."""

    @classmethod
    def of_size(
        cls, lengths: int | Int[Tensor, " c"], *, size: int | None = None, mask: Bool[Tensor, "c n"] | None = None
    ) -> Self:
        """Off-diagonal structure of ``lengths`` entries.

        >>> OffDiagonal.of_size(3).dense()[0].tolist()
        [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
        """
        lengths, mask = _lengths_and_mask(lengths, size, mask)
        one = torch.ones(lengths.shape, dtype=torch.float64, device=mask.device)
        return cls(torch.zeros_like(lengths), one, torch.zeros_like(one), -one, mask)


@dataclass(frozen=True, eq=False)
class Dense:
    """Any symmetric matrix, for research: products take O(n² m)."""

    matrix: Float[Tensor, "c n n"]

    def __post_init__(self) -> None:
        if self.matrix.ndim != 3 or not torch.equal(self.matrix, self.matrix.transpose(1, 2)):
            raise SettingsError(
                f"matrix of shape {tuple(self.matrix.shape)} is not a batch of symmetric matrices (c, n, n); "
                "symmetrise it with (matrix + matrix.mT) / 2"
            )

    @property
    def size(self) -> int:
        """Number of rows and columns."""
        return int(self.matrix.shape[1])

    def matmul(self, x: Float[Tensor, "b n m"], axis: int) -> Float[Tensor, "b n m"]:
        """``S x`` for axis 1, ``x S`` for axis 2."""
        matrix = self.matrix.to(x.dtype)
        return matrix @ x if axis == 1 else x @ matrix

    def bound(self) -> Float[Tensor, " c"]:
        """Largest absolute entry, float64."""
        return self.matrix.double().abs().amax((1, 2))

    def dense(self) -> Float[Tensor, "c n n"]:
        """The matrices themselves, in float64."""
        return self.matrix.double()


def _lengths_and_mask(
    lengths: int | Int[Tensor, " c"], size: int | None, mask: Bool[Tensor, "c n"] | None
) -> tuple[Int[Tensor, " c"], Bool[Tensor, "c n"]]:
    if isinstance(lengths, int):
        lengths = torch.tensor([lengths], device=None if mask is None else mask.device)
    shortest, longest = int(lengths.min()), int(lengths.max())
    if shortest < 1:
        raise SettingsError(f"lengths holds {shortest}; a structure needs at least one entry per batch element")
    if mask is None:
        size = longest if size is None else size
        if size < longest:
            raise SettingsError(f"size {size} is shorter than the longest element, {longest}; pad to at least that")
        mask = torch.arange(size, device=lengths.device) < lengths[:, None]
    return lengths, mask


def _half_width(lengths: Int[Tensor, " c"], radius: float) -> tuple[Int[Tensor, " c"], Float[Tensor, " c"]]:
    """⌊N r⌋ but at least 1, and the radius that this stands for."""
    if not 0 < radius <= 1:
        raise SettingsError(f"radius is {radius}; it is a fraction of the recording, so use 0 < radius <= 1")
    # The small addend keeps 100 * 0.29 = 28.999999999999996 from becoming 28.
    half_width = (lengths * radius + 1e-9).floor().long()
    narrow = half_width < 1
    if bool(narrow.any()):
        frames = int(lengths[narrow].max())
        if radius not in _widened:
            _widened.add(radius)
            _log.warning(
                "radius %g reaches no neighbour in %d frames and is widened to one frame, as it will be in other short "
                "recordings; use radius >= %.3g, or alpha 0 to leave the structure out",
                radius,
                frames,
                1 / frames,
            )
    effective = torch.where(narrow, 1 / lengths.double(), torch.full_like(lengths, radius, dtype=torch.float64))
    return half_width.clamp(min=1), effective
