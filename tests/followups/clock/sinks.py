"""Real ends of real lines: a mail host and a chat host on this machine, that keep what they get and answer as told."""

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class MailHost(socketserver.ThreadingTCPServer):
    """Speaks enough of SMTP. `answers` gives another answer to a word (RCPT, END); `hangs` seconds before it greets."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Letter)
        self.letters, self.answers, self.hangs = [], {}, 0.0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def __exit__(self, *args):
        self.shutdown()
        super().__exit__(*args)


class _Letter(socketserver.StreamRequestHandler):
    def handle(self):
        time.sleep(self.server.hangs)
        self.say("220 sink")
        while line := self.rfile.readline():
            word = line[:4].strip().upper().decode()
            if word == "QUIT":
                return self.say("221 bye")
            if word == "DATA":
                self.say("354 go on")
                self.read()
                word = "END"
            self.say(self.server.answers.get(word, "250 ok"))
        return None

    def read(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server.letters.append(b"".join(lines))

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class ChatHost(ThreadingHTTPServer):
    """Takes what `json://` posts. `status` is its answer; `hangs` seconds before it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Post)
        self.posts, self.status, self.hangs = [], 200, 0.0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return f"json://127.0.0.1:{self.server_address[1]}/room"

    def __exit__(self, *args):
        self.shutdown()
        super().__exit__(*args)


class _Post(BaseHTTPRequestHandler):
    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.hangs)
        self.server.posts.append((said["title"], said["message"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass
