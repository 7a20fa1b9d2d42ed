"""The training form: one table of settings, the widgets made from it, and the TrainConfig they add up to.

Every widget keeps its value in the page's address, so that a link reopens the lab with the same settings.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import streamlit as st

from rbm.app import data_sets, widgets
from rbm.training.config import PRESETS, TrainConfig

Group = Literal["basic", "method", "steps", "start"]


@dataclass(frozen=True)
class Setting:
    """A field of TrainConfig on the screen. `limits` (low, high, step) of a number, or `options` of a choice."""

    name: str
    label: str
    group: Group
    help: str
    limits: tuple[float, float, float] | None = None
    options: tuple[str, ...] = ()
    format: str | None = None


@dataclass(frozen=True)
class Chosen:
    """What the form holds: the data set's name, the settings, what else to measure, whether to learn the classes."""

    data: str
    config: TrainConfig
    preset: str
    monitors: tuple[str, ...]
    labels: bool = False


MONITORS = {
    "free_energy_gap": "Free-energy gap",
    "pseudo_likelihood": "Pseudo-likelihood",
    "ais": "Likelihood (AIS bracket)",
    "exact": "Likelihood (exact)",
    "dead_units": "Dead units",
}

SETTINGS = [
    Setting(
        "n_hidden", "Hidden units", "basic",
        "How many features the model can learn. Too many: slow, and it may memorise the training digits.",
        limits=(1, 4000, 50),
    ),
    Setting(
        "gibbs_steps", "Gibbs steps k", "basic",
        "Sweeps of the chain between two updates. More is closer to the true gradient, and takes as much longer.",
        limits=(1, 50, 1),
    ),
    Setting(
        "learning_rate", "Learning rate", "basic",
        "Size of a step. Too small: nothing happens. Too large: the error jumps about, units die, training blows up. "
        "Try 100 to see it.",
        limits=(0.0, 1000.0, 0.01), format="%.4f",
    ),
    Setting(
        "batch_size", "Batch size", "basic",
        "Digits per update. Too large: few updates per epoch, learning is slow. Too small: noisy steps.",
        limits=(1, 4000, 16),
    ),
    Setting(
        "epochs", "Epochs", "basic",
        "How often every training digit is used. Too many: the held-out error stops falling, the training one goes on.",
        limits=(1, 1000, 5),
    ),
    Setting(
        "seed", "Seed", "basic",
        "Start of the random numbers. The same seed and settings give the same model.",
        limits=(0, 2**31, 1),
    ),
    Setting(
        "algorithm", "Algorithm", "method",
        "**cd** starts each chain at the data. **pcd** keeps its chains from update to update: a better model. "
        "**pt** also keeps hot chains that swap with the cold ones: better still, and many times slower.",
        options=("cd", "pcd", "pt"),
    ),
    Setting(
        "chains", "Chains", "method",
        "Persistent chains of pcd and pt. Too many: slow. Too few: noisy steps.",
        limits=(1, 2000, 10),
    ),
    Setting(
        "temperatures", "Temperatures", "method",
        "Rungs of the ladder of pt. Each costs as much as pcd; with fewer than ten hardly any swap succeeds.",
        limits=(2, 50, 1),
    ),
    Setting(
        "final_gibbs_steps", "Final k", "method",
        "Let k grow to this value by the end of the run. Leave it empty to keep k as it is.",
        limits=(1, 50, 1),
    ),
    Setting(
        "negative", "Dreamed pixels are", "method",
        "**sample**: drawn black or white, as the model says. **mean**: probabilities; smaller error, worse model.",
        options=("sample", "mean"),
    ),
    Setting(
        "binarize", "Grey pixels are", "method",
        "**none**: probabilities. **threshold**: black or white, cut at one half. **sample**: black or white by "
        "chance, anew each time; take this for likelihoods that compare with papers.",
        options=("none", "threshold", "sample"),
    ),
    Setting(
        "centering", "Centre the gradient", "method",
        "Subtract each unit's mean activity first. Learning no longer depends on which colour is called 1.",
    ),
    Setting(
        "schedule", "Learning rate over time", "steps",
        "**constant**, **linear** down to zero at the end (best likelihoods), or **inverse**: rate / (1 + epoch/10).",
        options=("constant", "linear", "inverse"),
    ),
    Setting(
        "momentum", "Momentum at first", "steps",
        "How much of the last step goes into the next. Too large: the error swings.",
        limits=(0.0, 0.99, 0.1), format="%.2f",
    ),
    Setting(
        "final_momentum", "Momentum later", "steps",
        "From this on steps add up: 0.9 makes them ten times as large.",
        limits=(0.0, 0.99, 0.1), format="%.2f",
    ),
    Setting(
        "momentum_epochs", "Momentum changes after", "steps",
        "Epochs with the first momentum, while the weights still move a lot.",
        limits=(0, 1000, 1),
    ),
    Setting(
        "l2", "L2 weight cost", "steps",
        "Pulls large weights towards zero; too large, and nothing is learned. Usual: 0.0001.",
        limits=(0.0, 1.0, 0.0001), format="%.5f",
    ),
    Setting(
        "l1", "L1 weight cost", "steps",
        "Pulls all weights towards zero by the same force, so that many end there. Usual: 0.0001.",
        limits=(0.0, 1.0, 0.0001), format="%.5f",
    ),
    Setting(
        "sparsity_cost", "Sparsity cost", "steps",
        "How strongly units are pushed to the target activation. 0: not at all. Too large: they forget the digits.",
        limits=(0.0, 10.0, 0.05), format="%.3f",
    ),
    Setting(
        "sparsity_target", "Sparsity target", "steps",
        "Wanted share of digits that switch a unit on. Small targets give clean strokes as filters.",
        limits=(0.001, 0.999, 0.01), format="%.3f",
    ),
    Setting(
        "weight_std", "Initial weights", "start",
        "Standard deviation of the random weights at the start. Too large: the noise stays visible in the filters.",
        limits=(0.0, 1.0, 0.01), format="%.3f",
    ),
    Setting(
        "visible_bias", "Initial pixel biases", "start",
        "**log-odds** of the pixel means: the model starts as the average digit. **zero**: it must learn that first.",
        options=("log-odds", "zero"),
    ),
    Setting(
        "hidden_bias", "Initial hidden biases", "start",
        "Below zero, units start rarely on.",
        limits=(-10.0, 10.0, 0.5), format="%.2f",
    ),
]  # fmt: skip
TITLES = {"method": "Gradient", "steps": "Steps and penalties", "start": "Start"}


def preset() -> str:
    """The choice of a preset; choosing one fills the form below it."""
    return st.segmented_control(
        "Preset",
        list(PRESETS),
        default="Recommended",
        required=True,
        key="preset",
        bind="query-params",
        on_change=_fill_form,
        help="**Recommended**: small random weights, pixel biases at the log-odds of the pixel means, momentum. "
        "**Classic 784-500**: the article this lab grew from: weights ten times larger, zero biases, no momentum. "
        "**Best dreams**: persistent chains, a falling rate and pixels drawn anew, for a good likelihood.",
    )


def form(preset_name: str) -> Chosen | None:
    """The form; what it holds once Start is pressed. Raises BadValue for settings that can't be."""
    with st.form("training", border=True):
        values: dict[str, Any] = {}
        with st.grid(4, min_column_width=150):
            data = widgets.data_set(
                "Data", data_sets.names(), "data",
                "**mnist-5k**: 4,000 training and 1,000 held-out MNIST digits of 28 × 28 pixels. **digits-8x8**: 1,797 "
                "tiny digits, trained in seconds. The **Data** page shows all sets, and takes your own images.",
            )  # fmt: skip
            _widgets("basic", values)
            labels = st.toggle(
                "Learn the classes too",
                key="labels",
                bind="query-params",
                help="Gives the model a visible unit for each class beside the pixels. It can then tell what a picture "
                "shows, and dream of the class that you ask for on the Sample page. **Best dreams** suits it.",
            )
        with st.expander("More", icon=":material/tune:"):
            for group, title in TITLES.items():
                st.markdown(f"**{title}**")
                with st.grid(4, min_column_width=150):
                    _widgets(group, values)
        monitors = st.pills(
            "Also measure while it trains",
            list(MONITORS),
            selection_mode="multi",
            format_func=lambda name: MONITORS[name],
            key="monitors",
            bind="query-params",
            help="**Free-energy gap**: held-out minus training; when it grows, the model memorises. **AIS bracket**: "
            "two estimates of the log-likelihood with the truth between them, some seconds each. **Exact**: up to 20 "
            "hidden units. **Dead units** never switch on.",
        )
        pressed = st.form_submit_button("Start", type="primary", icon=":material/play_arrow:", width=180)
    if not pressed:
        return None
    return Chosen(data, TrainConfig(**values), preset_name, tuple(monitors), bool(labels))


def _widgets(group: str, values: dict[str, Any]) -> None:
    for setting in SETTINGS:
        if setting.group == group:
            values[setting.name] = _widget(setting)


def _widget(setting: Setting) -> Any:
    """The widget of a setting; its value as TrainConfig takes it.

    The first preset is each widget's own default: values set by the program reach the browser a moment later.
    """
    common: dict[str, Any] = {"key": setting.name, "help": setting.help, "bind": "query-params"}
    first = getattr(PRESETS["Recommended"], setting.name)
    if setting.options:
        return st.selectbox(setting.label, setting.options, setting.options.index(first), **common)
    if setting.limits is None:
        return st.toggle(setting.label, first, **common)
    whole = _KINDS[setting.name] != "float"
    low, high, step = (int(x) if whole else float(x) for x in setting.limits)
    return st.number_input(setting.label, low, high, first, step, setting.format, **common)


_KINDS = {field.name: str(field.type) for field in fields(TrainConfig)}


def wrong_in_address() -> list[str]:
    """Sentences on values in the address that no widget takes; those fall back to the default. Once a session."""
    if st.session_state.setdefault("address_read", False):
        return []
    st.session_state["address_read"] = True
    said = []
    for setting in SETTINGS:
        given = st.query_params.get(setting.name)
        if given is not None and not _fits(setting, given):
            said.append(f"The address asks for {setting.label} = {given[:40]!r}, which can't be; the default is used.")
    return said


def _fits(setting: Setting, given: str) -> bool:
    if setting.options:
        return given in setting.options
    if setting.limits is None:
        return given.lower() in ("true", "false")
    try:
        return setting.limits[0] <= float(given) <= setting.limits[1]
    except ValueError:
        return given == "" and setting.name == "final_gibbs_steps"


def _fill_form() -> None:
    for setting in SETTINGS:
        st.session_state[setting.name] = getattr(PRESETS[st.session_state["preset"]], setting.name)
