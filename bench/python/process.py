# SPDX-License-Identifier: MIT
"""How long does a process take to import txaio, and to end after its main thread? Prints seconds per side, as JSON."""

import json
import subprocess
import sys
import time

IMPORT = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
IMPORTS = {"original": "import txaio", "interloop": "import interloop.txaio"}
BARE = """
import threading, time
from twisted.internet import reactor
thread = threading.Thread(target=lambda: reactor.run(installSignalHandlers=False))
thread.start()
time.sleep(0.3)
print(time.time(), flush=True)
reactor.callFromThread(reactor.stop)
"""
CROCHET = """
import time
{}
crochet.setup()
@crochet.wait_for(timeout=5)
def call(): pass
call()
time.sleep(0.3)
print(time.time(), flush=True)
"""
ENDS = {
    "bare": BARE,
    "original": CROCHET.format("import crochet"),
    "interloop": CROCHET.format("from interloop import crochet"),
}


def output(program):
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


def until_exit(program):
    ended = output(program)
    return time.time() - ended


def main():
    times = {"import": {}, "exit": {}}
    for side, statement in IMPORTS.items():
        times["import"][side] = min(output(IMPORT.format(statement)) for _ in range(15))
    for side, program in ENDS.items():
        times["exit"][side] = min(until_exit(program) for _ in range(8))
    print(json.dumps(times))


if __name__ == "__main__":
    main()
