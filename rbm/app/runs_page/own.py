"""The table of a browser's runs, and what its owner can do with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import streamlit as st

from rbm.app import charts, data_sets, deep_nets, layer_on_top, twin, visitor
from rbm.app.current_model import use
from rbm.app.current_run import named, watch
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.record import Run

_UNDO = "deleted_run"


def table(runs: list[Run]) -> list[Run]:
    """The runs, a line each; those that are ticked. A table whose lines change forgets its ticks, so they are kept."""
    titles = {name: data_sets.title(name) for name in {run.data for run in runs}}
    names, tower = {run.id: run.name for run in runs}, deep_nets.in_order(runs)
    lines = [_line(run, titles[run.data], _name(run, depth, names)) for run, depth in tower]
    runs = [run for run, _ in tower]
    ticked: list[str] = st.session_state.get(twin.TICKED, [])
    chosen = st.dataframe(
        lines,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [row for row, run in enumerate(runs) if run.id in ticked]}},
        key=f"runs_table_{crc32(repr(lines).encode())}_{st.session_state.get(twin.TABLE, 0)}",
        column_config={
            "name": st.column_config.TextColumn(width=210),
            "held_out": st.column_config.NumberColumn("held-out error", format="%.2f", width=105),
            "log-likelihood": st.column_config.TextColumn(width=105),
            "epochs": st.column_config.TextColumn(width=85),
            "hidden": st.column_config.NumberColumn(width=65),
            "method": st.column_config.TextColumn(width=85),
            "data": st.column_config.TextColumn(width=95),
            "seconds": st.column_config.NumberColumn("time (s)", format="%.0f", width=70),
            "error": st.column_config.NumberColumn("training error", format="%.2f"),
            "started": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
        },
    )
    found = [runs[row] for row in chosen.selection.rows if row < len(runs)]
    st.session_state[twin.TICKED] = [run.id for run in found]
    return found


def _name(run: Run, depth: int, names: dict[str, str]) -> str:
    """Layers follow the one that they stand on, indented; of a name that is that one's but for its number, the rest."""
    pin, name = "📌 " if run.pinned else "", run.name
    if run.below:
        below = names.get(run.below, "a layer that is gone")
        tower = below.rpartition(", layer ")[0] or below
        name = f"↳ on {below}: {name.removeprefix(f'{tower}, ')}"
    return "\u2003" * depth + pin + name


def _line(run: Run, data: str, name: str) -> dict[str, Any]:
    config = run.config
    return {
        "name": name,
        "held_out": run.validation_error,
        "log-likelihood": _bracket(run),
        "epochs": f"{run.epoch} of {config.epochs}",
        "hidden": config.n_hidden,
        "method": config.method,
        "data": data,
        "seconds": run.seconds,
        "error": run.training_error,
        "status": run.status,
        "started": datetime.fromtimestamp(run.created, tz=UTC),
    }


def _bracket(run: Run) -> str:
    """The last measured likelihood: exact, or AIS with its error, or its bounds where that is all that is known."""
    if not {"ais", "exact"} & set(run.measures):
        return ""
    for point in reversed(lab().progress(run.id).history):
        found = point.measures
        if "exact_log_likelihood" in found:
            return f"{found['exact_log_likelihood']:.1f}"
        if "ais" in found:
            return f"{found['ais']:.2f} ± {found['ais_error']:.2f}"
        if "ais_lower" in found:
            low, high = charts.bounds(point)
            return f"{low:.1f} to {high:.1f}"
    return ""


def actions(run: Run) -> None:
    """What can be done with one run of one's own."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        use_it = "Use its layer on the pixels" if run.below else "Use this model"
        if st.button(use_it, type="primary", icon=":material/check:"):
            _try(lambda: use(named(run, lab().progress(run.id))))
        if st.button("Show on Train", icon=":material/monitoring:"):
            watch(run.id)
            st.switch_page("pages/train.py")
        for other in (twin, layer_on_top):
            try:
                if other.offer(run):
                    st.rerun()
            except Refused as error:
                st.error(plain(other.refusal(error)))
        if run.below:
            layer_on_top.deep_link()
        pin = "Unpin" if run.pinned else "Pin"
        if st.button(pin, icon=":material/push_pin:", help="A pinned run is never removed to make room."):
            _try(lambda: lab().pin(visitor.key(), run.id, not run.pinned))
        if st.button("Delete", icon=":material/delete:"):
            _try(lambda: _delete(run))
        download(run)
    with st.form("rename", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", run.name, max_chars=60, width=320)
        if st.form_submit_button("Rename"):
            _try(lambda: lab().rename(visitor.key(), run.id, name))
    link(run)


def _delete(run: Run) -> None:
    lab().delete(visitor.key(), run.id)
    st.session_state[_UNDO] = run.id


def link(run: Run) -> None:
    server = str(st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    address = f"{server}/runs?run={run.id}"
    st.caption("Whoever has this link can look at the run, and change nothing:")
    st.code(address, language=None, wrap_lines=True)


def download(run: Run) -> None:
    """The run as a zip, made when it is asked for."""
    try:
        model = lab().progress(run.id).model
    except Refused:
        return
    if model is not None:
        st.download_button(
            "Download as zip",
            data=lambda: lab().export(run.id),
            file_name=f"rbm-run-{run.id[:6]}.zip",
            mime="application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            help="Model, configuration, metrics as CSV, and a README that reloads it in Python.",
        )


def take_home() -> None:
    """What is true of the disk, and all runs as one zip."""
    st.caption(
        "How long runs are kept depends on the server's disk. On Streamlit Community Cloud an app sleeps after hours "
        "without visitors, and its disk is not promised to last: take home what you want to keep."
    )
    st.download_button(
        "Take your runs home",
        data=lambda: lab().export_all(visitor.key()),
        file_name="rbm-runs.zip",
        mime="application/zip",
        icon=":material/home_storage:",
        on_click="ignore",
        help="The newest runs that have a model, as many as 64 MB hold, each a zip that can be imported here again.",
    )


def undo() -> None:
    """After a deletion, until something else is done: bring it back."""
    deleted = st.session_state.get(_UNDO)
    if deleted and st.button("Undo the deletion", icon=":material/undo:"):
        del st.session_state[_UNDO]
        _try(lambda: lab().undelete(visitor.key(), deleted))


def import_run() -> None:
    """Import a run that was downloaded as a zip."""
    uploaded = st.file_uploader("Import a run", type="zip", max_upload_size=20, help="A zip downloaded from this page.")
    if uploaded is None or st.session_state.get("seen_run_upload") == uploaded.file_id:
        return
    try:
        lab().import_run(visitor.key(), uploaded)
    except Refused as error:
        st.error(f"{plain(uploaded.name)} was not imported: {plain(error)}")
    else:
        st.session_state["seen_run_upload"] = uploaded.file_id
        st.rerun()


def warn_of_removals() -> None:
    """Say which runs the next start removes, before it does."""
    leaving = lab().would_go(visitor.key())
    if leaving:
        names = ", ".join(run.name for run in leaving[:3])
        st.warning(
            f"The next training that anybody starts removes {plain(names)}: the store is full, or they are older than "
            f"{lab().limits.max_days} days. Pin or download what you want to keep."
        )


def _try(action: Any) -> None:
    """Do it and draw the page anew; or say why not."""
    try:
        action()
    except Refused as error:
        st.error(plain(error))
    else:
        st.rerun()
