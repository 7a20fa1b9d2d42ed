"""Films of deep dreams against the net's own conditionals, and against sums over every state."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.models.deep_film import DeepFilm, film_of
from tests import brute
from tests.models.test_deep import BOTTOM, NET, TOP, enumerated, labelled

THREE = rbm.DeepBeliefNet((brute.tiny(7, 5, seed=3), brute.tiny(5, 3, seed=4), brute.tiny(3, 2, seed=5)))
NAMED = rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 5, seed=6, scale=1.5)))
BYTE = 1 / 255


def images(n: int, pixels: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2, (n, pixels)).astype(np.float32)


def made(net: rbm.DeepBeliefNet, steps: int = 12, n: int = 6, label: int | None = None, tiles: int = 999) -> DeepFilm:
    return film_of(net, images(n, net.n_pixels), steps, np.random.default_rng(2), label, tiles)


@pytest.mark.parametrize("net", [NET, THREE, NAMED, rbm.DeepBeliefNet((BOTTOM,))])
def test_each_layer_is_drawn_given_the_one_above(net):
    film = made(net)
    assert [layer.states.shape for layer in film.layers] == [
        (13, 6, n) for n in (net.n_pixels, *(layer.n_hidden for layer in net.layers))
    ]
    for depth, layer in enumerate(net.layers):
        above = film.layers[depth + 1].states[1:] / 255
        expected = layer.mean_visible(above)[..., : layer.n_pixels]
        np.testing.assert_allclose(film.layers[depth].means[1:] / 255, expected, atol=BYTE)
    for layer in film.layers:
        assert set(np.unique(layer.states)) <= {0, 255}


@pytest.mark.parametrize(("net", "label"), [(NET, None), (THREE, None), (NAMED, 1)])
def test_the_top_answers_to_what_was_below_it_a_sweep_before(net, label):
    film = made(net, label=label)
    below = film.layers[-2].states / np.float32(255)
    flat = net.top.join(below.reshape(-1, below.shape[-1]), np.full(below.shape[0] * below.shape[1], label or 0))
    expected = net.top.mean_hidden(flat).reshape(*below.shape[:2], -1)
    np.testing.assert_allclose(film.layers[-1].means[1:] / 255, expected[:-1], atol=BYTE)
    np.testing.assert_allclose(film.layers[-1].means[0] / 255, expected[0], atol=BYTE)  # at 0 given the way up


def test_it_begins_with_the_way_up():
    film = made(THREE)
    np.testing.assert_array_equal(film.layers[0].means[0], 255 * images(6, 7))
    for depth, layer in enumerate(THREE.layers):
        expected = layer.mean_hidden(film.layers[depth].states[0] / 255)
        np.testing.assert_allclose(film.layers[depth + 1].means[0] / 255, expected, atol=BYTE)


def test_twenty_thousand_dreams_are_as_frequent_as_they_should_be():
    film = made(NET, steps=60, n=20_000, tiles=2)
    exact = enumerated(NET)
    assert list(film.sweeps) == [0, 60]
    last = (film.layers[0].states[-1] > 0).astype(float)
    assert brute.total_variation(last, exact) < brute.monte_carlo_floor(exact, len(last))


def test_a_class_that_is_asked_for_is_kept_and_told():
    assert made(NET).classes is None
    assert (made(NAMED, label=1).classes == 1).all()
    free = made(NAMED)
    assert free.classes is not None
    speaks_for = NAMED.top.mean_visible(free.layers[-1].states[1:] / 255)[..., NAMED.top.n_pixels :]
    np.testing.assert_array_equal(free.classes[1:], speaks_for.argmax(axis=-1))


def test_of_many_sweeps_as_many_are_kept_as_fit():
    film = made(NET, steps=50, n=4, tiles=40)
    assert list(film.sweeps) == [0, 2, 8, 14, 20, 26, 32, 38, 44, 50]
    assert len(film.layers[0].states) == len(film.sweeps)


def test_the_same_seed_dreams_the_same():
    one, two = made(NAMED), made(NAMED)
    assert all(np.array_equal(a.states, b.states) for a, b in zip(one.layers, two.layers, strict=True))


def test_what_can_not_be_dreamt_is_refused():
    with pytest.raises(BadValue, match="no classes to dream of"):
        made(NET, label=1)
    with pytest.raises(BadValue, match="1 sweep or more, got 0"):
        made(NET, steps=0)
    with pytest.raises(ValueError, match="from 0 to 1"):
        made(NAMED, label=2)


def test_receptive_fields_are_products_of_weights():
    np.testing.assert_array_equal(NET.receptive(1), BOTTOM.weights)
    np.testing.assert_allclose(NET.receptive(2), BOTTOM.weights @ TOP.weights, rtol=1e-6)
    assert NAMED.receptive(2).shape == (4, 5)  # the classes are none of the pixels'
    for depth in (0, 3):
        with pytest.raises(BadValue, match="depth"):
            NET.receptive(depth)
