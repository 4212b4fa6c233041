# SPDX-License-Identifier: MIT
"""What do calls of a batched timer cost, and what does cancelling them? (pyperf; --framework NAME)

Each in two workloads. Many calls in few buckets: 100,000 in 15, of which the last are cancelled, for which the original
searches longest; Python's garbage collector scans everything that is kept. And like timeouts of connections: 100,000
spread over a minute, without the collector; 60 calls per bucket, cancelled in random order.
"""

import gc
import random

import pyperf
from frameworks import NAMES, Setting

CALLS = 100_000
CANCELLED = {"original": 300, "interloop": CALLS}  # the original's take 0.1 ms each
A_BUCKET, BUCKETS = 60, 100


def nothing():
    pass


def fill(timer, calls, seconds=15):
    return [timer.call_later(1 + i % seconds, nothing) for i in range(calls)]


def setting_up(api, seconds, collects):
    def run(loops):
        total = 0.0
        for _ in range(loops):
            timer = api.make_batched_timer(1)
            if not collects:
                gc.disable()
            start = pyperf.perf_counter()
            made = fill(timer, CALLS, seconds)
            total += pyperf.perf_counter() - start
            gc.enable()
            drop(timer, made)
        return total

    return run


def drop(timer, made):
    """Cancels all, from the front of each bucket, where the original finds them at once."""
    for each in made:
        each.cancel()


def cancelling(api, count):
    def run(loops):
        total = 0.0
        for _ in range(loops):
            timer = api.make_batched_timer(1)
            made = fill(timer, CALLS)
            last = made[-count:]
            start = pyperf.perf_counter()
            for each in last:
                each.cancel()
            total += pyperf.perf_counter() - start
            drop(timer, made[:-count])
        return total

    return run


def cancelling_in_no_order(api):
    def run(loops):
        total = 0.0
        for number in range(loops):
            timer = api.make_batched_timer(1)
            made = fill(timer, A_BUCKET * BUCKETS, BUCKETS)
            random.Random(number).shuffle(made)
            start = pyperf.perf_counter()
            for each in made:
                each.cancel()
            total += pyperf.perf_counter() - start
        return total

    return run


def main():
    runner = pyperf.Runner(processes=1, values=2, warmups=0, loops=1,
                           add_cmdline_args=lambda command, args: command.extend(["--framework", args.framework]))
    runner.argparser.add_argument("--framework", choices=NAMES, default="asyncio")
    setting = Setting(runner.parse_args().framework)
    for side, api in setting.apis.items():
        for what, *how in (("batched_call_later", 15, True), ("batched_call_later_60s", 60, False)):
            runner.bench_time_func(f"{setting.framework} {what} {side}", setting_up(api, *how), inner_loops=CALLS)
        count = CANCELLED[side]
        runner.bench_time_func(f"{setting.framework} batched_cancel {side}", cancelling(api, count), inner_loops=count)
        what = f"{setting.framework} batched_cancel_60 {side}"
        runner.bench_time_func(what, cancelling_in_no_order(api), inner_loops=A_BUCKET * BUCKETS)


if __name__ == "__main__":
    main()
