"""The settings of a training: how each is shown, and the TrainConfig that the widgets add up to.

Every widget keeps its value in the page's address, so that a link reopens the lab with the same settings: a preset,
and what differs from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import streamlit as st

from rbm.app import addresses, data_sets, server, widgets
from rbm.app.lessons import now
from rbm.app.text import plain
from rbm.app.train_page import measures, presets
from rbm.app.train_page.presets import PRESETS
from rbm.errors import BadValue, Refused
from rbm.models.deep import MAX_LAYERS
from rbm.runs import tower
from rbm.training import autoencoder, discriminative
from rbm.training.config import TrainConfig
from rbm.training.settings import Setting, settings_of

Group = Literal["basic", "classes", "method", "steps", "start"]


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

    def wrong(self, value: float | None) -> str:
        """What this number may be, if `value` is none of it; else nothing."""
        low, high = self.limits
        if (value is None and self.setting.optional) or (value is not None and low <= value <= high):
            return ""
        return f"{self.setting.label}: from {low:g} to {high:g}. {self.setting.advice.capitalize()}."

    @property
    def help(self) -> str:
        """The setting's words in Markdown."""
        own = self.setting
        return " ".join([own.help, *(f"**{choice}**: {meaning}." for choice, meaning in own.choices.items())])


KNOWN = settings_of(TrainConfig)
SETTINGS = [
    Control("n_hidden", "basic", step=50, high=4000),
    Control("gibbs_steps", "basic", high=50),
    Control("learning_rate", "basic", step=0.01, low=0.0001, high=1000, format="%.4f"),
    Control("batch_size", "basic", step=16, high=4000),
    Control("epochs", "basic", step=5, high=1000),
    Control("seed", "basic", high=2**31),
    Control("discriminative", "classes", step=0.1, format="%.2f"),
    Control("visible", "method"),
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
# names of choices, where the code has others
NAMES = {
    "algorithm": {"cd": "CD", "pcd": "PCD", "pt": "Parallel tempering", "autoencoder": "Autoencoder"},
    "visible": {"binary": "Black or white", "gaussian-variance": "Grey levels, with their σ"},
}
IDLE = {  # settings that have nothing to say, and are not shown, for these algorithms
    "chains": ("cd", "autoencoder"),
    "temperatures": ("cd", "pcd", "autoencoder"),
    "negative": ("pt", "autoencoder"),
    "gibbs_steps": ("autoencoder",),
    "final_gibbs_steps": ("autoencoder",),
    "discriminative": ("autoencoder",),
}
BINARY_ONLY = {"negative": "sample", "binarize": "none"}  # not shown for grey levels, and what they then are
_READ = "address_read"


@dataclass(frozen=True)
class Chosen:
    """What the form holds: the data set's name, the settings, what else to measure, whether to learn the classes.

    upper: hidden units of the layers on top of the first, which have its settings otherwise.
    """

    data: str
    config: TrainConfig
    preset: str
    monitors: tuple[str, ...]
    labels: bool = False
    upper: tuple[int, ...] = ()

    @property
    def configs(self) -> list[TrainConfig]:
        """Of all layers, bottom first; classes are for the top alone."""
        *below, top = [self.config, *(replace(self.config, n_hidden=units) for units in self.upper)]
        return [*map(discriminative.without, below), top]


def preset_and_data() -> tuple[str, str]:
    """The two choices that settle all the rest: a preset, and the name of a data set."""
    with st.container(horizontal=True, vertical_alignment="top"):
        preset = st.segmented_control(
            "Preset",
            list(PRESETS),
            default=next(iter(PRESETS)),
            required=True,
            key="preset",
            bind="query-params",
            on_change=_fill,
            help=" ".join(f"**{name}**: {what}" for name, what in presets.WORDS.items()),
        )
        with st.container(width=260):
            data = widgets.data_set(
                "Data", data_sets.names(), "data",
                "**mnist-5k**: 4,000 training and 1,000 held-out MNIST digits of 28 × 28 pixels. **digits-8x8**: 1,797 "
                "tiny digits, trained in seconds. **photo-patches**: grey pieces of two photographs, for the preset "
                "**Grey levels**. The **Data** page shows all sets, and takes your own images.",
            )  # fmt: skip
    st.caption(f"**{preset}**: {presets.WORDS[str(preset)]}")
    return str(preset), data


def settings(preset: str, data: str) -> Chosen | None:
    """The settings, with a sentence beside each that can't be; None while there is one."""
    values: dict[str, Any] = {control.name: getattr(PRESETS[preset], control.name) for control in SETTINGS}
    values["algorithm"] = _algorithm(values["algorithm"])  # its own widget stands below those that it hides
    with st.grid(4, min_column_width=150):
        fine = _fields("basic", values)
        layers = st.text_input(
            "Hidden units of more layers",
            presets.UPPER.get(preset, ""),
            key="layers",
            bind="query-params",
            placeholder="none: one layer",
            help="For a **deep belief net**: 500, 500 puts two more layers on top of this one. Each learns what the "
            "hidden units below it say of the images, with the same settings, as soon as the layer below is finished.",
        )
    with st.grid(2, min_column_width=300):
        labels = st.toggle(
            "Learn the classes too",
            key="labels",
            bind="query-params",
            help="Gives the model a visible unit for each class beside the pixels. It can then tell what a picture "
            "shows, and dream of the class that you ask for on the Sample page. **Best dreams** suits it. Of several "
            "layers the top one learns them.",
        )
        monitors = measures.pills()
    if labels:
        with st.grid(4, min_column_width=150):
            fine &= _fields("classes", values)
    with st.expander("More settings", icon=":material/tune:", key="more_settings"):
        for group, title in TITLES.items():
            st.markdown(f"**{title}**")
            with st.grid(4, min_column_width=150):
                fine &= _fields(group, values)
    return _together(preset, data, values, monitors, bool(labels), str(layers)) if fine else None


def _algorithm(first: str) -> str:
    """The algorithm that its widget shows, or will; `first` where neither the session nor the address asks for one."""
    for asked in (st.session_state.get("algorithm"), st.query_params.get("algorithm")):
        if asked in KNOWN["algorithm"].choices:
            return str(asked)
    return first


def _together(
    preset: str, data: str, values: dict[str, Any], monitors: tuple[str, ...], labels: bool, layers: str
) -> Chosen | None:
    """What the values add up to; None, and a sentence, where they don't go together or this server won't."""
    found = data_sets.find(data)
    try:
        config = TrainConfig(**values)
        autoencoder.check_data(config, labels=labels)
        discriminative.check_data(config, labels=labels)
        measures.check(monitors, config)
        server.lab().limits.check(config, *((1, 1) if found is None else found.train_images.shape))
        chosen = Chosen(data, config, preset, monitors, labels, units_of(layers))
        for below, upper in pairwise(chosen.configs):
            n, means = (1, 0) if found is None else (len(found.train_images), tower.memory(found, below.n_hidden))
            server.lab().limits.check(upper, n, below.n_hidden, means)
    except Refused as error:
        st.error(f"These settings can't be: {plain(error)}.", icon=":material/error:")
        return None
    return chosen


def units_of(layers: str) -> tuple[int, ...]:
    """The numbers in "500, 500". Raises BadValue for anything else."""
    parts = [part.strip() for part in layers.split(",")] if layers.strip() else []
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise BadValue("the hidden units of more layers are whole numbers with commas between them, as in 500, 500")
    if len(parts) >= MAX_LAYERS:
        raise BadValue(f"a deep belief net has {MAX_LAYERS} layers at most; choose fewer than {MAX_LAYERS} more layers")
    return tuple(map(int, parts))


def _fields(group: str, values: dict[str, Any]) -> bool:
    """Whether all that is shown can be. Settings that don't matter to the algorithm are not, and keep the preset's."""
    fine = True
    for control in SETTINGS:
        if values["visible"] != "binary" and control.name in BINARY_ONLY:
            values[control.name] = BINARY_ONLY[control.name]
        elif control.group == group and values["algorithm"] not in IDLE.get(control.name, ()):
            with st.container(gap="xsmall"):
                values[control.name] = _widget(control, values[control.name])
                if wrong := _wrong(control, values[control.name]):
                    st.caption(f":red[{wrong}]")
                    fine = False
    return fine


def _wrong(control: Control, value: Any) -> str:
    return control.wrong(value) if control.setting.kind in (int, float) else ""


def _widget(control: Control, first: Any) -> Any:
    """The widget of a setting; its value as TrainConfig takes it.

    A number has no limits of its own: the browser would take another value than was typed, without a word.
    """
    setting, key = control.setting, control.name
    common: dict[str, Any] = {"key": key, "help": control.help, "bind": "query-params"}
    if key in NAMES:
        return widgets.named_choice(setting.label, NAMES[key], first, key, control.help)
    if setting.choices:
        options = list(setting.choices)
        return st.selectbox(setting.label, options, options.index(first), **common)
    if setting.kind is bool:
        return st.toggle(setting.label, first, **common)
    return st.number_input(setting.label, value=first, step=setting.kind(control.step), format=control.format, **common)


def wrong_in_address() -> list[str]:
    """Sentences on values in the address that nothing takes; those fall back to the preset's. Once a session."""
    if st.session_state.setdefault(_READ, False):
        return []
    st.session_state[_READ] = True
    known = {control.name: control for control in SETTINGS}
    said = []
    for name, given in {**st.query_params, **addresses.taken_out()}.items():
        fits = given in PRESETS if name == "preset" else name not in known or _fits(known[name], given)
        if not fits:
            label = known[name].setting.label if name in known else "Preset"
            asked = plain(f"{label} = {given[:40]!r}")
            said.append(f"The address asks for {asked}, which can't be; the preset's value is used.")
    return said


def _fits(control: Control, given: str) -> bool:
    setting, (low, high) = control.setting, control.limits
    if setting.choices:
        return given in NAMES.get(control.name, setting.choices)
    if setting.kind is bool:
        return given.lower() in ("true", "false")
    try:
        return low <= float(given) <= high
    except ValueError:
        return given == "" and setting.optional


def _fill() -> None:
    """A preset has been chosen: all settings are its own."""
    preset = st.session_state["preset"]
    for control in SETTINGS:
        if not now.hides(control.name):
            st.session_state[control.name] = getattr(PRESETS[preset], control.name)
    if not now.hides("layers"):
        st.session_state["layers"] = presets.UPPER.get(preset, "")
