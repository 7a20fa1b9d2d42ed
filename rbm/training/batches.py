"""Rows of training data, made ready in place: gathered, scaled to [0, 1], drawn black or white if asked; or, for pixels
whose variances are learned, put on the scale of mean 0 and variance 1, where one rate suits all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models import io
from rbm.models.arrays import Array, Arrays, as_floats, check_labels
from rbm.models.binary import RBM
from rbm.models.gaussian import Standard
from rbm.training import autoencoder, discriminative
from rbm.training.config import TrainConfig

Float64 = NDArray[np.float64]
BLOCK = 500  # images at a time


class Images:
    """Images (n, pixels), what `config.binarize` makes of their grey levels, and labels (n,) if there are any.

    `n_classes`: class units; by default as many as the labels show. `kind`: of the model that learns from them.
    `standard`: the scale to put pixels on whose variances are learned; by default the images' own.
    """

    def __init__(
        self,
        images: ArrayLike,
        config: TrainConfig,
        labels: ArrayLike | None = None,
        n_classes: int | None = None,
        standard: Standard | None = None,
    ) -> None:
        autoencoder.check_data(config, labels=labels is not None)
        discriminative.check_data(config, labels=labels is not None)
        self.kind = io.kind_of(config.visible, classes=labels is not None)
        pixels = io.KINDS[self.kind].check_data(images)
        if config.binarize == "threshold":
            half = 127 if pixels.dtype == np.uint8 else 0.5
            pixels = (pixels > half).astype(np.uint8) * np.uint8(255)
        pixel_mean = pixels.mean(axis=0, dtype=np.float64) / (255 if pixels.dtype == np.uint8 else 1)
        self.standard = standard
        if config.visible == "gaussian-variance":
            self.standard = standard or Standard.around(pixel_mean, _deviation(pixels, pixel_mean))
            pixel_mean = (pixel_mean - self.standard.mean) / self.standard.scale
        self._pixels = pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32, copy=False)
        self._labels = np.zeros(0, np.int64) if labels is None else check_labels(labels, len(pixels), n_classes)
        self.n_classes = 0 if labels is None else n_classes or int(self._labels.max()) + 1
        classes = np.bincount(self._labels, minlength=self.n_classes) / len(pixels)
        self.mean: Float64 = np.concatenate([pixel_mean, classes])  # of every visible unit
        self._one_hot = np.eye(self.n_classes, dtype=np.float32)
        self.drawn_anew = config.binarize == "sample"

    def __len__(self) -> int:
        return len(self._pixels)

    @property
    def n_pixels(self) -> int:
        return int(self._pixels.shape[1])

    def base_rates(self) -> Float64:
        """Visible biases of the best model without hidden units."""
        return io.KINDS[self.kind].base_rates(self.mean, len(self), self.n_classes)

    def fill(self, rows: NDArray[np.int64], out: Array, rng: np.random.Generator | None = None) -> Array:
        """`out` becomes these images; without a generator grey levels stay grey whatever `binarize` says."""
        pixels, place = self._pixels[rows], out[:, : self.n_pixels]
        if self.drawn_anew and rng is not None:
            np.less(_uniform_below_one(pixels, rng), pixels, out=place, casting="unsafe")
        elif pixels.dtype == np.uint8:
            np.divide(pixels, np.float32(255), out=place)  # times 1/255 would be off by a bit now and then
        else:
            place[...] = pixels
        if self.standard is not None:
            place[...] = self.standard.apply(place)
        if self.n_classes:
            out[:, self.n_pixels :] = self._one_hot[self._labels[rows]]
        return out

    def unscaled_(self, differences: Array) -> Array:
        """Differences of pixels (n, n_pixels) become those of the images as they were given, in place."""
        return differences if self.standard is None else np.multiply(differences, self.standard.scale, out=differences)

    def as_given(self, model: RBM) -> RBM:
        """The model, which learned from what `fill` makes, of the images as they were given."""
        return model if self.standard is None else model.rescaled(self.standard.mean, self.standard.scale)

    def as_filled(self, model: RBM) -> RBM:
        """The other way round."""
        if self.standard is None:
            return model
        return model.rescaled(-self.standard.mean / self.standard.scale, 1 / self.standard.scale)

    def arrays(self) -> Arrays:
        """The scale, live."""
        return {} if self.standard is None else {"pixel_mean": self.standard.mean, "pixel_scale": self.standard.scale}


def held_out_images(
    validation: ArrayLike | None, labels: ArrayLike | None, images: Images, config: TrainConfig
) -> Images | None:
    """What `validation` is to a run on `images`; None without it. Raises ValueError where the two don't fit."""
    if validation is None:
        return None
    if (labels is None) != (images.n_classes == 0):
        raise ValueError("labels and validation_labels go together; give both or neither")
    held_out = Images(validation, config, labels, images.n_classes, images.standard)
    if held_out.n_pixels != images.n_pixels:
        raise ValueError(
            f"training images have {images.n_pixels} pixels and validation images {held_out.n_pixels}; they must agree"
        )
    return held_out


def _deviation(pixels: NDArray[np.generic], mean: Float64) -> Float64:
    """The standard deviation (n_pixels,) of each pixel, a block at a time: all of them as float64 might not fit."""
    total = np.zeros(len(mean))
    for begin in range(0, len(pixels), BLOCK):
        total += np.square(as_floats(pixels[begin : begin + BLOCK]) - mean).sum(axis=0)
    return np.sqrt(total / len(pixels))


def _uniform_below_one(pixels: NDArray[np.generic], rng: np.random.Generator) -> NDArray[np.generic]:
    """Uniform numbers that lie below a pixel with exactly its grey level as probability."""
    if pixels.dtype == np.uint8:
        return rng.integers(0, 255, pixels.shape, dtype=np.uint8)  # 0 to 254: pixel/255 of them lie below
    return rng.random(pixels.shape, dtype=np.float32)
