"""The one place where terms are defined."""

from __future__ import annotations

import pytest

from rbm.app.glossary import GLOSSARY, define, help_text

ASKED = [
    "epoch", "batch", "learning rate", "momentum", "reconstruction error", "held-out", "hidden unit", "visible unit",
    "weights", "bias", "CD", "PCD", "parallel tempering", "Gibbs steps k", "sweep", "chain", "temperature",
    "free energy", "log-likelihood", "AIS", "partition function", "nat", "filter", "activation", "dead unit",
    "sparsity", "weight cost", "pseudo-likelihood", "free-energy gap", "seed", "preset",
]  # fmt: skip


@pytest.mark.parametrize("term", ASKED)
def test_every_term_has_a_definition(term: str) -> None:
    assert term in GLOSSARY


@pytest.mark.parametrize("term", GLOSSARY)
def test_a_definition_is_one_short_sentence(term: str) -> None:
    text = GLOSSARY[term]
    assert "\n" not in text
    assert len(text) < 110
    assert text[0].isupper()
    assert text.endswith(".")
    assert ". " not in text


def test_terms_are_shown_in_bold_and_a_missing_one_is_an_error() -> None:
    assert define("sweep").startswith("**Sweep**: One redraw")
    assert define("sweep", "AIS").count("  \n") == 1
    assert help_text("How long.", "sweep") == f"How long.\n\n{define('sweep')}"
    with pytest.raises(KeyError):
        define("flux capacitor")
