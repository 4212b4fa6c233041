# SPDX-License-Identifier: MIT
"""What does a log line that start_logging writes to a file cost? Usage: lines.py original|interloop|bare FRAMEWORK

Prints seconds, as JSON: the median of some runs. bare: only a handler of `logging`, or an observer of Twisted.
"""

import json
import logging
import statistics
import sys
import tempfile
import time

LINES, RUNS = 5_000, 9


def begin_bare(framework, out):
    if framework == "twisted":
        from twisted.logger import Logger, globalLogBeginner, textFileLogObserver

        globalLogBeginner.beginLoggingTo([textFileLogObserver(out)], redirectStandardIO=False)
        log = Logger()
        return lambda i: log.info("request {number} from {peer}", number=i, peer="localhost")
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    log = logging.getLogger("bench")
    return lambda i: log.info("request %d from %s", i, "localhost")


def begin(side, framework, out):
    if side == "original":
        import txaio
    else:
        from interloop import txaio
    (txaio.use_twisted if framework == "twisted" else txaio.use_asyncio)()
    log = txaio.make_logger()
    txaio.start_logging(out=out, level="info")
    return lambda i: log.info("request {number} from {peer}", number=i, peer="localhost")


def main():
    side, framework = sys.argv[1:]
    printed = sys.stdout  # which Twisted redirects
    with tempfile.TemporaryFile("w+") as out:
        write = begin_bare(framework, out) if side == "bare" else begin(side, framework, out)
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            for i in range(LINES):
                write(i)
            times.append((time.perf_counter() - start) / LINES)
        out.flush()
        out.seek(0)
        written = out.read().count("request")
    if written != LINES * RUNS:
        sys.exit(f"{written} lines instead of {LINES * RUNS}")
    print(json.dumps(statistics.median(times)), file=printed)


if __name__ == "__main__":
    main()
