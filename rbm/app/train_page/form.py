"""The training form: how each setting of TrainConfig is shown, and the TrainConfig that the widgets add up to.

Every widget keeps its value in the page's address, so that a link reopens the lab with the same settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from rbm.app import data_sets, widgets
from rbm.training.config import PRESETS, TrainConfig
from rbm.training.settings import Setting, settings_of

Group = Literal["basic", "method", "steps", "start"]


@dataclass(frozen=True)
class Control:
    """Where a setting stands on the screen, and how its number is shown and stepped.

    `low`, `high`: limits narrower than the setting's own, where the screen wants them.
    """

    name: str
    group: Group
    step: float = 1
    low: float | None = None
    high: float | None = None
    format: str | None = None

    @property
    def setting(self) -> Setting:
        return KNOWN[self.name]

    @property
    def limits(self) -> tuple[float, float]:
        own = self.setting
        return own.low if self.low is None else self.low, own.high if self.high is None else self.high

    @property
    def help(self) -> str:
        """The setting's words in Markdown."""
        own = self.setting
        return " ".join([own.help, *(f"**{choice}**: {meaning}." for choice, meaning in own.choices.items())])


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

KNOWN = settings_of(TrainConfig)
SETTINGS = [
    Control("n_hidden", "basic", step=50, high=4000),
    Control("gibbs_steps", "basic", high=50),
    Control("learning_rate", "basic", step=0.01, low=0, high=1000, format="%.4f"),
    Control("batch_size", "basic", step=16, high=4000),
    Control("epochs", "basic", step=5, high=1000),
    Control("seed", "basic", high=2**31),
    Control("algorithm", "method"),
    Control("chains", "method", step=10, high=2000),
    Control("temperatures", "method", high=50),
    Control("final_gibbs_steps", "method", high=50),
    Control("negative", "method"),
    Control("binarize", "method"),
    Control("centering", "method"),
    Control("schedule", "steps"),
    Control("momentum", "steps", step=0.1, high=0.99, format="%.2f"),
    Control("final_momentum", "steps", step=0.1, high=0.99, format="%.2f"),
    Control("momentum_epochs", "steps", high=1000),
    Control("l2", "steps", step=0.0001, high=1, format="%.5f"),
    Control("l1", "steps", step=0.0001, high=1, format="%.5f"),
    Control("sparsity_cost", "steps", step=0.05, high=10, format="%.3f"),
    Control("sparsity_target", "steps", step=0.01, low=0.001, high=0.999, format="%.3f"),
    Control("weight_std", "start", step=0.01, high=1, format="%.3f"),
    Control("visible_bias", "start"),
    Control("hidden_bias", "start", step=0.5, low=-10, high=10, format="%.2f"),
]
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
    """The form; what it holds once Start is pressed. Raises ValueError for settings that can't be."""
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
    for control in SETTINGS:
        if control.group == group:
            values[control.name] = _widget(control)


def _widget(control: Control) -> Any:
    """The widget of a setting; its value as TrainConfig takes it.

    The first preset is each widget's own default: values set by the program reach the browser a moment later.
    """
    setting = control.setting
    common: dict[str, Any] = {"key": control.name, "help": control.help, "bind": "query-params"}
    first = getattr(PRESETS["Recommended"], control.name)
    if setting.choices:
        options = list(setting.choices)
        return st.selectbox(setting.label, options, options.index(first), **common)
    if setting.kind is bool:
        return st.toggle(setting.label, first, **common)
    low, high, step = map(setting.kind, (*control.limits, control.step))
    return st.number_input(setting.label, low, high, first, step, control.format, **common)


def wrong_in_address() -> list[str]:
    """Sentences on values in the address that no widget takes; those fall back to the default. Once a session."""
    if st.session_state.setdefault("address_read", False):
        return []
    st.session_state["address_read"] = True
    said = []
    for control in SETTINGS:
        given, label = st.query_params.get(control.name), control.setting.label
        if given is not None and not _fits(control, given):
            said.append(f"The address asks for {label} = {given[:40]!r}, which can't be; the default is used.")
    return said


def _fits(control: Control, given: str) -> bool:
    setting, (low, high) = control.setting, control.limits
    if setting.choices:
        return given in setting.choices
    if setting.kind is bool:
        return given.lower() in ("true", "false")
    try:
        return low <= float(given) <= high
    except ValueError:
        return given == "" and setting.optional


def _fill_form() -> None:
    for control in SETTINGS:
        st.session_state[control.name] = getattr(PRESETS[st.session_state["preset"]], control.name)
