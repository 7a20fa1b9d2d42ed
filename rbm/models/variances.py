"""An RBM with real-valued visible units that have learned variances σ_i² (Liao, Kornblith, Ren, Fleet & Hinton,
"Gaussian-Bernoulli RBMs without tears", arXiv 2210.10318, 2022, equation 1).

    E(v, h) = Σ_i (v_i - μ_i)² / 2σ_i² - (v/σ²)·W·h - h·c

    v | h ~ N(μ + W·h, σ²)        p(h = 1 | v) = sigmoid(c + (v/σ²)·W)

Hidden units see v/σ²: they listen the more to a pixel, the more surely it is known. With σ = 1 it is `GaussianRBM`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array, Float64, Floats, check_images
from rbm.models.binary import RBM
from rbm.models.gaussian import Gaussian, GaussianRBM, check_standard
from rbm.models.layers import Bernoulli, Layers, Learned

LARGEST = 20.0  # of |log σ²|: σ from 0.00005 to 22,000 holds any scale of pixels; beyond it float32 loses digits


class VarianceParameters(NamedTuple):
    """The arrays that training changes in place; shaped as in `GaussianVarianceRBM`."""

    weights: Array
    visible_bias: Array
    hidden_bias: Array
    log_variance: Array

    def seen(self, v: Floats) -> Floats:
        """What the hidden units see of v (n, n_visible): v/σ², in the precision of `v`."""
        seen: Floats = v * np.exp(-self.log_variance, dtype=v.dtype)
        return seen

    def like(self, arrays: Iterable[Array]) -> Self:
        """Such a tuple of other arrays, in this order."""
        return type(self)(*arrays)


@dataclass(frozen=True, eq=False, repr=False)
class GaussianVarianceRBM(GaussianRBM):
    """An RBM with Gaussian visible units of variances exp(log_variance).

    `weights` (n_visible, n_hidden): how far each hidden unit moves the mean of each pixel, in the data's units;
    `visible_bias` (n_visible,): the means μ where all hidden units are off; `log_variance` (n_visible,): log σ², from
    -20 to 20. Data: real values on any scale; whole grey levels (uint8) count as numbers in [0, 1]. Raises ValueError
    as `rbm.RBM`, and for log variances of another shape or range.
    """

    log_variance: Array

    arrays = (*RBM.arrays, "log_variance")
    pixel_kind = "gaussian-variance"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.log_variance.shape != (self.n_visible,):
            raise ValueError(
                f"log_variance must hold {self.n_visible} numbers, one a pixel; got shape {self.log_variance.shape}"
            )
        if (worst := float(np.abs(self.log_variance).max())) > LARGEST:
            raise ValueError(f"log_variance must be between -{LARGEST:g} and {LARGEST:g}; it holds ±{worst:g}")

    @property
    def parameters(self) -> VarianceParameters:
        """The arrays by themselves, shared and read-only."""
        return VarianceParameters(self.weights, self.visible_bias, self.hidden_bias, self.log_variance)

    @property
    def sigma(self) -> Array:
        """σ (n_visible,): the standard deviation of each pixel given the hidden units, in the data's units."""
        sigma: Array = np.exp(0.5 * self.log_variance)
        return sigma

    def visible_energy(self, v: Floats) -> Floats:
        """Σ (v - μ)²/2σ² (n,) of real v (n, n_visible)."""
        precision = np.exp(-self.log_variance, dtype=v.dtype)
        energy: Floats = 0.5 * (np.square(v - self.visible_bias) * precision).sum(axis=-1)
        return energy

    def log_visible_sum_(self, x: Float64) -> Float64:
        """log ∫ exp((v/σ²)·(x - μ) - Σ (v - μ)²/2σ²) dv (m,) for x (n_visible, m) = μ + W·h.

        Completing the square leaves Σ (x² - μ²)/2σ² and ½ log 2πσ² of every pixel.
        """
        log_variance = self.log_variance.astype(np.float64)
        precision, mean = np.exp(-log_variance), self.visible_bias.astype(np.float64)
        constant = (len(mean) * np.log(2 * np.pi) + log_variance.sum()) - precision @ np.square(mean)
        total: Float64 = 0.5 * (precision @ np.square(x, out=x) + constant)
        return total

    def tempered(self, temperature: float) -> RBM:
        """Only temperature 1 keeps the variances; raises BadValue for any other."""
        if temperature != 1:
            raise BadValue(f"Gaussian units keep the variances they learned at temperature 1 only, got {temperature}")
        return self

    def rescaled(self, mean: Float64, scale: Float64) -> RBM:
        """The same machine of pixels x = scale·v + mean, for `mean` and `scale` above 0, both (n_visible,).

        A Gaussian pixel on another scale is a Gaussian pixel, so nothing is lost: p(h | x) is what p(h | v) was, and
        the density of x is that of v over the product of the scales. Raises ValueError where a σ is then beyond range.
        """
        log_variance = self.log_variance + 2 * np.log(scale)
        weights = self.weights * scale.astype(np.float32)[:, None]
        seen = (mean * np.exp(-log_variance)).astype(np.float32)  # of the mean, by the hidden units
        arrays = (weights, scale * self.visible_bias + mean, self.hidden_bias - seen @ weights, log_variance)
        return GaussianVarianceRBM(*(array.astype(np.float32, copy=False) for array in arrays))

    def draw_visible(self, mean: Floats, rng: np.random.Generator) -> Array:
        """v ~ N(mean, σ²), the shape of `mean`."""
        noise = self.sigma * rng.standard_normal(mean.shape, dtype=np.float32)
        return (mean + noise).astype(np.float32, copy=False)

    @staticmethod
    def check_data(data: ArrayLike) -> NDArray[np.uint8] | NDArray[np.floating]:
        """`data`, if they are a non-empty (n, pixels) of uint8 or of finite floats; else ValueError."""
        array = np.asarray(data)
        return check_images(array) if array.dtype == np.uint8 else check_standard(array)

    def layers(self, rng: np.random.Generator, largest: int, live: Learned | None = None) -> Layers:
        """As in `rbm.RBM`: visible units that draw by the `live` variances, or else by the model's own."""
        p = live if isinstance(live, VarianceParameters) else self.parameters
        return Layers(VariedGaussian(rng, largest, p.log_variance), Bernoulli(rng, largest))


class VariedGaussian(Gaussian):
    """Real-valued units, each with its own variance; `log_variance` (units,) may change while they are used."""

    def __init__(self, rng: np.random.Generator, largest: int, log_variance: Array) -> None:
        super().__init__(rng, largest)
        self._log_variance = log_variance

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ N(mean, σ²); `out` may be `mean`."""
        noise = self._noise[: mean.size].reshape(mean.shape)
        self._rng.standard_normal(out=noise, dtype=np.float32)
        noise *= np.exp(0.5 * self._log_variance)
        return np.add(mean, noise, out=out)
