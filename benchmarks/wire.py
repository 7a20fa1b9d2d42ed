"""A browser's tab without the browser: Streamlit's websocket protocol, as far as filling a form takes.

It does what the page's own code does: it keeps what is shown, reruns fragments as often as it is asked to,
and sends what was typed. It draws nothing, and fetches no pictures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ButtonGroup_pb2 import ButtonGroup
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

FORM = ("number_input", "selectbox", "button", "button_group")  # the kinds of widgets that a tab can use
WORDS = {"alert": "body", "markdown": "body", "progress": "text", "heading": "body", "exception": "message"}


class Shown(NamedTuple):
    """An element on the page, and which run of the script, of which fragment of it, has put it there."""

    element: Element
    run: str
    fragment: str


class Tab:
    """One session of the app. Made by `opened`."""

    def __init__(self, connection: ClientConnection, page: str, query: str = "") -> None:
        self._connection = connection
        self._state = ClientState(page_name=page, query_string=query)
        self._typed: dict[str, WidgetState] = {}
        self._shown: dict[tuple[int, ...], Shown] = {}
        self._run, self._fragments = "", frozenset[str]()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())
        self.busy = True

    # ---- what the person at it does

    async def press(self, label: str, **typed: object) -> None:
        """Press a button of the form; `typed` are its fields, by the key of their widget."""
        for key, value in typed.items():
            self._type(key, value)
        button = next(e.button for e in self.elements("button") if e.button.label == label)
        await self._send("", WidgetState(id=button.id, trigger_value=True))

    async def choose(self, key: str, option: str) -> None:
        """Take one of the options of a segmented control, by the key of its widget."""
        self._type(key, option)
        await self._send("")

    async def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for what the page shall show. Raises TimeoutError, and ConnectionError if the server hangs up."""
        async with asyncio.timeout(seconds):
            while not holds():
                if self._listener.done():
                    raise ConnectionError("the server has closed the connection") from self._listener.exception()
                self._news.clear()
                await self._news.wait()

    # ---- what the page shows

    def elements(self, *kinds: str) -> Iterator[Element]:
        return (one.element for one in self._shown.values() if one.element.WhichOneof("type") in kinds)

    @property
    def looking_again(self) -> frozenset[str]:
        """The parts of the page that run by a timer."""
        return frozenset(self._timers)

    def says(self, text: str, *kinds: str) -> bool:
        """Whether an element of these kinds (any, if none is named) has words with `text` in them."""
        return any(text in words for words in self.words(*kinds))

    def words(self, *kinds: str) -> list[str]:
        found = [(element.WhichOneof("type"), element) for element in self.elements(*(kinds or WORDS))]
        return [str(getattr(getattr(element, kind), WORDS[kind])) for kind, element in found]

    # ---- the protocol

    async def load(self) -> None:
        await self._send("")

    async def _send(self, fragment: str, *pressed: WidgetState) -> None:
        state = ClientState(fragment_id=fragment, is_auto_rerun=bool(fragment))
        state.MergeFrom(self._state)
        state.widget_states.widgets.extend([*self._typed.values(), *pressed])
        self.busy = True
        await self._connection.send(BackMsg(rerun_script=state).SerializeToString())

    def _type(self, key: str, value: object) -> None:
        kinds = ((e.WhichOneof("type"), e) for e in self.elements(*FORM))
        widget = next(found for kind, e in kinds if (found := getattr(e, kind)).id.endswith(f"-{key}"))
        if isinstance(widget, ButtonGroup):
            state = WidgetState(id=widget.id)
            state.string_array_value.data.append(str(value))
        elif not isinstance(widget, NumberInput):
            state = WidgetState(id=widget.id, string_value=str(value))
        elif widget.data_type == NumberInput.INT:
            state = WidgetState(id=widget.id, int_value=int(str(value)))
        else:
            state = WidgetState(id=widget.id, double_value=float(str(value)))
        self._typed[key] = state

    async def _listen(self) -> None:
        try:
            async for message in self._connection:
                assert isinstance(message, bytes)
                self._take(ForwardMsg.FromString(message))
                self._news.set()
        finally:
            self._news.set()

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._begin(message)
            case "navigation":
                self._state.page_script_hash = message.navigation.page_script_hash
            case "delta":
                self._show(message)
            case "auto_rerun":
                self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._stop(fragment)
            case "script_finished":
                self._finish(message)

    def _begin(self, message: ForwardMsg) -> None:
        self.busy = True
        self._run, self._fragments = message.metadata.run.script_run_id, frozenset(message.metadata.run.fragment_ids)
        if not self._fragments:
            for fragment in list(self._timers):
                self._stop(fragment)

    def _show(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") == "new_element":
            shown = Shown(message.delta.new_element, self._run, message.delta.fragment_id)
            self._shown[tuple(message.metadata.delta_path)] = shown

    def _finish(self, message: ForwardMsg) -> None:
        """Take away what this run should have drawn again and hasn't; but not if another follows at once."""
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self.busy = False
        self._shown = {
            path: one
            for path, one in self._shown.items()
            if one.run == self._run or (self._fragments and one.fragment not in self._fragments)
        }

    def _repeat(self, fragment: str, seconds: float) -> None:
        self._stop(fragment)
        self._timers[fragment] = asyncio.create_task(self._rerun(fragment, seconds))

    def _stop(self, fragment: str) -> None:
        if fragment in self._timers:
            self._timers.pop(fragment).cancel()

    async def _rerun(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._send(fragment)

    def close(self) -> None:
        for fragment in list(self._timers):
            self._stop(fragment)
        self._listener.cancel()


@asynccontextmanager
async def opened(url: str, page: str, cookie: str, seconds: float = 60, query: str = "") -> AsyncIterator[Tab]:
    """A tab that shows a page of the app at `url` (http://...), sent by a browser with this cookie.

    query: what its address has behind the question mark.
    """
    address = f"ws{url.removeprefix('http')}/_stcore/stream"
    headers = {"Cookie": cookie}
    connecting = connect(
        address,
        additional_headers=headers,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        open_timeout=seconds,
    )
    async with connecting as connection:
        tab = Tab(connection, page, query)
        try:
            await tab.load()
            await tab.until(lambda: not tab.busy, seconds)
            yield tab
        finally:
            tab.close()
