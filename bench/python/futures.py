# SPDX-License-Identifier: MIT
"""What do txaio's functions cost per future, beside the original and the bare framework? (pyperf; --framework NAME)"""

import pyperf
from frameworks import NAMES, Setting

BATCH = 100


def value():
    return 1


def ignore(result):
    return None


ERROR = ValueError("an error")


def through_txaio(api):
    """The operations through txaio's functions."""

    def create():
        api.create_future()

    def as_future():
        api.as_future(value)

    def resolve():
        future = api.create_future()
        api.add_callbacks(future, ignore, ignore)
        api.resolve(future, 1)

    def fail():
        api.add_callbacks(api.create_future_error(ERROR), None, ignore)

    def gather():
        futures = [api.create_future() for _ in range(1000)]
        api.gather(futures)
        for future in futures:
            api.resolve(future, 1)

    return {"create_future": create, "as_future": as_future, "resolve": resolve, "error": fail, "gather_1000": gather}


def bare_asyncio(loop):
    """The same by hand: callbacks that read the future's result."""
    import asyncio

    def done(future):
        try:
            ignore(future.result())
        except Exception as error:
            ignore(error)

    def create():
        loop.create_future()

    def as_future():
        loop.create_future().set_result(value())

    def resolve():
        future = loop.create_future()
        future.add_done_callback(done)
        future.set_result(1)

    def fail():
        future = loop.create_future()
        future.set_exception(ERROR)
        future.add_done_callback(done)

    def gather():
        futures = [loop.create_future() for _ in range(1000)]
        asyncio.gather(*futures, return_exceptions=True)
        for future in futures:
            future.set_result(1)

    return {"create_future": create, "as_future": as_future, "resolve": resolve, "error": fail, "gather_1000": gather}


def bare_twisted():
    from twisted.internet import defer

    def create():
        defer.Deferred()

    def as_future():
        defer.maybeDeferred(value)

    def resolve():
        deferred = defer.Deferred()
        deferred.addCallbacks(ignore, ignore)
        deferred.callback(1)

    def fail():
        defer.fail(ERROR).addErrback(ignore)

    def gather():
        deferreds = [defer.Deferred() for _ in range(1000)]
        defer.DeferredList(deferreds, consumeErrors=True)
        for deferred in deferreds:
            deferred.callback(1)

    return {"create_future": create, "as_future": as_future, "resolve": resolve, "error": fail, "gather_1000": gather}


def measured(setting, what, operation, batch):
    """The loop runs if callbacks are part of the measurement."""
    let_run = (lambda: None) if what in ("create_future", "as_future") else setting.run

    def run(loops):
        start = pyperf.perf_counter()
        for _ in range(loops):
            for _ in range(batch):
                operation()
            let_run()
        return pyperf.perf_counter() - start

    return run


def main():
    runner = pyperf.Runner(processes=1, values=5, warmups=1, min_time=0.02,
                           add_cmdline_args=lambda command, args: command.extend(["--framework", args.framework]))
    runner.argparser.add_argument("--framework", choices=NAMES, default="asyncio")
    framework = runner.parse_args().framework
    setting = Setting(framework)
    sides = {name: through_txaio(api) for name, api in setting.apis.items()}
    sides["bare"] = bare_twisted() if framework == "twisted" else bare_asyncio(setting.loop)
    for what in sides["bare"]:
        batch = 1 if what.startswith("gather") else BATCH
        for side, operations in sides.items():
            runner.bench_time_func(f"{framework} {what} {side}", measured(setting, what, operations[what], batch), inner_loops=batch)


if __name__ == "__main__":
    main()
