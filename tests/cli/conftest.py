import numpy as np
import pytest

import rbm
from tests.cli.common import IMAGES, write_idx


@pytest.fixture
def folder(tmp_path):
    """66 images of 3 × 5 black or white pixels as IDX files; 55 are to learn from."""
    target = tmp_path / "images"
    target.mkdir()
    write_idx(target / "train-images-idx3-ubyte", IMAGES)
    return target


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.npz"
    rbm.save(path, rbm.RBM(np.zeros((15, 2)), np.zeros(15), np.zeros(2)))
    return path
