"""Below the curve: is the training well, and what else was measured."""

from __future__ import annotations

import streamlit as st

from rbm.app import charts, show
from rbm.app.remembered import remembered
from rbm.datasets.dataset import Dataset
from rbm.measures import health, likelihood
from rbm.models.deep import DeepBeliefNet
from rbm.runs.progress import Progress

Stands = tuple[int, float | None]  # epoch, and the share that is done if it rests or waits


def panel(run_id: str, stands: Stands, progress: Progress, net: DeepBeliefNet, data: Dataset, rate: float) -> None:
    """The verdict in words on the training of a net's top at a learning rate of `rate`, and the four numbers it rests
    on. stands: where the run does."""
    ratio = progress.history[-1].measures.get("update_ratio_weights") if progress.history else None
    found = _checkup(run_id, stands, ratio, net, data)
    with st.container(border=True):
        verdict = health.verdict(
            found, rate, over=progress.status == "finished", diverged=progress.status == "diverged"
        )
        said = " ".join(verdict.sentences)
        st.markdown(f":red[:material/heart_broken: **Health** · {said}]" if verdict.ill else f"**Health** · {said}")
        with st.grid(4, min_column_width=130):
            st.metric(
                "Update / weight size", "–" if ratio is None else f"{ratio:.1e}",
                help="Mean size of the last update over the mean size of the weights; about 0.001 is healthy. "
                "In the first epochs it is larger, since the weights are still small.",
            )  # fmt: skip
            st.metric("Dead units", f"{found.dead:.0%}", help="Never likelier than 1 % on 300 held-out digits.")
            st.metric("Always-on units", f"{found.always_on:.0%}", help="Never below 99 % on 300 held-out digits.")
            st.metric(
                "Free-energy gap", f"{found.gap:.1f} nats",
                help="How much less likely held-out digits are than training ones. It grows when the model memorises.",
            )  # fmt: skip


@remembered()
def _checkup(run_id: str, stands: Stands, ratio: float | None, _net: DeepBeliefNet, _data: Dataset) -> health.Checkup:
    """By where the run stands: it takes longer than all else on the page, and a run is looked at twice a second."""
    seen, unseen = (_net.up(part[: health.SUBSET], _net.depth - 1) for part in (_data.train_images, _data.test_images))
    return health.checkup(_net.top.marginal, seen, unseen, stands[0], ratio)


def measured(progress: Progress) -> None:
    """A chart for every group of measures that the run took."""
    groups = charts.measures(progress.history)
    updates = groups.pop("updates", None)
    if charts.too_few_chains(progress.history):
        st.warning(
            "The model is too far from what annealing reaches in its short time: too few chains count to estimate the "
            "log-likelihood, so only its bounds are shown. `rbm evaluate --schedule full` takes minutes, and may tell "
            "more.",
            icon=":material/straighten:",
        )
    if (epoch := charts.lost_trajectory(progress.history)) is not None:
        st.info(
            f"By epoch {epoch} the chains had lost the log-likelihood: fewer than {likelihood.FEW} of them counted, "
            "for their steps are too large to follow. From there on it isn't drawn. A smaller learning rate, more "
            "chains or *Centre the gradient* keep it longer; **AIS bracket** measures it anew.",
            icon=":material/route:",
        )
    if groups:
        with st.grid(2, min_column_width=300):
            for name, chart in groups.items():
                show.chart(chart, key=f"measure_{name}")
    if updates is not None:
        with st.expander("Update sizes, epoch by epoch"):
            show.chart(updates, key="measure_updates")
