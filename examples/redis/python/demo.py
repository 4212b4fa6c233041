# SPDX-License-Identifier: MIT
"""The demonstration's work in Python: writes items, reads them back, checks each. One C++ client on any loop.

Usage: demo.py --loop asyncio|uvloop|twisted --port PORT [--commands N] [--window N] [--seed N]
Prints the line that the C++ programs print, for the same table.
"""

import argparse
import sys
import time

import interloop_redis


class Measurement:
    def __init__(self, options):
        self.items = iter(range(options.commands // 2))
        self.wanted = options.commands // 2 * 2
        self.seed = options.seed
        self.latencies = []
        self.failed = self.wrong = 0
        self.first_failure = None
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def report(self, loop):
        took, cpu = self.end - self.start, time.process_time() - self.cpu
        count = max(len(self.latencies), 1)
        ordered = sorted(self.latencies) or [0.0]
        p50, p99 = (ordered[min(len(ordered) - 1, len(ordered) * part // 100)] * 1e6 for part in (50, 99))
        print(
            f"loop={loop} style=await done={len(self.latencies)} failed={self.failed} wrong={self.wrong} "
            f"per_second={count / max(took, 1e-9):.0f} p50_us={p50:.1f} p99_us={p99:.1f} cpu_us={cpu * 1e6 / count:.2f}"
        )
        if self.first_failure:
            print(f"first failure: {self.first_failure}", file=sys.stderr)
        return 0 if not self.failed and not self.wrong and len(self.latencies) == self.wanted else 1


async def lane(client, measured):
    """Has one command in flight at a time."""
    clock, done = time.perf_counter, measured.latencies.append
    for number in measured.items:
        key, value = f"key:{number}", b"%d\0%d" % (measured.seed, number)
        try:
            sent = clock()
            stored = await client.command("SET", key, value)
            done(clock() - sent)
            sent = clock()
            got = await client.command("GET", key)
            done(clock() - sent)
            measured.wrong += (stored != b"OK") + (got != value)
        except (interloop_redis.RedisError, ConnectionError, RuntimeError) as error:
            measured.failed += 1
            measured.first_failure = measured.first_failure or error


async def work(options, gather, measured):
    client = interloop_redis.Client()
    await client.connect("127.0.0.1", options.port)
    measured.start = time.perf_counter()
    await gather([lane(client, measured) for _ in range(options.window)])
    measured.end = time.perf_counter()
    client.close()


def on_asyncio(options, measured):
    import asyncio

    async def main():
        async def gather(lanes):
            await asyncio.gather(*lanes)

        await work(options, gather, measured)

    factory = None
    if options.loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


def on_twisted(options, measured):
    from twisted.internet.defer import ensureDeferred, gatherResults
    from twisted.internet.task import react

    def gather(lanes):
        return gatherResults([ensureDeferred(each) for each in lanes])

    try:
        react(lambda reactor: ensureDeferred(work(options, gather, measured)))
    except SystemExit as ended:
        if ended.code:
            raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loop", choices=["asyncio", "uvloop", "twisted"], required=True)
    parser.add_argument("--style", choices=["await"])
    for name, default in (("port", 6379), ("commands", 100_000), ("window", 64), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    measured = Measurement(options)
    (on_twisted if options.loop == "twisted" else on_asyncio)(options, measured)
    return measured.report(options.loop)


if __name__ == "__main__":
    sys.exit(main())
