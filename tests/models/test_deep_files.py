"""Files of deep belief nets: what is written comes back, and whatever else comes in is refused in one sentence."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
import zipfile

import numpy as np
import pytest

import rbm
from rbm.errors import BadModelFile
from tests import brute
from tests.models.test_deep import BOTTOM, NET, TOP, labelled


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
