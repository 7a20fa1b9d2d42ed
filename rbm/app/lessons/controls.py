"""What a lesson can leave out of a page: each control by its words, and by the keys of what is hidden with it."""

from __future__ import annotations

from rbm.app.lessons.now import ANSWERS
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of

_KNOWN = settings_of(TrainConfig)
_ON_TRAIN = ("n_hidden", "gibbs_steps", "learning_rate", "batch_size", "epochs", "seed")
WORDS: dict[str, dict[str, str]] = {  # by page; the names are kept in the store
    "learn": {
        ANSWERS: "Right answers, until I uncover them",
        "learn_chapter": "The choice of a chapter",
        "learn_ways": "The ways to other pages",
    },
    "train": {
        "preset": "Preset",
        "data": "Data",
        **{name: _KNOWN[name].label for name in _ON_TRAIN},
        "layers": "More layers",
        "labels": "Learn the classes too",
        "discriminative": _KNOWN["discriminative"].label,
        "monitors": "Also measure",
        "more_settings": "More settings",
        "model_files": "Model files",
    },
    "sample": {
        "dream_class": "Class",
        "dream_temperature": "Temperature",
        "dream_steps": "Sweeps",
        "dream_source": "Start from",
        "dream_hold": "Hold fixed",
        "dream_chains": "Chains",
        "dream_annealing": "Annealing",
        "dream_seed": "Seed",
        "dream_means": "Show probabilities",
        "dream_tab": "All tabs below",
    },
}
_KEYS = {  # of what goes with a name, where it is not the widget of that key alone
    "dream_annealing": ("dream_schedule", "dream_hot", "dream_period"),
    "dream_hold": ("dream_hold", "dream_rows", "dream_columns"),
    ANSWERS: (),
}
_RULES = (".st-key-{}", "div:has(> .st-key-{}:only-child)", "[data-testid=stGridCell]:has(.st-key-{})")


def style(hidden: tuple[str, ...]) -> str:
    """A style sheet that takes them off the page, for eyes, keyboard and screen reader, and the cells they stood in.

    They go on to hold the lesson's values, which are those of the address: nothing else on a page has to know.
    """
    known = {name for words in WORDS.values() for name in words}
    keys = [key for name in hidden if name in known for key in _KEYS.get(name, (name,))]
    chosen = ", ".join(rule.format(key) for key in keys for rule in _RULES)
    return f"<style>{chosen} {{ display: none !important }}</style>" if chosen else ""
