# SPDX-License-Identifier: MIT
"""Real servers for tests, on free ports of 127.0.0.1, which end with their `with` blocks. Not installed: skips."""

import contextlib
import http.server
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest


def program(*places):
    """The first of these programs that is installed; a place with a slash may be a pattern below /."""
    for place in places:
        found = sorted(Path("/").glob(place.lstrip("/"))) if "/" in place else [shutil.which(place)]
        if found and found[-1]:
            return str(found[-1])
    pytest.skip(f"{places[0]} is not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, ready, **options):
    """The process, when ready() is true."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        deadline = time.monotonic() + 60
        while not ready():
            assert process.poll() is None and time.monotonic() < deadline, command
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def dns(*options):
    """The address of a dnsmasq."""
    port = free_port()
    command = [program("dnsmasq", "/usr/sbin/dnsmasq"), "--no-daemon", "--conf-file=/dev/null", "--no-resolv"]
    command += ["--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--local=/example/", *options]

    def answers():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.05)
            with contextlib.suppress(OSError):
                probe.connect(("127.0.0.1", port))
                probe.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1")
                return probe.recv(512)[2] & 0x80  # not the question: the probe may have got this port, and hear itself

    with running(command, answers):
        yield f"127.0.0.1:{port}"


class _Pages(http.server.BaseHTTPRequestHandler):
    """/page, /lines, POST /echo; /never gives no answer while the server runs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    pages = {"/page": b"a page", "/lines": b"a line\n" * 100_000}
    ended = threading.Event()

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/never":
            self.close_connection = self.ended.wait()
            return
        self.answer(200 if self.path in self.pages else 404, self.pages.get(self.path, b""))

    def do_POST(self):
        self.answer(200, self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def pages():
    """The URL of an HTTP server."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads, request_queue_size = True, 200

    _Pages.ended.clear()
    with Server(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        _Pages.ended.set()
        server.shutdown()


@contextlib.contextmanager
def postgres():
    """A connection string. PostgreSQL refuses to run as root: then it runs as another user, to whom its folder belongs."""
    initdb = Path(program("/usr/lib/postgresql/*/bin/initdb"))
    user = None
    if os.geteuid() == 0:
        user = "postgres" if any(each.pw_name == "postgres" for each in pwd.getpwall()) else "nobody"
    with tempfile.TemporaryDirectory() as folder:
        options = {"cwd": folder}
        if user:
            shutil.chown(folder, user)
            options |= {"user": user, "extra_groups": []}
        data, port = f"{folder}/data", free_port()
        made = [initdb, "-D", data, "-U", "tester", "--auth=trust", "-N", "-E", "UTF8", "--no-locale"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **options)
        command = [initdb.with_name("postgres"), "-D", data, "-k", folder, "-p", str(port), "-c", "fsync=off"]
        ask = [initdb.with_name("pg_isready"), "-q", "-h", folder, "-p", str(port)]
        with running(command, lambda: subprocess.run(ask).returncode == 0, **options):
            yield f"host={folder} port={port} user=tester dbname=postgres"
