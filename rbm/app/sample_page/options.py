"""What can be asked of chains: how many, how long, how hot, what is held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rbm.app.current_model import NamedModel
from rbm.app.sample_page.hold import INK, NOTHING, PAINTED, RECTANGLE, REGIONS
from rbm.app.sample_page.starts import DRAW
from rbm.models import film
from rbm.models.film import SamplingPlan

SCHEDULES = {"Steady": "steady", "Cooling down": "cooling", "Annealed restarts": "restarts"}


@dataclass(frozen=True)
class SamplingOptions:
    """What the controls ask for. `hold`: what is held fixed; `label`: the class that is, in a model that has them."""

    plan: SamplingPlan
    means: bool
    hold: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    label: int | None


def controls(named: NamedModel, source: str) -> SamplingOptions:
    """The controls. Raises BadValue for what can't be."""
    height, width = named.shape
    with st.grid(4, min_column_width=150):
        chains = st.slider("Chains", 1, film.MOST_CHAINS, 16, key="dream_chains", bind="query-params",
            help="How many chains run side by side, each with its own random numbers.")  # fmt: skip
        steps = st.slider("Sweeps", 1, film.MOST_STEPS, 200, key="dream_steps", bind="query-params",
            help="Length of a chain. One sweep updates all hidden, then all visible units.")  # fmt: skip
        temperature = st.slider("Temperature", 0.2, 3.0, 1.0, 0.05, key="dream_temperature", bind="query-params",
            help="1 is the model itself. Lower: it sticks to its favourite pictures. Higher: they melt into noise.",
        )  # fmt: skip
        regions = [NOTHING, *REGIONS, INK, RECTANGLE, *([PAINTED] if source == DRAW else [])]
        hold = st.selectbox("Hold fixed", regions, key="dream_hold", bind="query-params",
            help="These pixels keep their value, and the chain fills in the rest: it completes what is there. "
            "**Painted mask** gives the board two more brushes, Fix and Free.")  # fmt: skip
        rows, columns = (0, 0), (0, 0)
        if hold == RECTANGLE:
            rows = st.slider("Rows", 0, height, (0, height // 2), key="dream_rows", bind="query-params")
            columns = st.slider("Columns", 0, width, (0, width), key="dream_columns", bind="query-params")
        label = _class_choice(named)
    with st.expander("More: annealing, display, seed", icon=":material/tune:"):
        plan, means = _more(int(chains), int(steps), float(temperature))
    return SamplingOptions(plan, means, str(hold), rows, columns, label)


def _class_choice(named: NamedModel) -> int | None:
    if not named.model.n_classes:
        return None
    names = ["Any", *map(str, range(named.model.n_classes))]
    choice = st.selectbox("Class", names, key="dream_class", bind="query-params",
        help="Hold this class fixed, and the model dreams of nothing else.")  # fmt: skip
    return None if choice == "Any" else int(choice)


def _more(chains: int, steps: int, temperature: float) -> tuple[SamplingPlan, bool]:
    with st.grid(4, min_column_width=150):
        schedule = st.selectbox("Annealing", list(SCHEDULES), key="dream_schedule", bind="query-params",
            help="**Cooling down**: from hot to the temperature above, over the whole chain. **Annealed restarts**: "
            "again and again, so that a chain that is stuck gets away.")  # fmt: skip
        hot = st.slider("Hot", 1.0, 6.0, 3.0, 0.25, key="dream_hot", bind="query-params",
            help="Where annealing begins. Too low: chains stay stuck. Too high: they forget everything each time.",
        )  # fmt: skip
        period = st.slider("Restart every", 10, 200, 50, 10, key="dream_period", bind="query-params",
            help="Sweeps from one annealed restart to the next.")  # fmt: skip
        seed = st.number_input("Seed", 0, 2**31, key="dream_seed", bind="query-params",
            help="Start of the random numbers: another seed, another dream.")  # fmt: skip
        means = st.toggle("Show probabilities", True, key="dream_means", bind="query-params",
            help="On: the grey probability each pixel was drawn from. Off: the drawn black and white pixels.",
        )  # fmt: skip
    how = SCHEDULES[schedule]
    return SamplingPlan(chains, steps, temperature, how, float(hot), int(period), int(seed)), bool(means)  # type: ignore[arg-type]
