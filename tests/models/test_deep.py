"""Deep belief nets against sums over every state of every layer, in plain Python."""

from __future__ import annotations

import io
import json
import math
import re
import tracemalloc
import zipfile

import numpy as np
import pytest

import rbm
from rbm.errors import BadModelFile, BadValue
from tests import brute


def transposed(model: rbm.RBM) -> rbm.RBM:
    return rbm.RBM(model.weights.T, model.hidden_bias, model.visible_bias)


def labelled(n_pixels: int, n_classes: int, n_hidden: int, seed: int = 0, scale: float = 1.0) -> rbm.LabelRBM:
    plain = brute.tiny(n_pixels + n_classes, n_hidden, seed, scale)
    return rbm.LabelRBM(plain.weights, plain.visible_bias, plain.hidden_bias, n_classes=n_classes)


BOTTOM, TOP = brute.tiny(4, 3, seed=1, scale=1.5), brute.tiny(3, 2, seed=2, scale=1.5)
NET = rbm.DeepBeliefNet((BOTTOM, TOP))
IMAGES = np.array(brute.states(4))


def down_one(model: rbm.RBM, upper: dict[brute.State, float], n: int) -> dict[brute.State, float]:
    """The distribution of the first `n` visible units, of the hidden units of which `upper` is the one."""
    p, total = brute.params(model), dict.fromkeys(brute.states(n), 0.0)
    for h, chance in upper.items():
        mean = brute.mean_visible(p, h)
        for v in total:
            total[v] += chance * brute.product(mean[:n], v)
    return total


def enumerated(net: rbm.DeepBeliefNet) -> dict[brute.State, float]:
    """p(v) of every image, by summing all that is above."""
    now = brute.marginal(brute.params(net.layers[-1]))
    for layer in reversed(net.layers[:-1]):
        now = down_one(layer, now, layer.n_visible)
    return now


def of_class(top: rbm.LabelRBM, label: int) -> dict[brute.State, float]:
    """p(pixels | class) of the top."""
    n, p = top.n_pixels, brute.params(top)
    y = tuple(float(k == label) for k in range(top.n_classes))
    minus = {x: brute.logsumexp([-brute.energy(p, (*x, *y), h) for h in brute.states(top.n_hidden)])
             for x in brute.states(n)}  # fmt: skip
    log_z = brute.logsumexp(list(minus.values()))
    return {x: math.exp(value - log_z) for x, value in minus.items()}


def binary(means: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(means.shape) < means).astype(float)


# ---- what it is made of


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "1 to 10 layers, got 0"),
        ((brute.tiny(2, 2),) * 11, "1 to 10 layers, got 11"),
        ((brute.tiny(4, 3), brute.tiny(4, 2)), "layer 2 has 4 units for the 3 hidden ones of the layer below"),
        ((labelled(3, 2, 4), brute.tiny(4, 2)), "only the top layer may have classes; layer 1 is a LabelRBM"),
        ((labelled(3, 2, 4).marginal, brute.tiny(4, 2)), "only the top layer may have classes; layer 1 is a Marginal"),
        ((brute.tiny(4, 3), rbm.GaussianRBM(np.ones((3, 2)), np.ones(3), np.ones(2))), "layer 2 must be an RBM or"),
        ((brute.tiny(4, 3), labelled(3, 2, 2).marginal), "layer 2 must be an RBM or"),
    ],
)
def test_layers_that_make_no_net_are_refused(layers, message):
    with pytest.raises(BadValue, match=message):
        rbm.DeepBeliefNet(layers)


def test_a_net_says_what_it_is():
    assert repr(NET) == "DeepBeliefNet(4-3-2)"
    net = rbm.DeepBeliefNet([BOTTOM, labelled(3, 2, 5)])
    assert repr(net) == "DeepBeliefNet(4-3-5, 2 classes)"
    assert (net.depth, net.n_pixels, net.n_classes, net.top) == (2, 4, 2, net.layers[1])


# ---- up and down


def test_features_are_the_means_of_means():
    p1, p2 = brute.params(BOTTOM), brute.params(TOP)
    one = [brute.mean_hidden(p1, tuple(v)) for v in IMAGES.tolist()]
    np.testing.assert_array_equal(NET.up(IMAGES, 0), IMAGES)
    np.testing.assert_allclose(NET.up(IMAGES, 1), one, atol=1e-6)
    two = [brute.mean_hidden(p2, h) for h in one]
    np.testing.assert_allclose(NET.up(IMAGES), two, atol=1e-6)
    np.testing.assert_allclose(NET.up(IMAGES, 2), two, atol=1e-6)
    back = [brute.mean_visible(p1, brute.mean_visible(p2, h)) for h in two]
    np.testing.assert_allclose(NET.down(np.array(two), 2), back, atol=1e-6)
    np.testing.assert_allclose(NET.reconstruct(IMAGES, 2), back, atol=1e-6)
    np.testing.assert_allclose(NET.reconstruct(IMAGES, 0), IMAGES)


def test_bytes_are_grey_levels():
    np.testing.assert_array_equal(NET.up((255 * IMAGES).astype(np.uint8)), NET.up(IMAGES))


def test_with_a_generator_the_way_down_is_drawn_and_right_on_average():
    h = np.tile([1.0, 0.0], (20_000, 1))
    means = NET.down(h, 2, np.random.default_rng(3))
    assert len(np.unique(means, axis=0)) == 8  # one for each state of the middle layer
    exact = down_one(BOTTOM, {m: brute.product(brute.mean_visible(brute.params(TOP), (1.0, 0.0)), m)
                              for m in brute.states(3)}, 4)  # fmt: skip
    assert brute.total_variation(binary(means, 4), exact) < brute.monte_carlo_floor(exact, len(h))


@pytest.mark.parametrize("depth", [-1, 3])
def test_depths_that_are_not_there_are_refused(depth):
    with pytest.raises(BadValue, match=f"depths 0 .the pixels. to 2, got {depth}"):
        NET.up(IMAGES, depth)
    with pytest.raises(BadValue, match=f"depths 0 .the pixels. to 2, got {depth}"):
        NET.down(IMAGES, depth)


def test_units_and_images_of_another_size_are_refused():
    with pytest.raises(BadValue, match=r"at depth 2 there are 2 units; got an array of shape \(16, 4\)"):
        NET.down(IMAGES, 2)
    with pytest.raises(ValueError, match="this model has 4 pixels; got images of 3"):
        NET.up(IMAGES[:, :3])


# ---- the bound


@pytest.mark.parametrize("samples", [1, 7])
def test_tied_weights_make_the_bound_the_likelihood_of_the_rbm(samples):
    net = rbm.DeepBeliefNet((BOTTOM, transposed(BOTTOM)))
    log_z = brute.log_partition(brute.params(BOTTOM))
    exact = [math.log(p) for p in brute.marginal(brute.params(BOTTOM)).values()]
    found = net.bound(IMAGES, log_z, np.random.default_rng(0), samples)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)


def test_three_tied_layers_too():
    net = rbm.DeepBeliefNet((BOTTOM, transposed(BOTTOM), BOTTOM))
    log_z = brute.log_partition(brute.params(BOTTOM))
    exact = [math.log(p) for p in brute.marginal(brute.params(BOTTOM)).values()]
    np.testing.assert_allclose(net.bound(IMAGES, log_z, np.random.default_rng(0)), exact, rtol=0, atol=1e-9)


def test_one_layer_alone_is_its_rbm():
    net = rbm.DeepBeliefNet((TOP,))
    images, p = np.array(brute.states(3)), brute.params(TOP)
    exact = [math.log(x) for x in brute.marginal(p).values()]
    found = net.bound(images, brute.log_partition(p), np.random.default_rng(0))
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(net.up(images), TOP.mean_hidden(images))


def test_the_bound_lies_below_and_rises_to_log_p_with_more_samples():
    log_z = brute.log_partition(brute.params(TOP))
    exact = np.array([math.log(p) for p in enumerated(NET).values()])

    def mean_bound(samples: int, times: int = 2000) -> np.ndarray:
        rng = np.random.default_rng(samples)
        many = NET.bound(np.repeat(IMAGES, times, axis=0), log_z, rng, samples)
        return many.reshape(len(IMAGES), times).mean(axis=1)

    one, five, fifty = (mean_bound(k) for k in (1, 5, 50))
    assert (one < exact).all()
    assert one.mean() < five.mean() < fifty.mean() < exact.mean() + 0.005
    gap = exact.mean() - np.array([one.mean(), five.mean(), fifty.mean()])
    assert gap[0] > 0.05  # untied: else nothing is shown
    assert gap[2] < gap[0] / 10


def test_the_weights_are_right_on_average_which_makes_it_a_bound():
    """E_q[w] = p(v), also for three layers and for classes on top."""
    for net, log_z in (
        (rbm.DeepBeliefNet((BOTTOM, brute.tiny(3, 3, seed=5), TOP)), brute.log_partition(brute.params(TOP))),
        (labels := rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2, seed=6))), None),
    ):
        exact, top = enumerated_with_classes(net), net.top
        if log_z is None:
            log_z = brute.label_log_partition(brute.params(top), 2)
        bounds = net.bound(np.repeat(IMAGES, 1000, axis=0), log_z, np.random.default_rng(1), samples=20)
        found = np.exp(bounds).reshape(len(IMAGES), -1)
        error = found.std(axis=1) / math.sqrt(found.shape[1])
        assert (np.abs(found.mean(axis=1) - list(exact.values())) < 5 * error).all()
        assert (error < 0.1 * found.mean(axis=1)).all()
    assert labels.n_classes == 2


def enumerated_with_classes(net: rbm.DeepBeliefNet) -> dict[brute.State, float]:
    top = net.top
    if not top.n_classes:
        return enumerated(net)
    p, n = brute.params(top), top.n_pixels
    log_z = brute.label_log_partition(p, top.n_classes)
    classes = [tuple(float(k == on) for k in range(top.n_classes)) for on in range(top.n_classes)]
    now = {x: sum(math.exp(-brute.energy(p, (*x, *y), h) - log_z) for y in classes
                  for h in brute.states(top.n_hidden)) for x in brute.states(n)}  # fmt: skip
    for layer in reversed(net.layers[:-1]):
        now = down_one(layer, now, layer.n_visible)
    return now


@pytest.mark.parametrize(
    ("v", "samples", "message"),
    [
        (IMAGES, 0, "a bound takes 1 sample or more, got 0"),
        (IMAGES[:, :2], 1, "of shape .n, 4., n at least 1; got .16, 2."),
        (IMAGES / 2, 1, "v must be binary"),
    ],
)
def test_a_bound_of_what_is_no_state_is_refused(v, samples, message):
    with pytest.raises(ValueError, match=message):
        NET.bound(v, 0.0, np.random.default_rng(0), samples)


# ---- files


def written(net: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    rbm.save(buffer, net, **options)
    return buffer.getvalue()


def same(one: rbm.DeepBeliefNet, other: rbm.DeepBeliefNet) -> bool:
    return len(one.layers) == len(other.layers) and all(
        type(a) is type(b) and a.n_classes == b.n_classes and a.weights.tobytes() == b.weights.tobytes()
        and a.visible_bias.tobytes() == b.visible_bias.tobytes()
        and a.hidden_bias.tobytes() == b.hidden_bias.tobytes()
        for a, b in zip(one.layers, other.layers, strict=True)
    )  # fmt: skip


WITH_CLASSES = rbm.DeepBeliefNet((BOTTOM, brute.tiny(3, 3, seed=5), labelled(3, 2, 2)))
GAUSSIAN = rbm.DeepBeliefNet((rbm.GaussianRBM(BOTTOM.weights, BOTTOM.visible_bias, BOTTOM.hidden_bias), TOP))


@pytest.mark.parametrize("net", [NET, WITH_CLASSES, GAUSSIAN, rbm.DeepBeliefNet((TOP,))], ids=repr)
def test_a_net_comes_back_to_the_last_bit(net, tmp_path):
    rbm.save(tmp_path / "net.npz", net, {"name": "a net"})
    back = rbm.load(tmp_path / "net.npz")
    assert isinstance(back, rbm.DeepBeliefNet)
    assert same(back, net)
    found, note = rbm.io.read_net(tmp_path / "net.npz")
    assert same(found, net)
    assert note == {"name": "a net"}


def test_half_precision_is_for_the_weights_of_every_layer():
    back = rbm.load(io.BytesIO(written(WITH_CLASSES, half_precision=True)))
    for layer, half in zip(WITH_CLASSES.layers, back.layers, strict=True):
        np.testing.assert_array_equal(half.weights, layer.weights.astype(np.float16).astype(np.float32))
        np.testing.assert_array_equal(half.visible_bias, layer.visible_bias)
    steep = rbm.DeepBeliefNet((BOTTOM, rbm.RBM(np.full((3, 2), 1e5), np.zeros(3), np.zeros(2))))
    with pytest.raises(ValueError, match="too large for half precision"):
        written(steep, half_precision=True)


def test_who_asks_for_one_machine_is_told_that_this_is_a_net_and_the_other_way_round():
    with pytest.raises(BadModelFile, match="this file holds a deep belief net of 2 layers, and one machine is wanted"):
        rbm.io.read(io.BytesIO(written(NET)))
    with pytest.raises(BadModelFile, match="this file holds one machine, and a deep belief net is wanted"):
        rbm.io.read_net(io.BytesIO(written(TOP)))


def test_the_size_of_every_layer_is_asked_for_before_an_array_is_read():
    seen = []
    rbm.io.read_net(io.BytesIO(written(WITH_CLASSES)), lambda visible, hidden: seen.append((visible, hidden)))
    assert seen == [(4, 3), (3, 3), (5, 2)]


@pytest.mark.parametrize("key", ["version", "kind", "n_classes", "layers"])
def test_a_note_can_not_claim_what_the_format_says(key):
    with pytest.raises(ValueError, match=f"can't have a key '{key}'"):
        written(NET, info={key: 1})


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array))
    return buffer.getvalue()


def crafted(note: object = None, without: str = "", compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    """The file of NET with some members replaced, added or left out."""
    told = {"version": 1, "kind": "DeepBeliefNet", "layers": [{"kind": "RBM"}, {"kind": "RBM"}]} | (note or {})
    good = {f"{name}_{number}": npy(getattr(layer, name)) for number, layer in enumerate(NET.layers, 1)
            for name in ("weights", "visible_bias", "hidden_bias")}  # fmt: skip
    good["info"] = npy(np.frombuffer(json.dumps(told).encode(), np.uint8))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in (good | members).items():
            if name != without:
                file.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def many(count: int) -> bytes:
    layer = {"weights": npy(np.ones((2, 2))), "visible_bias": npy(np.ones(2)), "hidden_bias": npy(np.ones(2))}
    own = {f"{name}_{number}": data for number in range(3, count + 1) for name, data in layer.items()}
    return crafted({"layers": [{"kind": "RBM"}] * count}, **own)


ZEROS = npy(np.zeros((3, 10_000_000), np.float16))
HOSTILE = {
    "no kinds of layers": (lambda: crafted({"layers": None}), "doesn't tell the kind of each of its 2 layers"),
    "too few kinds": (lambda: crafted({"layers": [{"kind": "RBM"}]}), "doesn't tell the kind of each of its 2"),
    "kinds that are numbers": (lambda: crafted({"layers": [1, 2]}), "doesn't tell the kind of each of its 2 layers"),
    "a net in a net": (lambda: crafted({"layers": [{"kind": "DeepBeliefNet"}] * 2}), "its kind is 'DeepBeliefNet'"),
    "a kind that is a list": (lambda: crafted({"layers": [{"kind": []}] * 2}), "its kind is"),
    "a kind of a million letters": (lambda: crafted({"layers": [{"kind": "x" * 9999}] * 2}), "its kind is"),
    "classes that are text": (
        lambda: crafted({"layers": [{"kind": "RBM"}, {"kind": "LabelRBM", "n_classes": "2"}]}),
        "n_classes must be a whole number, got '2'",
    ),
    "classes at the bottom": (
        lambda: crafted({"layers": [{"kind": "LabelRBM", "n_classes": 1}, {"kind": "RBM"}]}),
        "only the top layer may have classes",
    ),
    "gaussian units above": (
        lambda: crafted({"layers": [{"kind": "RBM"}, {"kind": "GaussianRBM"}]}),
        "layer 2 must be an RBM or a LabelRBM",
    ),
    "another kind of whole": (lambda: crafted({"kind": "RBM"}), "its kind is 'RBM', and its arrays are those of a net"),
    "layers that don't fit": (
        lambda: crafted(weights_2=npy(np.ones((2, 2))), visible_bias_2=npy(np.ones(2))),
        "layer 2 has 2 units for the 3 hidden ones",
    ),
    "NaN in the second layer": (lambda: crafted(weights_2=npy(np.full((3, 2), np.nan))), "weights holds NaN"),
    "objects": (lambda: crafted(weights_2=npy(np.zeros((3, 2), int))), "weights_2 must be a 2-dimensional"),
    "a bias missing": (lambda: crafted(without="hidden_bias_2"), "a net of 2 layers holds"),
    "a layer left out": (lambda: crafted(without="weights_1"), "a model file holds"),
    "one thing more": (lambda: crafted(extra=npy(np.ones(1))), "a net of 2 layers holds"),
    "one layer of a plain model": (lambda: crafted(weights=npy(np.ones((4, 3)))), "a net of 2 layers holds"),
    "eleven layers": (lambda: many(11), "1 to 10 layers, got 11"),
    "three hundred layers": (lambda: many(300), "1 to 10 layers, got 300"),
    "zeros": (
        lambda: crafted(compression=zipfile.ZIP_DEFLATED, weights_2=ZEROS),
        "unpack to .* MB; 50 times is the limit",
    ),
    "layers over the limit together": (  # each alone is below it
        lambda: crafted(**{f"weights_{k}": npy(np.zeros((4, 7_000_000))) for k in (1, 2)}),
        "MB is the limit",
    ),
    "a newer version": (lambda: crafted({"version": 2}), "this file has format version 2"),
}


def test_the_crafted_files_are_otherwise_good():
    assert same(rbm.load(io.BytesIO(crafted())), NET)


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_net_is_refused_in_one_sentence_and_little_memory(make, message, tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(make())
    for read in (rbm.load, rbm.io.read, rbm.io.read_net):
        tracemalloc.start()
        try:
            with pytest.raises(BadModelFile) as caught:
                read(path)
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()
        text = str(caught.value)
        assert "\n" not in text
        assert len(text) < 400
        if read is not rbm.io.read:
            assert re.search(message, text), text


# ---- dreams


@pytest.mark.parametrize("net", [NET, rbm.DeepBeliefNet((BOTTOM, brute.tiny(3, 3, seed=5), TOP))])
def test_twenty_thousand_dreams_come_as_often_as_enumeration_says(net):
    n, exact = 20_000, enumerated(net)
    means = net.dream(np.zeros((n, 4)), 200, np.random.default_rng(7))
    assert brute.total_variation(binary(means, 8), exact) < brute.monte_carlo_floor(exact, n)


def test_classes_on_top_are_dreamt_as_often_as_enumeration_says():
    net, n = rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2, seed=6))), 20_000
    exact = enumerated_with_classes(net)
    means = net.dream(np.ones((n, 4)), 200, np.random.default_rng(9))
    assert brute.total_variation(binary(means, 8), exact) < brute.monte_carlo_floor(exact, n)


@pytest.mark.parametrize("label", [0, 1])
def test_a_dream_of_a_class_is_of_that_class(label):
    top = labelled(3, 2, 2, seed=5, scale=2.5)
    net, n = rbm.DeepBeliefNet((BOTTOM, top)), 20_000
    exact, other = (down_one(BOTTOM, of_class(top, k), 4) for k in (label, 1 - label))
    for asked in (label, np.full(n, label)):
        drawn = binary(net.dream(np.ones((n, 4)), 200, np.random.default_rng(9), asked), 8)
        assert brute.total_variation(drawn, exact) < brute.monte_carlo_floor(exact, n)
    assert brute.total_variation(drawn, other) > 2 * brute.monte_carlo_floor(exact, n)


def test_one_layer_dreams_in_means():
    dreams = rbm.DeepBeliefNet((BOTTOM,)).dream(np.zeros((9, 4)), 3, np.random.default_rng(0))
    assert ((dreams > 0) & (dreams < 1)).all()


def test_dreams_that_can_not_be_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(BadValue, match="this net has no classes to dream of"):
        NET.dream(IMAGES, 1, rng, 0)
    with pytest.raises(ValueError, match="0 or more steps, got -1"):
        NET.dream(IMAGES, -1, rng)
    with pytest.raises(ValueError, match="labels must be classes from 0 to 1"):
        rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2))).dream(IMAGES, 1, rng, 2)


def test_it_reads_what_the_top_makes_of_the_means_below():
    top = labelled(3, 2, 2, seed=6)
    net = rbm.DeepBeliefNet((BOTTOM, top))
    p, expected = brute.params(top), []
    for v in IMAGES.tolist():
        x = brute.mean_hidden(brute.params(BOTTOM), tuple(v))
        scores = [brute.logsumexp([-brute.energy(p, (*x, *y), h) for h in brute.states(2)])
                  for y in ((1.0, 0.0), (0.0, 1.0))]  # fmt: skip
        expected.append([s - brute.logsumexp(scores) for s in scores])
    np.testing.assert_allclose(net.class_log_probabilities(IMAGES), expected, atol=1e-5)
    np.testing.assert_array_equal(net.classify(IMAGES), np.argmax(expected, axis=1))
    with pytest.raises(ValueError, match="no classes"):
        NET.classify(IMAGES)
