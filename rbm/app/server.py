"""What this server process has one of: the Lab, the images that visitors brought, the limits."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from rbm.datasets.own import OwnSets
from rbm.runs.lab import Lab, default_home
from rbm.runs.lessons import Lessons
from rbm.runs.limits import Limits, settings


def allowed() -> Limits:
    """What this server allows."""
    return settings(st.secrets if st.secrets.load_if_toml_exists() else {})


def library() -> OwnSets:
    """The library of this process."""
    return _library(str(default_home()))


@st.cache_resource(show_spinner=False)
def _library(home: str) -> OwnSets:
    limits = allowed()
    return OwnSets(Path(home), limits.max_uploads, limits.max_data_megabytes)


def lessons() -> Lessons:
    """The lessons of this process."""
    return _lessons(str(default_home()))


@st.cache_resource(show_spinner=False)
def _lessons(home: str) -> Lessons:
    return Lessons(Path(home), allowed().max_lessons)


def scheduler() -> str:
    """The address of a Dask scheduler that this server's settings name; "" where they name none."""
    secrets = st.secrets if st.secrets.load_if_toml_exists() else {}
    return str(os.environ.get("RBM_DASK") or secrets.get("RBM_DASK", "")).strip()


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """The trainings and the store of this process."""
    return Lab(limits=allowed(), load=library().load, dask=scheduler())
