"""The presets of the form: the library's, and one that is a tower."""

from __future__ import annotations

from rbm.training import config

DEEP = "Deep"
PRESETS: dict[str, config.TrainConfig] = {**config.PRESETS, DEEP: config.PRESETS["Recommended"]}
UPPER = {DEEP: "500, 500"}  # hidden units of more layers; the others have none
WORDS = {
    "Recommended": "chains that are never reset show the model its own dreams, so that it stays with digits.",
    "Classic 784-500": "the article's setting, CD-1. Its error falls lower than Recommended's, and yet its dreams lose "
    "their ink: CD-1 never sees what lies far from the data.",
    "Best dreams": "as Recommended, for three times as long: the best likelihood.",
    "Autoencoder": "the same weights learn to rebuild each digit, and nothing else: the lowest error of all, and no "
    "dreams.",
    "Grey levels": "every pixel is a real number and has its own σ, how far it strays from what the hidden units say "
    "of it, which is learned too. For grey images such as **photo-patches**; of digits it dreams few kinds.",
    DEEP: "three layers, one after the other, each as Recommended; each learns what the one below it says. The page "
    "**Deep** then dreams from the top.",
}
