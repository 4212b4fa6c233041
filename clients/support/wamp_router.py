#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a real WAMP router, Crossbar, for tests, examples and benchmarks: on free ports of 127.0.0.1 and a Unix socket.

    wamp_router.py serve FOLDER [--peers]    until it is sent SIGTERM or SIGINT
    wamp_router.py start FILE [--peers]      in the background, until the process that called this ends, or `stop`
    wamp_router.py stop FILE

Both `serve` and `start` write where it listens, when it answers: FOLDER/addresses or FILE, a line for each name and its
value. A FOLDER in which it has run before gives it the same ports again. `--peers` runs wamp_peers.py as well.
`start` and `stop` do nothing where Crossbar is not installed.

The realm `open` lets everybody do everything, and discloses callers and publishers. The realm `guarded` is for the users
below; what is called `closed.…` is forbidden to them. Everything runs in a process group of its own, which is killed at
the end, like in a crash: the router keeps nothing.
"""

import argparse
import contextlib
import ctypes
import hashlib
import hmac
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = Path(os.environ.get("INTERLOOP_CROSSBAR", HERE.parents[1] / "build" / "crossbar")) / "bin" / "python"
START_SECONDS = 60
LARGEST = 16 * 1024 * 1024 - 1  # bytes of a message: as many as a RawSocket can have, less one
PORTS = ("tcp", "tls", "small")
SMALL = 4096  # the same for the port `small`
SERIALIZERS = ["cbor", "msgpack", "json"]

# The users of the realm `guarded`, whose names say how they authenticate, and what they need for it.
TICKET = "a ticket, valid for tests"
SECRET = "a secret of tests"
SALT, ITERATIONS = "salt of tests", 1000
# RFC 8032, 7.1, test 1.
PRIVATE_KEY = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SECRETS = {"ticket": TICKET, "secret": SECRET, "private_key": PRIVATE_KEY, "public_key": PUBLIC_KEY}


def scram_user() -> dict:
    """What the router keeps of a password: RFC 5802's StoredKey and ServerKey."""
    salted = hashlib.pbkdf2_hmac("sha256", SECRET.encode(), SALT.encode(), ITERATIONS, 32)

    def key(name: bytes) -> bytes:
        return hmac.digest(salted, name, "sha256")

    return {"kdf": "pbkdf2", "iterations": ITERATIONS, "memory": 0, "salt": SALT.encode().hex(), "role": "user",
            "stored-key": hashlib.sha256(key(b"Client Key")).hexdigest(), "server-key": key(b"Server Key").hex()}


# The same password by Argon2id. Autobahn|Python 26.10.2 made the key: autobahn.wamp.auth._hash_argon2id13_secret(SECRET,
# base64 of SALT, 4, 512); its derive_scram_credential takes 4096 rounds, a second.
ARGON2_USER = {"kdf": "argon2id-13", "iterations": 4, "memory": 512, "salt": SALT.encode().hex(), "role": "user",
               "stored-key": "711ec26be77d670c39e6dd952ad79fc9d1a0dc5a39a037c728f79252605c4812",
               "server-key": "813b3d2282260a67261821d957f2f625d227d3089b047e560c9efe5aeb965fb1"}


def authentication() -> dict:
    return {
        "anonymous": {"type": "static", "role": "anonymous"},
        "ticket": {"type": "static", "principals": {"ticket_user": {"ticket": TICKET, "role": "user"}}},
        "wampcra": {"type": "static", "users": {
            "wampcra_user": {"secret": SECRET, "role": "user"},
            "salted_user": {"secret": SECRET, "salt": SALT, "iterations": ITERATIONS, "keylen": 32, "role": "user"}}},
        "scram": {"type": "static", "principals": {"scram_user": scram_user(), "argon2_user": ARGON2_USER}},
        "cryptosign": {"type": "static", "principals": {
            "cryptosign_user": {"authorized_keys": [PUBLIC_KEY], "realm": "guarded", "role": "user"}}},
    }


def permission(uri: str, allowed: bool) -> dict:
    return {"uri": uri, "match": "prefix", "cache": True, "disclose": {"caller": True, "publisher": True},
            "allow": {what: allowed for what in ("call", "register", "publish", "subscribe")}}


def transport(endpoint: dict, largest: int = LARGEST) -> dict:
    """RawSocket, and WebSocket under the path /ws, at the same address."""
    common = {"serializers": SERIALIZERS, "auth": authentication()}
    return {"type": "universal", "endpoint": endpoint,
            "rawsocket": common | {"options": {"max_message_size": largest}},
            "websocket": {"ws": common | {"type": "websocket", "options": {
                "max_frame_size": largest, "max_message_size": largest, "enable_webstatus": False,
                "tcp_nodelay": True, "open_handshake_timeout": 60000}}}}


def node(addresses: dict[str, str], worker: dict) -> dict:
    tls = {"key": addresses["folder"] + "/server.key", "certificate": addresses["folder"] + "/server.pem"}
    local = {"type": "tcp", "interface": "127.0.0.1", "backlog": 1024}
    endpoints = [local | {"port": int(addresses["tcp"])}, local | {"port": int(addresses["tls"]), "tls": tls},
                 {"type": "unix", "path": addresses["unix"], "backlog": 1024}]
    realms = [{"name": "open", "roles": [{"name": "anonymous", "permissions": [permission("", True)]}]},
              {"name": "guarded", "roles": [{"name": "user", "permissions": [permission("", True),
                                                                            permission("closed.", False)]}]}]
    transports = [transport(each) for each in endpoints]
    transports.append(transport(local | {"port": int(addresses["small"])}, SMALL))
    return {"version": 2, "controller": {"id": "controller"}, "workers": [
        {"type": "router", "id": "router", "options": worker, "realms": realms, "transports": transports}]}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(file: Path) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in file.read_text().splitlines())


def write(file: Path, addresses: dict[str, str]) -> None:
    part = file.with_suffix(".part")
    part.write_text("".join(f"{name} {value}\n" for name, value in addresses.items()))
    part.replace(file)


def answers(addresses: dict[str, str]) -> bool:
    def accepts(family: int, address: object) -> bool:
        with socket.socket(family) as probe:
            return probe.connect_ex(address) == 0

    return (accepts(socket.AF_UNIX, addresses["unix"]) and
            all(accepts(socket.AF_INET, ("127.0.0.1", int(addresses[each]))) for each in PORTS))


def make_certificates(folder: Path) -> None:
    """`authority.pem`, and `server.pem` and `server.key` for the name wamp.test and the address 127.0.0.1."""
    new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    commands = f"""set -e
        printf 'subjectAltName=DNS:wamp.test,IP:127.0.0.1' >names
        openssl req -x509 {new} -days 2 -subj /CN=authority -keyout authority.key -out authority.pem
        openssl req {new} -subj /CN=wamp.test -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \\
            -extfile names -out server.pem"""
    subprocess.run(["/bin/sh", "-c", commands], cwd=folder, check=True, capture_output=True)


def end_with_parent() -> None:
    """Runs in a child before its exec: the child then ends when this process does, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Router:
    """Crossbar and its folder. With `with`: both are gone at the end."""

    def __init__(self, folder: Path, interloop: Path | None = None) -> None:
        """With `interloop`, a folder with the Python package of that name, Crossbar runs on interloop's txaio."""
        self.folder = folder
        self.command = [str(PYTHON), *(("-m", "interloop") if interloop else ()), str(PYTHON.with_name("crossbar"))]
        self.environment = {**os.environ, **({"PYTHONPATH": str(interloop)} if interloop else {})}
        # Crossbar gives its worker another PYTHONPATH, so it must be told what makes the worker use interloop as well.
        self.worker = {"pythonpath": [str(interloop / "interloop" / "_site")]} if interloop else {}
        self.process: subprocess.Popen | None = None
        again = folder / "again"
        if again.exists():
            self.addresses = read(again)
            Path(self.addresses["unix"]).unlink(missing_ok=True)
            return
        self.addresses = {each: str(free_port()) for each in PORTS} | {
            "unix": str(folder / "wamp"), "folder": str(folder), "authority": str(folder / "authority.pem"), **SECRETS}
        make_certificates(folder)
        write(again, self.addresses)

    def __enter__(self) -> "Router":
        (self.folder / "config.json").write_text(json.dumps(node(self.addresses, self.worker)))
        self.log = self.folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*self.command, "start", "--cbdir", str(self.folder), "--loglevel", "warn"], cwd=self.folder,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=end_with_parent)
        self.addresses["group"] = str(self.process.pid)
        try:
            self.wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.addresses):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Crossbar did not start:\n" + self.log.read_text(errors="replace"))
            time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Peers:
    """wamp_peers.py beside a router: Autobahn|Python's callers, callees, publishers and subscribers."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def __enter__(self) -> "Peers":
        log = self.router.folder / "peers.log"
        ready, tell = os.pipe()
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [str(PYTHON), str(HERE / "wamp_peers.py"), json.dumps(self.router.addresses), str(tell)], pass_fds=[tell],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=end_with_parent)
        os.close(tell)
        with open(ready, "rb") as told:
            if told.read() != b"ready":
                self.__exit__()
                raise RuntimeError("the peers did not start:\n" + log.read_text(errors="replace"))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def serve(folder: Path, file: Path, peers: bool, until) -> None:
    """Runs it in `folder`, and writes `file` when it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    with Router(folder) as router:
        if peers:
            with Peers(router):
                write(file, router.addresses | {"pid": str(os.getpid())})
                until()
        else:
            write(file, router.addresses | {"pid": str(os.getpid())})
            until()


def start(file: Path, peers: bool) -> int:
    """What `start` does. The process in the background lives as long as the one that has started this."""
    file.unlink(missing_ok=True)
    if not PYTHON.exists():
        print(f"Crossbar is not installed: no {PYTHON} (make setup)")
        return 0
    starter = os.pidfd_open(os.getppid())
    done, tell = os.pipe()
    if os.fork() > 0:
        os.close(tell)
        if not os.read(done, 1):
            print(file.with_suffix(".log").read_text(errors="replace"))
            return 1
        return 0
    os.setsid()
    log = os.open(file.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (0, 1, 2):
        os.dup2(log if number else os.open(os.devnull, os.O_RDONLY), number)

    def until() -> None:
        os.write(tell, b"1")
        os.close(tell)
        select.select([starter], [], [])

    folder = Path(tempfile.mkdtemp(prefix="interloop-wamp-"))
    try:
        serve(folder, file, peers, until)
    finally:
        file.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def stop(file: Path) -> int:
    if not file.exists():
        return 0
    try:
        process = os.pidfd_open(int(read(file)["pid"]))
    except ProcessLookupError:
        return 0
    signal.pidfd_send_signal(process, signal.SIGTERM)
    select.select([process], [], [])
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["serve", "start", "stop"])
    parser.add_argument("where", type=Path)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough: only the clean-up follows
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    if options.what == "start":
        return start(options.where.resolve(), options.peers)
    if options.what == "stop":
        return stop(options.where)
    folder = options.where.resolve()
    serve(folder, folder / "addresses", options.peers, signal.pause)
    return 0


if __name__ == "__main__":
    sys.exit(main())
