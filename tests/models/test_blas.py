"""Products that are added to what is there, in every layout, beside NumPy's own."""

import numpy as np
import pytest

from rbm.models import blas

RNG = np.random.default_rng(1)
SHAPES = [(13, 17, 11), (1, 17, 11), (13, 17, 2), (64, 3, 31), (128, 41, 37)]


def random(rows, columns, layout):
    """A matrix as it is, the transpose of one, or a part of a larger one."""
    if layout == "transposed":
        return RNG.standard_normal((columns, rows), dtype=np.float32).T
    if layout == "part":
        return RNG.standard_normal((rows + 5, columns + 3), dtype=np.float32)[2:-3, 1:-2]
    if layout == "spread":
        return RNG.standard_normal((rows, 2 * columns), dtype=np.float32)[:, ::2]
    return RNG.standard_normal((rows, columns), dtype=np.float32)


@pytest.fixture(params=["BLAS", "NumPy alone"])
def way(request, monkeypatch):
    if request.param == "NumPy alone":
        monkeypatch.setattr(blas, "_sgemm", lambda: None)


@pytest.mark.parametrize("layouts", ["plain transposed plain", "transposed plain part", "part spread plain",
                                     "plain part transposed"])  # fmt: skip
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("way")
def test_products_are_added_to_what_is_there(shape, layouts):
    (m, k, n), (of_a, of_b, of_out) = shape, layouts.split()
    a, b, row = random(m, k, of_a), random(k, n, of_b), random(1, n, "plain")[0]
    product, atol = a.astype(float) @ b.astype(float), 1e-6 * k
    for keep in (0, 1, 0.75):
        out = random(m, n, of_out)
        before = out.astype(float) if keep else 0
        if not keep:
            out[...] = np.nan
        assert blas.add_product(a, b, out, keep) is out
        np.testing.assert_allclose(out, keep * before + product, atol=atol)
    out = random(m, n, of_out)
    np.testing.assert_allclose(blas.product_plus(a, b, row, out), product + row, atol=atol)


def test_one_row_alone_is_a_vector():
    a, b, row = random(1, 17, "plain")[0], random(17, 11, "plain"), random(1, 11, "plain")[0]
    np.testing.assert_allclose(blas.product_plus(a, b, row, np.empty(11, np.float32)), a @ b + row, atol=1e-5)


@pytest.mark.skipif("scipy-openblas" not in str(np.show_config(mode="dicts")), reason="NumPy has another BLAS here")
def test_a_wheel_of_numpy_brings_what_is_looked_for():
    assert blas._sgemm() is not None
