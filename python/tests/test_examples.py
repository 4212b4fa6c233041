# SPDX-License-Identifier: MIT
"""Each example of docs/python-guide.md prints the output in the guide, on each framework that it is for.

What they print is in examples/python/expected; `tools/python.sh update` writes it anew.
"""

import http.cookiejar
import http.server
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import expected

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "python"
EXPECTED = EXAMPLES / "expected"
DNS_SERVER = Path(__file__).parent / "support" / "dns_server.py"

EACH = ("asyncio", "uvloop", "twisted")
ON_EACH = (
    "as_future async_function batched bunny callbacks cancelling eventual_result explicit_loop failures fields "
    "gathering multiloop overview selecting test_reminder timers unit_testing"
)
RUNS = [
    *((name, framework) for name in ON_EACH.split() for framework in EACH),
    *(("failure_idiom", framework, level) for framework in ("asyncio", "twisted") for level in ("info", "debug")),
    ("explicit_loop", "clock"),
    ("no_setup_asyncio", "asyncio"),
    ("no_setup_asyncio", "uvloop"),
    *((name,) for name in "blocking_library legacy_stdlib legacy_twisted no_setup own_logging_stdlib".split()),
    *((name,) for name in "own_logging_twisted retry_on_asyncio retry_on_twisted".split()),
]
# Files that other tests here run, and files that are not programs.
ELSEWHERE = {"blocking_dns", "blocking_dns_asyncio", "downloader", "loops", "reminder", "retry", "test_on_every_framework"}


def environment():
    return {**os.environ, "PYTHONNODEBUGRANGES": "1", "TZ": "UTC"}


def run(name, *arguments, to=subprocess.PIPE):
    """An example's exit status, its output unless that goes to a file, and its standard error."""
    command = [sys.executable, EXAMPLES / f"{name}.py", *arguments]
    done = subprocess.run(command, env=environment(), text=True, stdout=to, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout, done.stderr


def comparable(text):
    """Removes the parts that differ between runs and between machines."""
    text = text.replace(f"{ROOT}/", "")
    text = re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} ", "2016-01-21T01:02:03-0100 ", text, flags=re.MULTILINE)
    text = re.sub(r"0x[0-9a-f]+", "0x7f5334dcf9c0", text)
    return re.sub(r"\bid=\d+", "id=4711", text)


def expected_file(name, *arguments):
    """The framework's file; otherwise asyncio's for uvloop; otherwise the common one."""
    for tried in (arguments, ["asyncio" if each == "uvloop" else each for each in arguments]):
        path = EXPECTED / f"{'.'.join([name, *tried])}.txt"
        if path.exists():
            return path
    return EXPECTED / f"{name}.txt"


@pytest.mark.parametrize("arguments", RUNS, ids="-".join)
def test_an_example_prints_the_output_in_the_guide(arguments, tmp_path):
    status, output, complaints = run(*arguments)
    assert (status, output != "") == (0, True), output + complaints
    assert "Traceback" not in complaints and "Unhandled" not in complaints, complaints
    expected.require(expected_file(*arguments), comparable(output))
    if "uvloop" in arguments:  # it prints what asyncio does
        return
    with (tmp_path / "output").open("w+") as file:
        status, _, complaints = run(*arguments, to=file)
        file.seek(0)
        assert (status, comparable(file.read())) == (0, comparable(output)), complaints


def test_every_example_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {arguments[0] for arguments in RUNS} | ELSEWHERE


def test_every_expected_output_belongs_to_a_run():
    runs = {expected_file(*arguments) for arguments in RUNS}
    runs |= {EXPECTED / f"{name}.txt" for name in ("blocking_dns", "blocking_dns_asyncio")}
    assert set(EXPECTED.iterdir()) == runs


# ---- DNS


@pytest.fixture(scope="module")
def dns_server():
    """HOST:PORT of a server that knows only the name known.example."""
    process = subprocess.Popen([sys.executable, DNS_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield f"127.0.0.1:{process.stdout.readline().strip()}"
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [("asyncio",), ("uvloop",), ("--server",)], ids=["asyncio", "uvloop", "twisted"])
def test_a_blocking_lookup_gives_an_address_or_raises(dns_server, arguments):
    name = "blocking_dns" if arguments == ("--server",) else "blocking_dns_asyncio"
    status, output, complaints = run(name, *arguments, dns_server, "known.example", "unknown.example")
    assert status == 1, output + complaints
    expected.require(EXPECTED / f"{name}.txt", comparable(output + complaints))


# ---- the downloader


class Site(http.server.ThreadingHTTPServer):
    """A site on loopback that delays its answers until ``go`` is set, and counts the requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.asked = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        with self.server.lock:
            self.server.asked += 1
        self.server.go.wait(60)
        found = self.path == "/page"
        body = b"the page" if found else b"nothing"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keeps this out of the test's output."""


@pytest.fixture
def site():
    site = Site()
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site
    site.go.set()
    site.shutdown()
    site.server_close()
    thread.join()


@contextmanager
def downloader(framework, url):
    """The address of the example, which downloads `url`."""
    command = [sys.executable, EXAMPLES / "downloader.py", framework, url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Browser:
    """A visitor with their own session."""

    def __init__(self, address):
        self._address = address
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def load(self):
        try:
            with self._opener.open(self._address, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def load_until_done(self):
        """Loads until the answer is not 'later'; each load waits for the page itself."""
        end = time.monotonic() + 60
        while (answer := self.load())[0] == 202 and time.monotonic() < end:
            pass
        return answer


@pytest.mark.parametrize("framework", EACH)
def test_each_session_downloads_once_in_the_background(site, framework):
    with downloader(framework, site.url + "page") as address:
        first, second = Browser(address), Browser(address)
        later = (202, "It is coming. Load this page again.")
        assert [first.load(), second.load(), first.load(), second.load()] == [later] * 4
        site.go.set()
        assert first.load_until_done() == (200, "the page")
        assert second.load_until_done() == (200, "the page")
        assert site.asked == 2


@pytest.mark.parametrize("framework", EACH)
def test_a_failed_download_is_reported_as_failed(site, framework):
    site.go.set()
    with downloader(framework, site.url + "missing") as address:
        assert Browser(address).load_until_done() == (502, "The download has failed.")
