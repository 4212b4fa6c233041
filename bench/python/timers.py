# SPDX-License-Identifier: MIT
"""What do a batched timer's calls cost, and cancelling them? (pyperf; --framework NAME)"""

import pyperf
from frameworks import NAMES, Setting

CALLS = 100_000
CANCELLED = {"original": 300, "interloop": CALLS}  # the original's take 0.1 ms each


def nothing():
    pass


def fill(timer, calls):
    return [timer.call_later(1 + i % 15, nothing) for i in range(calls)]


def setting_up(api):
    def run(loops):
        total = 0.0
        for _ in range(loops):
            timer = api.make_batched_timer(1)
            start = pyperf.perf_counter()
            made = fill(timer, CALLS)
            total += pyperf.perf_counter() - start
            drop(timer, made)
        return total

    return run


def drop(timer, made):
    """Cancels all, from the front of each bucket, which the original finds at once."""
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


def main():
    runner = pyperf.Runner(processes=1, values=2, warmups=0, loops=1,
                           add_cmdline_args=lambda command, args: command.extend(["--framework", args.framework]))
    runner.argparser.add_argument("--framework", choices=NAMES, default="asyncio")
    setting = Setting(runner.parse_args().framework)
    for side, api in setting.apis.items():
        runner.bench_time_func(f"{setting.framework} batched_call_later {side}", setting_up(api), inner_loops=CALLS)
        count = CANCELLED[side]
        runner.bench_time_func(f"{setting.framework} batched_cancel {side}", cancelling(api, count), inner_loops=count)


if __name__ == "__main__":
    main()
