"""A mail host that keeps what it is given, and refuses or hangs up where the address says so.

`busy@` is refused with 451 for now, `gone@` with 550 for good, `drop@` loses the line in the middle of DATA. Once
`well` is set it takes everything.
"""

import re
import socketserver
import threading
from collections import Counter
from contextlib import suppress


class Talk(socketserver.StreamRequestHandler):
    """One conversation, of the commands that a client of the standard library says."""

    address = ""

    def handle(self) -> None:
        with suppress(ConnectionError):  # the line is harmed on purpose
            self.say("220 sink")
            for raw in self.rfile:
                if not self.answer(raw.decode("utf-8", "replace").strip()):
                    return

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def answer(self, line: str) -> bool:
        verb = line[:4].upper()
        if verb == "RCPT":
            self.address = re.search(r"<(.+)>", line)[1]
            self.say(self.server.sink.reply_to(self.address))
        elif verb == "DATA":
            return self.take()
        else:
            self.say({"QUIT": "221 bye", "EHLO": "250 sink"}.get(verb, "250 ok"))
        return verb != "QUIT"

    def take(self) -> bool:
        sink = self.server.sink
        self.say("354 go on")
        lines = []
        while (raw := self.rfile.readline()) and raw.rstrip(b"\r\n") != b".":
            lines.append(raw.decode("utf-8", "replace"))
            if not sink.well and self.address.startswith("drop"):
                return False
        if not raw:
            return False
        sink.kept.append("".join(lines))
        self.say("250 kept")
        return True


class Sink:
    def __init__(self) -> None:
        self.kept: list[str] = []
        self.tried: Counter[str] = Counter()
        self.well = False
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.server.daemon_threads = True
        self.server.sink = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def reply_to(self, address: str) -> str:
        self.tried[address] += 1
        if self.well:
            return "250 ok"
        return {"busy": "451 try later", "gone": "550 no such person"}.get(address.partition("@")[0][:4], "250 ok")

    def ids(self) -> Counter[str]:
        """How often each Message-ID was kept."""
        return Counter(re.search(r"(?mi)^Message-ID: (<.+>)", text)[1] for text in self.kept)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
