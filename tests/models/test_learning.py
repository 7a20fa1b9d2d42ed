"""The film of a model that learns, which Home begins with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rbm
from rbm.measures.reader import NONE, Reader
from rbm.pretrained import learning


def test_it_is_small() -> None:
    assert learning.PATH.stat().st_size <= 200_000


def test_it_begins_with_noise_and_ends_with_digits() -> None:
    film, data, digits = learning.load(), rbm.datasets.load("mnist-5k"), rbm.pretrained.load("digits")
    assert set(np.unique(film.chains[0])) == {0, learning.LEVELS}
    assert film.chains[0].mean() == pytest.approx(learning.LEVELS / 2, abs=0.2), (
        "as many white as black: one bit a pixel"
    )
    pixels = (film.chains[-1] / learning.LEVELS).astype(np.float32)
    reader = Reader.fit(digits.mean_hidden(data.train_images / 255), data.train_labels, data.train_images)
    read = reader.read(digits.mean_hidden(pixels), pixels)
    assert (read != NONE).sum() >= 12
    assert len(set(read.tolist()) - {NONE}) >= 5, "and of many kinds"


def test_filters_grow_from_nothing() -> None:
    film = learning.load()
    size = np.abs(film.filters.astype(int) - learning.LEVELS // 2).mean(axis=(1, 2))
    assert size[0] < 0.05
    assert size[-1] > 0.9
    assert (np.diff(size) > -0.02).all()


def test_captions_tell_how_much_was_seen() -> None:
    film = learning.load()
    assert film.captions[:3] == ["It has seen nothing: noise", "after 1 update", "after 2 updates"]
    assert film.captions[-1] == f"after {learning.CONFIG.epochs} epochs"
    assert film.updates[-1] == learning.CONFIG.epochs * film.batches


def test_a_film_of_another_model_has_its_start_and_its_end() -> None:
    images = rbm.datasets.load("digits-8x8").train_images[:150]
    config = replace(learning.CONFIG, n_hidden=17, epochs=2)
    film = learning.film_of(config, images)
    assert film.chains.shape == (len(film.updates), learning.CHAINS, 64)
    assert film.filters.shape == (len(film.updates), learning.FILTERS, 64)
    assert (film.updates[0], film.updates[-1]) == (0, 2 * film.batches)
    assert (learning._unpacked(learning._packed(film.chains)) == film.chains).all()
    assert film.filters.max() < learning.LEVELS


def test_a_weight_of_nothing_is_the_level_in_the_middle() -> None:
    weights = np.array([-9.0, -0.3, 0.0, 0.3, 9.0], dtype=np.float32)
    assert learning.as_levels(weights, limit=0.7).tolist() == [0, 4, 7, 10, 14]
