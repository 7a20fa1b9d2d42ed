"""Whose runs these are: a random key that the browser keeps as a cookie. No account, no personal data.

The websocket's first message carries the browser's cookies, so a reload or a restarted server finds the key
again. Where cookies are refused the key lives as long as the session.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st

COOKIE = "rbm_owner"
_KEY = "owner_key"
_KEPT = re.compile(r"[A-Za-z0-9_-]{32,64}")

_keep = st.components.v2.component(
    "rbm_owner",
    js=f"""
export default function ({{ data }}) {{
  const secure = location.protocol === "https:" ? "; secure" : ""
  document.cookie = `{COOKIE}=${{data.key}}; path=/; max-age=31536000; samesite=lax${{secure}}`
}}
""",
)


def key() -> str:
    """The key of this browser: a secret, never to be shown or put into an address."""
    if _KEY not in st.session_state:
        cookie = str(st.context.cookies.get(COOKIE, ""))
        st.session_state[_KEY] = cookie if _KEPT.fullmatch(cookie) else secrets.token_urlsafe(32)
    return str(st.session_state[_KEY])


def remember() -> None:
    """Have the browser keep the key. Draws nothing; to be called at every run, below all that shows."""
    if st.context.cookies.get(COOKIE) != key():
        _keep(key="owner_cookie", data={"key": key()}, height=1)
