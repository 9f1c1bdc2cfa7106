"""A small TCP proxy that harms what goes through it: nothing arrives, everything late, half of it, or a reset."""

import contextlib
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

RESET = struct.pack("ii", 1, 0)
LATENCY = 2.0


@dataclass
class Line:
    """One connection through the proxy; a frozen one is never read again."""

    near: socket.socket
    far: socket.socket
    frozen: bool = False

    def cut(self) -> None:
        """As a router that forgot the connection: a reset to both ends."""
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.close()


@dataclass
class Proxy:
    """Listens on a port of its own and passes on to `port`, until told otherwise."""

    port: int
    mode: str = "pass"
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.door.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def of(self, address: str) -> str:
        """The same address, through here."""
        parts = urlsplit(address)
        return address.replace(f":{parts.port}/", f":{self.own_port}/")

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.door.accept()
                threading.Thread(target=self.serve, args=[near], daemon=True).start()

    def serve(self, near: socket.socket) -> None:
        try:
            line = Line(near, socket.create_connection(("127.0.0.1", self.port), timeout=5))
        except OSError:
            near.close()
            return
        line.frozen = self.mode == "hole"
        self.lines.append(line)
        with contextlib.suppress(OSError, ValueError):
            self.pump(line)
        if not line.frozen:
            for end in (line.near, line.far):
                end.close()
            self.lines.remove(line)

    def pump(self, line: Line) -> None:
        while True:
            ready = [] if line.frozen else select.select([line.near, line.far], [], [], 0.2)[0]
            if line.frozen:
                return
            for end in ready:
                data = end.recv(65536)
                if line.frozen:
                    return
                if not data:
                    return
                if self.mode == "slow":
                    time.sleep(LATENCY)
                (line.far if end is line.near else line.near).sendall(data)

    def hole(self, *, noticed_after: float | None = None) -> None:
        """What runs and what comes hears nothing any more, and is not told so, unless by the probes of both ends."""
        self.mode = "hole"
        self.freeze(noticed_after=noticed_after)

    def freeze(self, lines: list[Line] | None = None, *, noticed_after: float | None = None) -> None:
        """Half open: what runs hears nothing any more; who calls anew gets through.

        The kernel answers probes on behalf of this process, as a router that lost the connection would not: where both
        ends are known to probe, the line is cut for them after `noticed_after` seconds.
        """
        chosen = [*self.lines] if lines is None else lines
        for line in chosen:
            line.frozen = True
        if noticed_after is not None:
            threading.Timer(noticed_after, lambda: [line.cut() for line in chosen]).start()

    def slow(self) -> None:
        self.mode = "slow"

    def reset(self) -> None:
        for line in [*self.lines]:
            line.frozen = True
            line.cut()
        self.lines.clear()

    def heal(self) -> None:
        """New connections pass; those that went dead stay so, as in earnest."""
        self.mode = "pass"

    def close(self) -> None:
        self.door.close()
        self.reset()
