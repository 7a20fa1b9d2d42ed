"""What the chapters ask. Every right answer is computed from the machine that the page shows; none is written down."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from rbm.app.learn_page import numbers
from rbm.measures import exact, tables
from rbm.models.arrays import Float64
from rbm.models.binary import RBM
from rbm.pretrained import course
from rbm.training import small

TRAINED, HALF, FRESH, SOFT = 400, 200, 0, 150  # updates of the machines that chapters show
HOT, COLD = 5.0, 0.5  # temperatures
ARTICLE_IMAGES, ARTICLE_BATCH = 5000, 128


@dataclass(frozen=True)
class Question:
    """`right` is one of the `choices`, or, where there are none, a number. `why` is the sentence that explains it."""

    key: str
    chapter: str
    text: str
    right: str
    why: str
    choices: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The text without its marks, to be copied."""
        return re.sub(r"[$*`{}]", "", self.text.replace("\\propto", "∝"))


def nats(x: float) -> str:
    return f"{x:.2f}".replace("-", "−")


def ratio() -> Question:
    right, times = f"{math.exp(2):.1f}", math.exp(2)
    why = (
        f"$e^2 = {times:.1f}$: in $p(A)/p(B)$ the $Z$ cancels. So two pictures can be compared even where nobody can "
        "compute the probability of either."
    )
    text = "State A has an energy 2 lower than state B. How many times likelier is it?"
    return Question("ratio", "probability", text, right, why, ("2", "4", right, "It depends on Z"))


def hot() -> Question:
    p, warm = (tables.tables(course.after(SOFT).tempered(t)).p_visible for t in (HOT, 1.0))
    found = {
        "One picture takes all": 1 - p.max(),
        "Nearly even": tables.total_variation(p, np.full(len(p), 1 / len(p))),
        "Much as before": tables.total_variation(p, warm),
    }
    why = (
        f"At T = {HOT:g} every energy counts a fifth, so differences melt: the pictures now have {p.min():.1%} to "
        f"{p.max():.1%}, where at T = 1 they had {warm.min():.1%} to {warm.max():.1%}. Cold does the opposite."
    )
    text = f"Turn the temperature up to {HOT:g}: $p \\propto e^{{-E/T}}$. What do the bars look like?"
    return Question("hot", "probability", text, min(found, key=lambda name: found[name]), why, tuple(found))


def independent() -> Question:
    now = tables.tables(course.after(TRAINED))
    h = now.joint.sum(axis=0)
    second, third = h @ now.hidden[:, 1], h @ now.hidden[:, 2]
    both, product = h @ (now.hidden[:, 1] * now.hidden[:, 2]), second * third
    right = "Yes" if abs(both - product) < 1e-6 else "No"
    why = (
        f"$p(h_2{{=}}1) \\cdot p(h_3{{=}}1) = {second:.3f} \\cdot {third:.3f} = {product:.3f}$, but both are on with "
        f"probability ${both:.3f}$. They are independent **given $v$**, not otherwise. That is what *restricted* buys: "
        "a whole layer can be drawn in one step."
    )
    text = "Over all 128 states together, pictures unknown: are $h_2$ and $h_3$ independent?"
    return Question("independent", "layers", text, right, why, ("Yes", "No"))


def forgets(updates: int, temperature: float = 1.0) -> float:
    """The relaxation time of the machine's chain, 1 / (1 - |λ₂|), in sweeps."""
    return float(numbers.table(updates, temperature)["forget"])


def mixing() -> Question:
    found = {"Fresh": forgets(FRESH), "Half trained": forgets(HALF), "Trained": forgets(TRAINED)}
    why = (
        f"Their relaxation times, $1/(1-|\\lambda_2|)$: fresh {found['Fresh']:.1f} sweeps, half trained "
        f"{found['Half trained']:.0f}, trained {found['Trained']:.0f}. **The better this machine, the "
        "slower its chain**: the valleys are deep. Below, all three race."
    )
    text = "One chain each: whose orange comes close to its blue first?"
    return Question("mixing", "gibbs", text, min(found, key=lambda name: found[name]), why, tuple(found))


def stuck() -> Question:
    warm, cold = forgets(TRAINED), forgets(TRAINED, COLD)
    why = (
        f"{cold:,.0f} sweeps, where T = 1 takes {warm:.0f}. The time to cross a hill between two valleys grows like "
        "$e^{\\text{height}/T}$: a cold chain stays where it is. Heat helps: at T = 2 it is "
        f"{forgets(TRAINED, 2.0):.1f}."
    )
    text = "*Trained*, T = ½: in how many sweeps does what the chain remembers longest shrink to $1/e$?"
    return Question("stuck", "gibbs", text, f"{cold:.0f}", why)


def negative() -> Question:
    model, v = course.small_machine(), small.FOUR_HALVES[:1].astype(np.float32)
    p = model.mean_hidden(v)
    step = small.CdParts(v, p, v[:, :3], v, v, p).gradient
    sizes = [float(np.abs(part).max()) for part in step]
    right = "Nothing changes" if max(sizes) == 0 else "A large step"
    why = (
        "Data and dream cancel, weight by weight and bias by bias. Learning stops, on average, where the machine "
        "dreams what it sees."
    )
    text = "Suppose the dream $v_1$ comes out equal to the picture $v_0$. What is this update?"
    return Question(
        "negative", "update", text, right, why, ("A large step", "Nothing changes", "All weights shrink a little")
    )


def sign() -> Question:
    model = course.small_machine()
    v0, v1 = np.array([[0, 0, 1, 1]], np.float32), np.array([[1, 0, 1, 1]], np.float32)  # pixel 0 is off, then on
    up, down = model.mean_hidden(v0), model.mean_hidden(v1)
    change = small.CdParts(v0, up, up, v1, v1, down).gradient.weights[0, 0]
    right = "Down" if change < 0 else "Up" if change > 0 else "It stays"
    why = (
        "The data's product is $0 \\cdot p(h_j|v_0) = 0$, the dream's is $1 \\cdot p(h_j|v_1)$: their difference is "
        "below zero. What is dreamt and not seen is unlearned."
    )
    text = "A pixel is off in the picture $v_0$ and on in the dream $v_1$. Its wire to hidden unit $j$ goes…"
    return Question("sign", "update", text, right, why, ("Up", "Down", "It stays"))


def slope(model: RBM) -> float:
    """The length of the exact gradient, in which there is no rate."""
    return float(np.sqrt(sum((part**2).sum() for part in exact.gradient(model, small.FOUR_HALVES))))


def spread(model: RBM) -> float:
    """How differently a hidden unit answers to the four pictures: largest minus smallest p(h | v), on average."""
    return float(np.ptp(model.mean_hidden(small.FOUR_HALVES), axis=0).mean())


def plateau() -> Question:
    early, later, late = (course.after(updates) for updates in (50, 100, 150))
    start, at_50, at_150 = numbers.log_likelihoods([course.after(0), early, late])
    blame = {
        "The rate": slope(early) >= slope(later),  # else the slope itself is small, whatever the rate
        "Units hardly tell pictures apart": spread(early) < spread(late) / 2,
        "Bad luck": course.METHODS["Exact"] > 0,  # the exact gradient draws nothing
    }
    right = next(choice for choice, is_so in blame.items() if is_so)
    why = (
        f"After 50 updates a unit's probability differs by {spread(early):.2f} between the four pictures, after 150 by "
        f"{spread(late):.2f}. A unit that answers all pictures alike passes little of their differences on to its "
        "weights; the slope grows as it begins to tell them apart. Watch the filters."
    )
    text = (
        f"*Exact*, rate 0.5: the first 50 updates gain {at_50 - start:.2f} nats, the next hundred "
        f"{at_150 - at_50:.2f}. Why so slow at first?"
    )
    return Question("plateau", "training", text, right, why, tuple(blame))


def rate() -> Question:
    slow, fast = (numbers.log_likelihoods(course.film("Exact", rate)) for rate in (course.RATE, 10 * course.RATE))
    in_time = fast[: len(fast) // 10 + 1].max() >= slow[-1]
    right = "Yes" if in_time else "No: it jumps about" if fast.max() < slow[-1] else "No: about as fast"
    why = (
        f"At rate {10 * course.RATE:g} the exact gradient is above {nats(fast.max())} nats at none of the updates kept "
        f"here; at {course.RATE:g} it ends at {nats(slow[-1])}. A slope is true only close by: too long a step lands "
        "beyond the top."
    )
    text = "*Exact*: ten times the rate. Is it ten times as fast?"
    return Question("rate", "training", text, right, why, ("Yes", "No: about as fast", "No: it jumps about"))


def shape(curve: Float64) -> str:
    """What a likelihood does, in words."""
    if np.ptp(curve) < 0.1:
        return "It stays"
    return "It rises to the end" if curve.max() - curve[-1] < 0.1 else "It rises, then falls"


def error() -> Question:
    curve = course.curve("CD-1")
    best, fell = int(curve.log_likelihood.argmax()), course.falls()
    found = np.exp(exact.log_likelihood(course.cousins()[1], small.bars_and_stripes(3)))
    why = (
        f"Best, of the moments kept, after {curve.updates[best]:,.0f} updates "
        f"({nats(curve.log_likelihood[best])} nats), {nats(curve.log_likelihood[-1])} "
        f"at the end, while the error fell on, from {curve.error[best]:.4f} to "
        f"{curve.error[-1]:.5f}. No accident of this run: in {(fell > 0.1).sum()} runs of {len(fell)} it fell, by "
        f"{fell.min():.1f} to {fell.max():.1f} nats. CD-1 looks one sweep away from each picture. It digs the valleys "
        "where the data are, and never sees how much one holds beside another: in the end the favourite of the "
        f"{len(found)} patterns has {found.max():.0%}, the rarest one part in {1 / found.min():,.0f}, where "
        f"{1 / len(found):.0%} each would be right."
    )
    choices = ("It rises to the end", "It rises, then falls", "It stays")
    text = (
        "CD-1's reconstruction error falls to next to nothing. What does the exact log-likelihood of the same run do?"
    )
    return Question("error", "error", text, shape(curve.log_likelihood), why, choices)


def article() -> Question:
    batches = math.ceil(ARTICLE_IMAGES / ARTICLE_BATCH)
    factor = ARTICLE_IMAGES / batches
    right = f"{factor:.0f} times smaller"
    why = (
        f"`err_sum` adds up the mean error of each of the {batches} batches, and is divided by the "
        f"{ARTICLE_IMAGES:,} images instead of by the batches. An error of 5 is printed as {5 / factor:.2f}."
    )
    text = "The article prints `err_sum` after each epoch. Compared with the mean squared error of one digit, it is…"
    return Question("article", "article", text, right, why, ("The same", "784 times smaller", right))


ASKED: dict[str, Callable[[], Question]] = {
    ask.__name__: ask for ask in (ratio, hot, independent, mixing, stuck, negative, sign, plateau, rate, error, article)
}


@cache
def question(key: str) -> Question:
    return ASKED[key]()


# ---- chapter 1 asks for a state, not for words


@cache
def lowest() -> tuple[float, list[tuple[int, int]]]:
    """The lowest energy of the trained machine, and the states (v, h) that have it, by their places."""
    energy = tables.tables(course.after(TRAINED)).energy
    return float(energy.min()), [(int(v), int(h)) for v, h in np.argwhere(energy == energy.min())]


def energy_of(v: int, h: int) -> float:
    return float(tables.tables(course.after(TRAINED)).energy[v, h])
