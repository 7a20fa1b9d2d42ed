"""A real HTTP server on loopback that serves files as it is told to: whole, cut off, late, endlessly."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

Trick = Callable[["Handler", bytes], None]


class Server(ThreadingHTTPServer):
    """`files`: path -> bytes. `tricks`: path -> what to do instead, one a request, then all is well."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.tricks: defaultdict[str, deque[Trick]] = defaultdict(deque)
        self.asked: list[str] = []
        self.over = threading.Event()

    def server_bind(self) -> None:
        """Without the look-up of this machine's name, which may take its time."""
        TCPServer.server_bind(self)
        self.server_port = self.server_address[1]

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        waiting = self.server.tricks[self.path]
        trick = waiting.popleft() if waiting else serve
        with suppress(OSError):  # the client has had enough
            trick(self, self.server.files.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        """A test prints nothing."""

    def head(self, code: int = 200, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.flush()


def serve(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length=str(len(data)))
    handler.wfile.write(data)


def status(code: int) -> Trick:
    return lambda handler, data: handler.head(code, Content_Length="0")


def redirect(to: str) -> Trick:
    return lambda handler, data: handler.head(302, Location=to, Content_Length="0")


def redirect_talkatively(to: str) -> Trick:
    """With a body that never ends, which nobody asked for."""

    def talk(handler: Handler, data: bytes) -> None:
        handler.head(302, Location=to)
        while not handler.server.over.is_set():
            handler.wfile.write(bytes(2**16))

    return talk


def truncate(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length=str(len(data)))
    handler.wfile.write(data[: len(data) // 2])


def truncate_unannounced(handler: Handler, data: bytes) -> None:
    handler.head()
    handler.wfile.write(data[: len(data) // 2])


def alter(handler: Handler, data: bytes) -> None:
    serve(handler, data[:-1] + bytes([data[-1] ^ 1]))


def empty(handler: Handler, data: bytes) -> None:
    serve(handler, b"")


def stall(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length=str(len(data)))
    handler.wfile.write(data[:10])
    handler.wfile.flush()
    handler.server.over.wait()


def silence(handler: Handler, data: bytes) -> None:
    handler.server.over.wait()


def trickle(handler: Handler, data: bytes) -> None:
    """A byte now and then: never so late that a read times out."""
    handler.head(Content_Length=str(len(data)))
    for byte in data:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if handler.server.over.wait(0.02):
            return


def endless(handler: Handler, data: bytes) -> None:
    handler.head()
    while not handler.server.over.is_set():
        handler.wfile.write(bytes(2**16))


def boast(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length=str(2**40))
    handler.wfile.write(bytes(100))
    handler.server.over.wait()


def babble(handler: Handler, data: bytes) -> None:
    handler.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")


def odd_length(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length="many")
    handler.wfile.write(data)


def bad_chunks(handler: Handler, data: bytes) -> None:
    handler.head(Transfer_Encoding="chunked")
    handler.wfile.write(b"zz\r\nnot a length\r\n")


def false_encoding(handler: Handler, data: bytes) -> None:
    handler.head(Content_Length=str(len(data)), Content_Encoding="deflate")
    handler.wfile.write(data)


@contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
