"""An RBM with real-valued visible units of unit variance (Welling et al. 2005; Hinton, UTML TR 2010-003, 13.2).

    E(v, h) = ½‖v - b‖² - h·c - v·W·h        v | h ~ N(b + W·h, 1)

So p(v) is a mixture of unit Gaussians, one for every state of the hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array, Float64, Floats
from rbm.models.binary import RBM
from rbm.models.layers import Units

SCALE_FLOOR = 0.1  # of the liveliest pixel: paler ones would be blown up to noise


@dataclass(frozen=True, eq=False, repr=False)
class GaussianRBM(RBM):
    """An RBM with Gaussian visible units; parameters as in `rbm.RBM`. Data: mean 0, variance 1 (`Standard`)."""

    pixel_kind = "gaussian"

    def visible_energy(self, v: Floats) -> Floats:
        """½‖v - b‖² (n,) of real v (n, n_visible)."""
        energy: Floats = 0.5 * np.square(v - self.visible_bias).sum(axis=-1)
        return energy

    @property
    def has_closed_sums(self) -> bool:
        return True

    def log_visible_sum_(self, x: Float64) -> Float64:
        """log ∫ exp(v·(x - b) - ½‖v - b‖²) dv (m,) for x (n_visible, m) = b + W·h: the density's normal integral.

        Completing the square leaves ½‖x‖² - ½‖b‖² and n_visible times ½ log 2π.
        """
        b = self.visible_bias.astype(np.float64)
        total: Float64 = 0.5 * (np.square(x, out=x).sum(axis=0) - b @ b + len(b) * np.log(2 * np.pi))
        return total

    def check_states(self, v: Floats) -> None:
        """Any finite numbers."""
        check_standard(v)

    def draw_states(self, images: ArrayLike, rng: np.random.Generator) -> Array:
        """The pixels as they are: nothing is drawn."""
        return self._pixels(images)

    def mean_visible(self, h: ArrayLike) -> Floats:
        """The mean b + W·h (n, n_visible) of v given h, in the data's units."""
        mean: Floats = np.asarray(h, dtype=np.float32) @ self.weights.T + self.visible_bias
        return mean

    def tempered(self, temperature: float) -> RBM:
        """Only temperature 1 keeps the variance at 1; raises BadValue for any other."""
        if temperature != 1:
            raise BadValue(f"Gaussian units have variance 1 at temperature 1 only, got {temperature}; use 1")
        return self

    def draw_visible(self, mean: Floats, rng: np.random.Generator) -> Array:
        """v ~ N(mean, 1), the shape of `mean`."""
        return (mean + rng.standard_normal(mean.shape, dtype=np.float32)).astype(np.float32, copy=False)

    def visible_units(self, rng: np.random.Generator, largest: int) -> Units:
        """Units whose total input is their mean; the rest as in `rbm.RBM`."""
        return Gaussian(rng, largest)

    @staticmethod
    def check_data(data: ArrayLike) -> NDArray[np.uint8] | NDArray[np.floating]:
        """`data`, if they are a non-empty (n, pixels) of finite floats; else ValueError."""
        return check_standard(data)

    @staticmethod
    def base_rates(mean: Float64, n: int, n_classes: int = 0) -> Float64:
        """The data's mean itself."""
        return mean


class Gaussian:
    """Real-valued units of unit variance: the total input is the mean."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self._rng = rng
        self._noise = np.empty(largest, dtype=np.float32)

    def mean_(self, x: Array) -> Array:
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ N(mean, 1); `out` may be `mean`."""
        noise = self._noise[: mean.size].reshape(mean.shape)
        self._rng.standard_normal(out=noise, dtype=np.float32)
        return np.add(mean, noise, out=out)

    def sample(self, x: Array, out: Array) -> Array:
        """out ~ N(x, 1); `out` may be `x`."""
        return self.draw(x, out=out)


@dataclass(frozen=True, eq=False)
class Standard:
    """Puts data on a scale of mean 0 and variance 1, pixel by pixel, and back.

    >>> standard = Standard.of(data.train_images)
    >>> for report in rbm.train(standard.apply(data.train_images), rbm.TrainConfig(visible="gaussian")): ...
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, data: ArrayLike) -> Standard:
        """The scale of `data` (n, pixels), any numbers. Pixels that hardly vary are stretched less than the rest.

        Raises ValueError for another shape, for values that aren't finite, and for data that never vary.
        """
        array = _check_real(np.asarray(data, dtype=np.float64))
        return cls.around(array.mean(axis=0), array.std(axis=0))

    @classmethod
    def around(cls, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Standard:
        """The same from the mean and the standard deviation of each pixel (pixels,)."""
        if deviation.max() == 0:
            raise BadValue("these data never vary, so they have no scale; use other data")
        return cls(mean, np.maximum(deviation, SCALE_FLOOR * deviation.max()))

    def apply(self, data: ArrayLike) -> Array:
        """`data` (n, pixels) on the standard scale, float32."""
        return ((np.asarray(data, dtype=np.float64) - self.mean) / self.scale).astype(np.float32)

    def undo(self, v: ArrayLike) -> Array:
        """Standard values (n, pixels) on the scale of the data, float32."""
        return (np.asarray(v, dtype=np.float64) * self.scale + self.mean).astype(np.float32)


def check_standard(data: ArrayLike) -> NDArray[np.floating]:
    """`data`, if they are a non-empty (n, pixels) of finite floats: the least that Gaussian units need."""
    array = np.asarray(data)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(
            f"gaussian units need real values of mean 0 and variance 1, got {array.dtype}; "
            "make them with rbm.Standard.of(images).apply(images)"
        )
    return _check_real(array)


def _check_real(array: NDArray[np.floating]) -> NDArray[np.floating]:
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"data must be a non-empty array (n, pixels); got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("the data hold NaN or infinite values; remove or replace those rows")
    return array
