"""Addresses that others can open, and the picture that a phone reads them from."""

from __future__ import annotations

import io
import socket
from urllib.parse import urlencode, urlsplit

import numpy as np
import qrcode
import streamlit as st
from PIL import Image

from rbm.app import places
from rbm.app.pictures import Picture

PAGES = (*places.ALL, "lesson")  # an address may end with
HERE = ("localhost", "127.0.0.1", "::1")  # what a computer calls itself
_NOWHERE = ("192.0.2.1", 9)  # an address kept for examples
_DOT, _RIM = 8, 2  # pixels of a dot; dots around the code


def for_others() -> str | None:
    """Where others in the room find this lab; None where only this computer does."""
    parts = urlsplit(here())
    host = parts.hostname
    if host in HERE:
        host = None if st.get_option("server.address") in HERE else network_name()
    if not host:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def here() -> str:
    """Where this browser has found the lab, without the name of a page."""
    address = str(st.context.url or "").split("?")[0].rstrip("/")
    before, _, last = address.rpartition("/")
    return before if last in PAGES else address


def network_name() -> str | None:
    """This computer's number in its network; None without one. Nothing is sent: the system is asked for the way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if probe.connect_ex(_NOWHERE):
            return None
        found = str(probe.getsockname()[0])
    return None if found.startswith(("127.", "0.")) else found


def to_lesson(server: str, **query: str) -> str:
    return f"{server}/?{urlencode(query)}"


@st.cache_resource(max_entries=32, show_spinner=False)
def qr(address: str) -> Picture:
    """The address as a QR code, dark on white on either theme."""
    code = qrcode.QRCode(border=_RIM, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(address)
    code.make(fit=True)
    dots = np.where(np.array(code.get_matrix(), dtype=bool), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(dots.repeat(_DOT, axis=0).repeat(_DOT, axis=1)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), f"QR code of {address}")
