"""What can be asked of chains: how many, how long, how hot, what is held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rbm.app.current_model import NamedModel
from rbm.app.glossary import define, help_text
from rbm.app.sample_page import board
from rbm.app.sample_page.hold import INK, NOTHING, PAINTED, RECTANGLE, REGIONS
from rbm.app.sample_page.starts import DRAW
from rbm.models import film
from rbm.models.film import SamplingPlan

CONTROL = 120  # pixels of a slider
MOST_SEED = 2**31
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


def controls(named: NamedModel, source: str, row: DeltaGenerator, settings: DeltaGenerator) -> SamplingOptions:
    """The controls: those of every dream in `row`, the others in `settings`. Raises BadValue for what can't be."""
    with row:
        label = _class_choice(named)
        temperature = st.slider("Temperature", 0.2, 3.0, 1.0, 0.05, key="dream_temperature", bind="query-params",
            width=CONTROL, help=define("temperature"))  # fmt: skip
        steps = st.slider("Sweeps", 1, film.MOST_STEPS, 200, key="dream_steps", bind="query-params", width=CONTROL,
            help=help_text("How long the chains run.", "sweep"))  # fmt: skip
        st.button("Dream again", icon=":material/play_arrow:", on_click=_another_seed, key="dream_again",
            help="The same start and settings, other random numbers.")  # fmt: skip
    with settings:
        hold, rows, columns = _hold_choice(named, source)
        plan, means = _more(int(steps), float(temperature))
    return SamplingOptions(plan, means, hold, rows, columns, label)


def _another_seed() -> None:
    st.session_state["dream_seed"] = (int(st.session_state.get("dream_seed", 0)) + 1) % MOST_SEED


def _class_choice(named: NamedModel) -> int | None:
    if not named.model.n_classes:
        return None
    names = ["Any", *map(str, range(named.model.n_classes))]
    choice = st.segmented_control(
        "Dream of class", names, default="Any", required=True, key="dream_class", bind="query-params", wrap=True,
        help=help_text("One tap, and the model dreams of nothing else.", "class units"),
    )  # fmt: skip
    return None if choice == "Any" else int(str(choice))


def _hold_choice(named: NamedModel, source: str) -> tuple[str, tuple[int, int], tuple[int, int]]:
    height, width = named.shape
    rows, columns = (0, 0), (0, 0)
    regions = [NOTHING, *REGIONS, INK, RECTANGLE, *([PAINTED] if source == DRAW else [])]
    with st.grid(3, min_column_width=150):
        hold = st.selectbox("Hold fixed", regions, key="dream_hold", bind="query-params",
            help="These pixels keep their value, and the chain fills in the rest: it completes what is there. "
            "**Painted mask** opens the board with the brushes Fix and Free.")  # fmt: skip
        if hold == RECTANGLE:
            rows = st.slider("Rows", 0, height, (0, height // 2), key="dream_rows", bind="query-params")
            columns = st.slider("Columns", 0, width, (0, width), key="dream_columns", bind="query-params")
        if source == DRAW:
            st.slider("Width of the pen", 1.0, 6.0, board.WIDTH, 0.2, key="dream_width",
                help="In pixels of a digit of 28 × 28. The eraser is twice as wide.")  # fmt: skip
            st.toggle("Centre and size it as MNIST does", True, key="dream_centre", bind="query-params",
                help="MNIST's digits fill a box of 20 × 20 with their centre of mass in the middle of 28 × 28. Off: "
                "the board as it is. Switch it off to draw half a digit and let the model complete it.")  # fmt: skip
    return str(hold), rows, columns


def _more(steps: int, temperature: float) -> tuple[SamplingPlan, bool]:
    with st.grid(3, min_column_width=150):
        chains = st.slider("Chains", 1, film.MOST_CHAINS, 16, key="dream_chains", bind="query-params",
            help=help_text("How many run side by side, each with its own random numbers.", "chain"))  # fmt: skip
        schedule = st.selectbox("Annealing", list(SCHEDULES), key="dream_schedule", bind="query-params",
            help="**Cooling down**: from hot to the temperature above, over the whole chain. **Annealed restarts**: "
            "again and again, so that a chain that is stuck gets away.")  # fmt: skip
        hot = st.slider("Hot", 1.0, 6.0, 3.0, 0.25, key="dream_hot", bind="query-params",
            help="Where annealing begins. Too low: chains stay stuck. Too high: they forget everything each time.",
        )  # fmt: skip
        period = st.slider("Restart every", 10, 200, 50, 10, key="dream_period", bind="query-params",
            help="Sweeps from one annealed restart to the next.")  # fmt: skip
        seed = st.number_input("Seed", 0, MOST_SEED, key="dream_seed", bind="query-params",
            help=help_text("Another seed, another dream.", "seed"))  # fmt: skip
        means = st.toggle("Show probabilities", True, key="dream_means", bind="query-params",
            help="On: the grey probability each pixel was drawn from. Off: the drawn black and white pixels.",
        )  # fmt: skip
    how = SCHEDULES[schedule]
    return SamplingPlan(int(chains), steps, temperature, how, float(hot), int(period), int(seed)), bool(means)  # type: ignore[arg-type]
