"""log Z of a model in training, from the persistent chains that train it: trajectory annealed importance sampling.

Every update θ_t -> θ_t+1 is a step of annealing, and the chains are its particles (Béreux, Decelle, Furtlehner &
Seoane, arXiv 2405.15376; Jarzynski's equality: Carbone, Hua, Coste & Vanden-Eijnden, arXiv 2305.19414):

    log w += E_t(v, h) - E_t+1(v, h)        log Z_t = log Z_0 + log mean w

(v, h) is where a chain stood when its parameters changed. With energies of v and h together no matrix product is needed
beyond those of the sweeps, in E(v, h) = -v·b - h·(c + v·W) = -v·(b + W·h) - h·c: the last sweep has told c + v·W at
θ_t, and the next one tells b + W·h at θ_t+1.

Annealing asks for steps that know nothing of the chains, and these are made from them: each pushes its own place up by
η f_i/m, f = (v hᵀ, v, h), so that the chains do more work than log Z falls, η tr Cov(f)/m in every update, for ever. So
the work against a chain's own push is replaced by that of another chain against it, which is as large on average and
knows nothing of it:

    log w_i += η/m · (f_i·f_i - f_i·f_i-1)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbm.measures.likelihood import FEW
from rbm.models.arrays import Array, Arrays, Float64, log_sum_exp, softplus
from rbm.models.binary import RBM
from rbm.models.layers import Learned, Parameters, down

TRAJECTORY = "trajectory"


class Standing(NamedTuple):
    """What the chains tell: `log_partition` in nats, None once they have lost it, and how many of them count, from 1
    to all: (Σ w)² / Σ w²."""

    log_partition: float | None
    sample_size: float


class Trajectory:
    """The log-weights of persistent chains, float64 (chains,): log Z is the log of the mean of exp of them.

    Chains are lost for good when fewer than `likelihood.FEW` count: the few that do are then no fair sample, and
    if more of them count later, that is by chance. A lost one costs nothing more.
    """

    def __init__(self, model: RBM, hidden: Array) -> None:
        """`model`: before its first update. `hidden` (chains, n_hidden): live, drawn of its hidden units as if it had
        no weights."""
        chains = len(hidden)
        self._model, self._hidden = model, hidden
        self._log_weights, self._energy = np.zeros(chains), np.zeros(chains)
        self._own_push = np.zeros(chains)
        self._visible = np.zeros((chains, model.n_visible), dtype=np.float32)
        self._mean = np.zeros_like(hidden)
        self._least = np.full(1, np.inf)  # sample size so far; infinite before the first sweep

    @property
    def lost(self) -> bool:
        return bool(self._least[0] < FEW)

    def arrays(self) -> Arrays:
        """All that decides how it goes on from between two updates, live."""
        return {
            f"{TRAJECTORY}_log_weights": self._log_weights,
            f"{TRAJECTORY}_energy": self._energy,
            f"{TRAJECTORY}_own_push": self._own_push,
            f"{TRAJECTORY}_visible": self._visible,
            f"{TRAJECTORY}_least": self._least,
        }

    # ---- what the chains tell it, sweep by sweep

    def arrive(self, p: Learned, x: Array) -> None:
        """The chains go on under `p`, and `x` (chains, n_visible) = b + W·h are the total inputs of their next v."""
        if self.lost:
            return
        self._log_weights[...] = self._weights(p, x)
        self._least[0] = min(self._least[0], sample_size(self._log_weights))
        self._own_push[...] = 0  # who only looks (`Trainer.see`) arrives once more, and has pushed nothing

    def take(self, v: Array, x: Array) -> None:
        """A run of sweeps has left `v` (chains, n_visible), with total inputs `x` (chains, n_hidden) = c + v·W."""
        if not self.lost:
            np.copyto(self._visible, v)
            np.copyto(self._mean, x)

    def leave(self, p: Learned, mean: Array) -> None:
        """The chains have drawn h from its `mean`, under `p`."""
        if not self.lost:
            self._energy[...] = -(self._visible @ p.visible_bias) - np.vecdot(self._mean, self._hidden)
            np.copyto(self._mean, mean)

    def pushed(self, rate: float, offsets: tuple[Array, Array] | None) -> None:
        """The parameters have changed, at this learning rate; `offsets` (n_visible,), (n_hidden,) of centring."""
        if not self.lost:
            own = overlaps(self._visible, self._mean, self._hidden, offsets)
            self._own_push[...] = rate / len(own) * own

    # ---- what it knows

    def standing(self, model: RBM) -> Standing:
        """Of the model as it is now; it takes a product of the chains with the weights."""
        if self.lost:
            return Standing(None, float(self._least[0]))
        p = Parameters(model.weights, model.visible_bias, model.hidden_bias)
        log_weights = self._weights(p, down(p, self._hidden, out=np.empty_like(self._visible)))
        size = sample_size(log_weights)
        return Standing(log_sum_exp(log_weights) - np.log(len(log_weights)) if size >= FEW else None, size)

    def _weights(self, p: Learned, x: Array) -> Float64:
        if np.isinf(self._least[0]):
            return self._first_weights(p, x)
        after = -np.vecdot(self._visible, x) - self._hidden @ p.hidden_bias
        weights: Float64 = self._log_weights + (self._energy - after) + self._own_push
        return weights

    def _first_weights(self, p: Learned, x: Array) -> Float64:
        """From hidden units without weights, log Z = Σ softplus(c) + log Σ_v exp(v·b), to the model's own noise.

        Only h is drawn as yet, so v is summed out: log Σ_v exp(v·x) has taken the place of log Σ_v exp(v·b).
        """
        free = self._model.log_visible_sum_(x.T.astype(np.float64))
        weights: Float64 = softplus(p.hidden_bias.astype(np.float64)).sum() + free
        return weights


def sample_size(log_weights: Float64) -> float:
    """(Σ w)² / Σ w²: how many of the weights count."""
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w @ w))


def overlaps(v: Array, mean: Array, h: Array, offsets: tuple[Array, Array] | None) -> Float64:
    """f_i·f_i - f_i·f_i-1 (chains,): what a chain adds to the gradient, (v meanᵀ, v, mean), against where it stands,
    (v hᵀ, v, h), minus the same against where the chain before it stands. Centred, the first product is of
    (v - μ)(mean - λ)ᵀ and (v - μ)(h - λ)ᵀ.
    """
    v_own, v_next = np.vecdot(v, v), _with_previous(v, v)
    h_own, h_next = np.vecdot(mean, h), _with_previous(mean, h)
    biases = (v_own - v_next) + (h_own - h_next)
    if offsets is not None:
        mu, lambda_ = offsets
        v_mu, mean_lambda, h_lambda = v @ mu, mean @ lambda_, h @ lambda_
        v_own, v_next = v_own - 2 * v_mu + mu @ mu, v_next - v_mu - np.roll(v_mu, 1) + mu @ mu
        h_own = h_own - mean_lambda - h_lambda + lambda_ @ lambda_
        h_next = h_next - mean_lambda - np.roll(h_lambda, 1) + lambda_ @ lambda_
    found: Float64 = (v_own * h_own - v_next * h_next + biases).astype(np.float64)
    return found


def _with_previous(a: Array, b: Array) -> Array:
    """a_i·b_i-1 (n,), round in a circle."""
    found = np.empty(len(a), dtype=np.float32)
    np.vecdot(a[1:], b[:-1], out=found[1:])
    found[0] = a[0] @ b[-1]
    return found
