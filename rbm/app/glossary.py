"""Every term of the field that the pages use, in one line each; a page shows them where it uses a term first.

After Hinton's guide to training RBMs (UTML TR 2010-003), where it names the term.
"""

from __future__ import annotations

GLOSSARY = {
    # the machine
    "RBM": "Restricted Boltzmann machine: visible units joined to hidden units, none to its own kind.",
    "visible unit": "One pixel of the picture: on is white, off is black.",
    "Gaussian unit": "A pixel that holds a grey level: what the hidden units say it should be, and noise of size σ.",
    "hidden unit": "A yes-or-no feature that the machine invents; it sees all pixels through its weights.",
    "weights": "One number for each pair of a visible and a hidden unit: how much either wants the other on.",
    "bias": "How much a unit wants to be on, whatever the others do.",
    "filter": "The weights of one hidden unit, drawn as a picture: what it looks for.",
    "activation": "The probability that a hidden unit is on, given a picture.",
    "dead unit": "A hidden unit that is hardly ever on, or never off: it tells pictures apart no longer.",
    "sparsity": "How seldom hidden units are on; a target for it makes each unit answer to fewer pictures.",
    "class units": "Extra visible units, one a class: held on, they tell the machine which class to dream of.",
    "deep belief net": "RBMs in a tower: each learns what the one below says, and the top two layers dream.",
    "receptive field": "What a unit looks for in the picture: its weights, carried down through the layers below.",
    # training
    "epoch": "One pass over all training pictures.",
    "batch": "The few pictures whose average decides one small change of the weights.",
    "learning rate": "How large each change of the weights is.",
    "momentum": "The share of the last change that is made again: it speeds up what keeps its direction.",
    "weight cost": "A pull of all weights towards zero, so that none grows without need.",
    "CD": "Contrastive divergence: learn from how a short chain, started at a training picture, drifts away from it.",
    "PCD": "Persistent CD: the chains are never set back to the pictures, so they go far and find false dreams.",
    "parallel tempering": "Chains from cold to hot that swap places, so that the cold one travels between kinds.",
    "Gibbs steps k": "How many sweeps a chain makes before each change of the weights: CD-1 makes one.",
    "seed": "Where the random numbers start: the same seed gives the very same result.",
    "preset": "A set of settings that are known to go together.",
    # sampling
    "chain": "A picture that is redrawn again and again, each time from the one before.",
    "Gibbs chain": "A chain that redraws all hidden units given the pixels, then all pixels given the hidden units.",
    "sweep": "One redraw of all hidden units, and then of all pixels.",
    "temperature": "How daring the draws are: 1 is the model itself, less sticks to favourites, more melts into noise.",
    "annealing": "Starting hot and cooling down, so that a chain that is stuck gets away.",
    "mixing": "How fast chains travel from one kind of picture to the others.",
    # measures
    "held-out": "Kept back from training: only such pictures tell whether the model has learned or memorised.",
    "reconstruction error": "How far a picture is from its echo, once up to the hidden units and down again.",
    "free energy": "How unlikely the model finds a picture: the lower, the likelier.",
    "free-energy gap": "Free energy of held-out minus training pictures: if it grows, the model memorises.",
    "log-likelihood": "The logarithm of the probability that the model gives to a picture: the higher, the better.",
    "pseudo-likelihood": "How well each pixel is guessed from all the others: a cheap stand-in for the likelihood.",
    "partition function": "The sum over all possible pictures that turns energies into probabilities.",
    "AIS": "Annealed importance sampling: an estimate of the partition function by slowly cooled chains.",
    "nat": "The unit of log-probabilities: one nat less is a factor of e = 2.718 less likely.",
}


def define(*terms: str) -> str:
    """A line of Markdown for each term, the term in bold. Raises KeyError for a term that has no definition."""
    return "  \n".join(f"**{term[0].upper()}{term[1:]}**: {GLOSSARY[term]}" for term in terms)


def help_text(sentence: str, *terms: str) -> str:
    """The help of a control: what it does, then what the terms mean."""
    return f"{sentence}\n\n{define(*terms)}"
