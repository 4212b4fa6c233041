# SPDX-License-Identifier: MIT
"""The clients as Python modules, each on each loop, with real servers. (Redis has a test of its own.)"""

import os
import subprocess
import sys

import pytest
from support import extension, originals, servers

SOURCE = originals.ROOT / "examples" / "python" / "clients"
DNS = """\
www.example -> 192.0.2.1
mail.example -> 192.0.2.25
mail of example -> mail.example priority 10
to connect to -> ('192.0.2.25', 25)
text of example -> some text
nowhere.example: Domain name not found
1,000 at once -> 1000 right
"""
HTTP = """\
GET -> 200 a page text/plain
missing -> 404
POST -> some text
a stream -> 100000 lines
300 at once -> 300 right
nobody listens -> HttpError
no answer -> TookTooLong
"""
POSTGRES = """\
ink 3 None
pens 100 \\x00
refused: check constraint "stock_count_check"
pens [('93',)]
1,000 in flight -> 1000 right
closed -> ConnectionLost
"""


@pytest.fixture(scope="session", params=["dns", "http", "postgres"])
def client(request):
    """(program, its server's place, what it prints). Skips if the client's library or the server is not installed."""
    modules = extension.folder(SOURCE)
    if not list(modules.glob(f"interloop_{request.param}.*")):
        pytest.skip(f"the library of the {request.param} client is not installed")
    made = {
        "dns": lambda: servers.dns(
            "--address=/www.example/192.0.2.1",
            "--address=/mail.example/192.0.2.25",
            "--mx-host=example,mail.example,10",
            "--txt-record=example,some text",
        ),
        "http": servers.pages,
        "postgres": servers.postgres,
    }
    with made[request.param]() as place:
        yield request.param, place, {"dns": DNS, "http": HTTP, "postgres": POSTGRES}[request.param]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop", "twisted"])
def test_it_does_what_it_does_in_cpp(client, loop):
    name, place, expected = client
    done = subprocess.run(
        [sys.executable, SOURCE / f"{name}_demo.py", loop, place],
        env={**os.environ, "PYTHONPATH": str(extension.folder(SOURCE))},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, expected)
