"""C = C·keep + A·B in one pass over C: what NumPy's BLAS does and NumPy itself doesn't offer.

`np.matmul` overwrites its result, so a sum with what was there takes another pass over memory: for the weights of a
784-500 machine a tenth of the whole step. The library is the one that NumPy's wheel brings and has loaded; where it
is another one (Accelerate, MKL, a system's own), the pass is taken, with the same result up to rounding.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from rbm.models.arrays import Array

NAMES = {"scipy_cblas_sgemm64_": ctypes.c_int64, "scipy_cblas_sgemm": ctypes.c_int32}  # and their integers
WHEEL = ("numpy.libs", ".dylibs")  # folders of the libraries in NumPy's wheels
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112  # of cblas.h
FEW = 8  # rows or columns: np.matmul then has faster ways


def product_plus(a: Array, b: Array, row: Array, out: Array) -> Array:
    """`out` (m, n) becomes a·b + row, of `a` (m, k), `b` (k, n) and `row` (n,): all float32, and `out` none of them.

    Transposed views cost nothing.
    """
    call = _call(a, b, out)
    if call is None:
        np.matmul(a, b, out=out)
        out += row
    else:
        out[...] = row
        call(1.0)
    return out


def add_product(a: Array, b: Array, out: Array, keep: float) -> Array:
    """`out` becomes keep·out + a·b; else as `product_plus`. With `keep` 0 it doesn't matter what `out` held."""
    call = _call(a, b, out) if keep else None
    if call is not None:
        call(keep)
    elif keep:
        out *= np.float32(keep)
        out += a @ b
    else:
        np.matmul(a, b, out=out)
    return out


def _call(a: Array, b: Array, out: Array) -> Callable[[float], None] | None:
    """What adds a·b to so much of `out`; None where NumPy shall do it, or BLAS can't."""
    if a.ndim != 2 or min(out.shape) < FEW or (sgemm := _sgemm()) is None:
        return None
    at_a, at_b, at_out = _place(a), _place(b), _place(out)
    if 0 in a.shape or not (at_a and at_b and at_out) or at_out[0] != PLAIN:
        return None
    (flip_a, lead_a), (flip_b, lead_b), (_, lead) = at_a, at_b, at_out
    size = (len(a), b.shape[1], a.shape[1])
    at = [array.__array_interface__["data"][0] for array in (a, b, out)]
    return lambda keep: sgemm(ROW_MAJOR, flip_a, flip_b, *size, 1.0, at[0], lead_a, at[1], lead_b, keep, at[2], lead)


def _place(array: Array) -> tuple[int, int] | None:
    """How BLAS is told where a matrix lies: plain or transposed, and how far apart its lines are; None if it can't."""
    (down, right), (rows, columns), size = array.strides, array.shape, array.itemsize
    if right == size and down >= columns * size and down % size == 0:
        return PLAIN, down // size
    if down == size and right >= rows * size and right % size == 0:
        return TRANSPOSED, right // size
    return None


@cache
def _sgemm() -> Any:
    """`cblas_sgemm` of NumPy's own OpenBLAS, which lets go of the interpreter's lock; None where there is none."""
    for library in ThreadpoolController().select(internal_api="openblas").lib_controllers:
        if Path(library.filepath).parent.name not in WHEEL or "scipy.libs" in library.filepath:
            continue
        for name, integer in NAMES.items():
            if function := getattr(library.dynlib, name, None):
                pointer, real = ctypes.c_void_p, ctypes.c_float
                function.argtypes = [
                    *[ctypes.c_int] * 3, *[integer] * 3,
                    real, pointer, integer, pointer, integer, real, pointer, integer,
                ]  # fmt: skip
                function.restype = None
                return function
    return None
