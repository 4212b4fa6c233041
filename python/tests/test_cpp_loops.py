# SPDX-License-Identifier: MIT
"""C++ libraries on Python's loops: the conformance suite, futures both ways, the wheel's CMake package."""

import asyncio
import contextlib
import gc
import inspect
import os
import re
import subprocess
import sys
import traceback
import warnings
import weakref
from pathlib import Path

import pytest
from support import extension as built

# Python loops, in the form that the conformance suite drives.


class AsyncioNative:
    lacks = {
        "nests": "asyncio refuses to run a loop inside a callback",
        "ends_when_idle": "run_forever() does not end by itself",
        "runs_in_child": "a forked child shares the selector of its parent's loop",
    }

    def __init__(self):
        self.native = self.new()

    def new(self):
        return asyncio.new_event_loop()

    def step(self):
        self.native.call_later(0.001, self.native.stop)
        self.native.run_forever()

    def call(self, fn):
        self.native.call_soon(fn)

    def watch(self, fd, fn):
        self.native.add_reader(fd, fn)
        return lambda: self.native.remove_reader(fd)

    def close(self):
        self.native.close()


class UvloopNative(AsyncioNative):
    def new(self):
        import uvloop

        return uvloop.new_event_loop()


class TwistedNative:
    lacks = {
        "nests": "Twisted's reactors are not reentrant",
        "ends_when_idle": "a reactor does not end by itself",
        "runs": "a reactor runs once in a process; the application runs it",
    }

    def __init__(self):
        from twisted.internet.epollreactor import EPollReactor

        self.native = EPollReactor()

    def step(self):
        self.native.iterate(0.001)

    def call(self, fn):
        self.native.callLater(0, fn)

    def watch(self, fd, fn):
        class Reader:
            def fileno(self):
                return fd

            def doRead(self):
                fn()

            def connectionLost(self, reason):
                pass

            def logPrefix(self):
                return "native"

        reader = Reader()
        self.native.addReader(reader)
        return lambda: self.native.removeReader(reader)

    def close(self):
        reactor = self.native
        reactor.iterate(0)
        left = [each for each in reactor.removeAll() if type(each).__module__.startswith("interloop")]
        assert left == [], left
        for each in (reactor.waker.i, reactor.waker.o):
            os.close(each)
        reactor._poller.close()


NATIVES = {"asyncio": AsyncioNative, "uvloop": UvloopNative, "twisted": TwistedNative}


@pytest.fixture(scope="session")
def extension():
    return built.load()


@pytest.mark.parametrize("kind", NATIVES)
def test_the_conformance_suite_passes(extension, kind):
    native = NATIVES[kind]
    native().close()  # opens whatever stays open before a case counts descriptors
    outcomes = {name: extension.run_conformance_case(name, native, native.lacks) for name in extension.conformance_cases()}
    failed = {name: message for name, (what, message) in outcomes.items() if what == "failed"}
    assert failed == {}
    passed = sum(what == "passed" for what, _ in outcomes.values())
    assert passed > 50, outcomes
    gc.collect()


# ---- futures, on asyncio and uvloop


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine function on a loop of that kind."""

    def run(main):
        if request.param == "uvloop":
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(main())
        return asyncio.run(main())

    return run


def test_a_cpp_future_is_an_asyncio_future(extension, run):
    async def main():
        made = extension.doubled_later(21, 0.001)
        assert isinstance(made, asyncio.Future)
        assert await made == 42
        assert await asyncio.gather(*(extension.doubled_later(i, 0.001 * (i % 3)) for i in range(50))) == [
            2 * i for i in range(50)
        ]

    run(main)


def test_python_looks_into_the_cpp_side_of_its_loop(extension, run, tmp_path):
    async def main():
        extension.start_trace(path=str(tmp_path / "trace.json"))
        slow = []
        extension.set_slow_callback(0.002, lambda what, seconds: slow.append((what, seconds)))
        waiting = extension.never()
        assert await extension.doubled_later(2, 0.001) == 4
        tree = extension.call_graph()
        assert "future made at library.cpp:" in tree, tree
        before = extension.statistics()
        assert before["pending_futures"] >= 1
        assert before["timers"] >= 1
        extension.hold(0.005)
        while not any("callback" in what for what, _ in slow):  # on a busy machine, others are slow as well
            await extension.doubled_later(2, 0.001)
        extension.set_slow_callback(0)
        assert all(seconds >= 0.002 for _, seconds in slow), slow
        assert extension.statistics()["callbacks"] > before["callbacks"]
        counts = extension.stop_trace()
        assert counts["events"] > 0
        assert '"traceEvents"' in (tmp_path / "trace.json").read_text()
        del waiting

    run(main)


def test_the_documented_binding_works(extension, run):
    async def main():
        assert await built.load("client").get("a key") == "the value of a key"

    run(main)


def test_a_loop_may_note_itself_in_asynchronous_generators(extension):
    """Does what trio-asyncio does with asynchronous generators' frames when it first sees them."""

    async def main():
        know, noted = sys.get_asyncgen_hooks().firstiter, []

        def note(generator):
            generator.ag_frame.f_locals["loop"] = asyncio.get_running_loop()
            noted.append(generator)
            know(generator)

        sys.set_asyncgen_hooks(firstiter=note)
        assert await extension.doubled_later(21, 0.001) == 42
        assert len(noted) == 1

    asyncio.run(main())


def test_an_awaitable_comes_in_as_a_cpp_future(extension, run):
    async def later(value):
        await asyncio.sleep(0.001)
        return value

    async def main():
        assert await extension.plus_one(later(4)) == 5
        future = asyncio.get_running_loop().create_future()
        result = extension.plus_one(future)
        future.set_result(8)
        assert await result == 9
        assert await extension.plus_one(extension.doubled_later(3, 0)) == 7

    run(main)


def test_a_cpp_futures_callbacks_keep_their_place_in_the_loop(extension, run):
    async def main():
        loop, seen = asyncio.get_running_loop(), []
        inner = loop.create_future()
        made = extension.plus_one(inner)
        for what in ("first", "second"):
            made.add_done_callback(lambda done, what=what: seen.append((what, done.result())))
        inner.add_done_callback(lambda done: loop.call_soon(seen.append, "queued before"))
        inner.set_result(1)
        loop.call_soon(seen.append, "queued first")
        while len(seen) < 4:
            await asyncio.sleep(0)
        assert seen == ["queued first", ("first", 2), ("second", 2), "queued before"]

    run(main)


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_what_a_cpp_futures_callback_raises_reaches_the_loop(extension, kind):
    loop, seen, unhandled = NATIVES[kind]().native, [], []
    loop.set_exception_handler(lambda loop, context: unhandled.append(str(context["exception"])))

    def raises(error):
        raise error

    async def begin():
        inner = loop.create_future()
        made = extension.plus_one(inner)
        made.add_done_callback(lambda done: raises(LookupError("an error")))
        made.add_done_callback(lambda done: raises(KeyboardInterrupt("the end")))
        made.add_done_callback(lambda done: seen.append(done.result()))
        loop.call_later(0, inner.set_result, 1)
        return made

    kept = loop.run_until_complete(begin())
    with pytest.raises(KeyboardInterrupt, match="the end"):
        loop.run_forever()
    assert kept.done()
    assert unhandled == ["an error"]
    assert seen == [] or kind == "uvloop"  # which goes on to the end of the iteration
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == [2]
    loop.close()


def test_an_object_that_is_not_awaitable_is_a_type_error(extension, run):
    async def main():
        with pytest.raises(TypeError):
            extension.plus_one(3)

    run(main)


def test_a_value_of_another_type_fails_the_future(extension, run):
    async def text():
        return "text"

    async def main():
        with pytest.raises(Exception):
            await extension.plus_one(text())

    run(main)


def test_a_python_exception_passes_through_cpp_as_the_same_object(extension, run):
    error = KeyError("travels")

    async def fails():
        raise error

    def raises():
        raise error

    async def main():
        for made in (extension.plus_one(fails()), extension.calls_back(raises)):
            with pytest.raises(KeyError) as caught:
                await made
            assert caught.value is error
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            assert "fails" in frames or "raises" in frames, frames

    run(main)


def test_a_python_exception_that_has_passed_through_cpp_is_garbage(extension, run):
    class Error(Exception):
        pass

    async def fails():
        raise Error

    async def main():
        try:
            await extension.plus_one(fails())
        except Error as error:
            gone = weakref.ref(error)
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            assert frames == ["main", "fails"]
        await asyncio.sleep(0.001)
        gc.collect()
        assert gone() is None

    run(main)


def test_a_python_exception_that_futures_refuse_still_fails_them(extension, run):
    async def main():
        with pytest.raises(RuntimeError, match="StopIteration") as caught:
            await asyncio.wait_for(extension.calls_back(lambda: next(iter([]))), 10)
        assert isinstance(caught.value.__cause__, StopIteration)

    run(main)


def test_a_cpp_exception_arrives_as_nanobind_translates_it(extension, run):
    async def main():
        with pytest.raises(IndexError, match="too far"):
            await extension.fails_later("too far")

    run(main)


def test_cancelling_in_python_cancels_in_cpp(extension, run):
    async def main():
        before = extension.cancellations()
        made = extension.never()
        made.cancel()
        await asyncio.sleep(0.01)
        assert extension.cancellations() == before + 1
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(extension.never(), 0.01)
        await asyncio.sleep(0.01)
        assert extension.cancellations() == before + 2

    run(main)


def test_cancelling_in_cpp_cancels_the_awaitable(extension, run):
    async def main():
        inner = asyncio.get_running_loop().create_future()
        outer = extension.plus_one(inner)
        await asyncio.sleep(0.001)
        outer.cancel()
        await asyncio.sleep(0.01)
        assert inner.cancelled()

    run(main)


def test_a_cancelled_awaitable_is_cancelled_in_cpp(extension, run):
    async def main():
        inner = asyncio.get_running_loop().create_future()
        outer = extension.plus_one(inner)
        await asyncio.sleep(0.001)
        inner.cancel()
        await asyncio.sleep(0.01)
        assert outer.cancelled()

    run(main)


def test_a_thread_without_the_gil_wakes_the_loop(extension, run):
    async def main():
        words = await asyncio.wait_for(asyncio.gather(*(extension.from_a_thread(f"w{i}") for i in range(20))), 30)
        assert sorted(words) == sorted(f"w{i}" for i in range(20))

    run(main)


def test_an_exception_that_escapes_a_cpp_callback_goes_to_the_loops_handler(extension, run):
    seen = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context["message"]))
        extension.escapes()
        await asyncio.sleep(0.01)

    run(main)
    assert len(seen) == 1 and "escaped" in seen[0], seen


def test_text_with_invalid_utf8_reaches_the_loops_handler(extension, run):
    seen = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context["message"]))
        extension.escapes_with_bytes()
        await asyncio.sleep(0.01)

    run(main)
    assert len(seen) == 1 and r"escaped \xff" in seen[0], seen


def test_several_futures_come_in_at_once(extension, run):
    async def main():
        futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
        assert extension.count(futures) == 3
        assert extension.is_pending(futures[0])

    run(main)


def test_an_awaitable_is_followed_only_by_the_call_that_takes_it(extension, run):
    started = []

    async def later():
        started.append(later)

    async def main():
        awaitable = later()
        with pytest.raises(TypeError):
            extension.either(awaitable, b"neither")
        await asyncio.sleep(0)
        assert started == [] and inspect.getcoroutinestate(awaitable) == inspect.CORO_CREATED
        assert extension.either(awaitable, "fits the second one") == "a str"
        await asyncio.sleep(0)
        assert started == [later]

    run(main)


def test_a_value_that_can_only_be_moved_goes_out(extension, run):
    async def main():
        made = await extension.token_later(3)
        assert made.number == 3

    run(main)


def test_a_future_that_cpp_can_no_longer_complete_fails(extension, run):
    async def main():
        made = extension.promised()
        extension.forget_promised()
        with pytest.raises(RuntimeError, match="this future can no longer be completed"):
            await asyncio.wait_for(made, 10)
        gone = weakref.ref(made)
        del made
        await asyncio.sleep(0)  # from CPython 3.12 on, the loop's call that resumed this task has the future
        gc.collect()
        assert gone() is None

    run(main)


def test_cpp_gets_an_error_if_python_can_no_longer_complete_the_awaited_object(extension, run):
    async def waits():
        await asyncio.get_running_loop().create_future()

    async def main():
        for make in (asyncio.get_running_loop().create_future, waits):
            made = extension.plus_one(make())
            await asyncio.sleep(0.001)
            gc.collect()
            with pytest.raises(RuntimeError, match="this future can no longer be completed"):
                await asyncio.wait_for(made, 10)

    run(main)


def test_what_cpp_has_handed_out_is_completed_when_the_loop_closes(extension, run):
    made, reports = [], []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reports.append(context))
        made.extend([extension.never(), extension.promised()])

    run(main)
    assert isinstance(made.pop().exception(), RuntimeError)
    made.clear()
    gc.collect()
    assert reports == [], "one that nobody looks at is not reported"


def test_a_future_that_cpp_will_complete_is_kept(extension, run):
    async def main():
        seen = []
        made = extension.promised()
        made.add_done_callback(lambda done: seen.append(done.result()))
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is not None
        extension.complete_promised(7)
        while not seen:
            await asyncio.sleep(0)
        assert seen == [7]
        extension.forget_promised()
        gc.collect()
        assert kept() is None

    run(main)


def leaving_nothing(extension):
    async def value():
        return 4

    async def fails():
        raise KeyError

    async def cancelled():
        future = asyncio.get_running_loop().create_future()
        made = extension.plus_one(future)
        made.cancel()
        await made

    async def completed():
        made = extension.promised()
        extension.complete_promised(1)
        await made
        extension.forget_promised()

    async def of_no_use():
        awaitable = value()
        try:
            extension.either(awaitable, b"neither")
        finally:
            awaitable.close()

    async def forgotten():
        made = extension.promised()
        extension.forget_promised()
        with contextlib.suppress(RuntimeError):
            await made

    return {
        "a C++ coroutine": lambda: extension.doubled_later(1, 0),
        "an awaitable": lambda: extension.plus_one(value()),
        "an exception": lambda: extension.plus_one(fails()),
        "cancelled": cancelled,
        "completed": completed,
        "of no use": of_no_use,
        "forgotten": forgotten,
    }


@pytest.mark.parametrize("name", list(leaving_nothing(None)))
def test_a_cpp_future_does_not_leak(extension, run, name):
    operation = leaving_nothing(extension)[name]

    async def blocks_after_many():
        for _ in range(300):
            with contextlib.suppress(KeyError, TypeError, asyncio.CancelledError):
                await operation()
        for _ in range(3):  # a cancellation takes turns of both loops
            await asyncio.sleep(0)
        gc.collect()
        return sys.getallocatedblocks()

    async def main():
        await blocks_after_many()
        counts = [await blocks_after_many() for _ in range(4)]
        grown = [after - before for before, after in zip(counts, counts[1:])]
        assert min(grown) < 100, grown

    run(main)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_descriptor_that_a_forked_child_drops_is_still_watched_by_its_parent(extension, run):
    async def main():
        ready = asyncio.Event()
        reader, writer = os.pipe()
        extension.watch(reader, ready.set)
        child = os.fork()
        if child == 0:
            try:
                extension.unwatch()
            finally:  # in any case, the tests must not run twice
                os._exit(0)
        os.waitpid(child, 0)
        os.write(writer, b"x")
        await asyncio.wait_for(ready.wait(), 30)
        extension.unwatch()
        os.close(reader)
        os.close(writer)

    run(main)


def test_a_number_that_is_watched_again_after_its_descriptor_was_closed_watches_the_new_file(extension, run):
    async def main():
        stale, ready = [], asyncio.Event()
        old_reader, old_writer = os.pipe()
        extension.watch(old_reader, lambda: stale.append(1))
        await asyncio.sleep(0)
        duplicate = os.dup(old_reader)
        os.close(old_reader)
        reader, writer = os.pipe()
        assert reader == old_reader
        told = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: told.append(context["message"]))
        extension.watch(reader, ready.set)  # drops the old watch, too, so that there is nothing to tell
        os.write(old_writer, b"x")
        for _ in range(5):
            await asyncio.sleep(0)
        assert not ready.is_set()
        os.write(writer, b"x")
        await asyncio.wait_for(ready.wait(), 30)
        extension.unwatch()
        assert not stale and not told
        loop.set_exception_handler(None)
        for fd in duplicate, old_writer, reader, writer:
            os.close(fd)

    run(main)


def test_several_loops_one_after_another_each_have_their_own(extension, run):
    async def main():
        assert await extension.doubled_later(1, 0) == 2

    for _ in range(3):
        run(main)
    gc.collect()


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_loops_that_are_closed_without_shutting_down_keep_no_descriptors(extension, kind):
    async def main():
        extension.never()
        assert await extension.doubled_later(1, 0) == 2

    counts = []
    for _ in range(8):
        loop = NATIVES[kind]().native
        loop.run_until_complete(main())
        loop.close()
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[-1] == counts[1], counts


@pytest.mark.parametrize("left", ["nothing", "a future", "a timer", "a watch"])
def test_loops_that_nobody_closes_are_garbage_with_what_cpp_made_on_them(extension, left):
    """Only asyncio's loops: uvloop keeps its loops until they are closed, in any case."""

    async def main():
        if left == "a future":
            extension.promised()
            extension.forget_promised()
        elif left == "a timer":
            extension.call_later(1000.0, lambda: None)
            await asyncio.sleep(0)
        elif left == "a watch":
            extension.watch(reader, lambda: None)
        assert await extension.doubled_later(1, 0) == 2

    def use():
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        return weakref.ref(loop)

    def descriptors():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # asyncio's, about a loop that is not closed
        use()
        before = descriptors()
        loops = [use() for _ in range(5)]
        assert descriptors() == before
    assert [each() for each in loops] == [None] * 5
    extension.unwatch()
    os.close(reader)
    os.close(writer)


def test_a_clock_that_nobody_has_any_more_is_garbage(extension):
    from interloop import txaio
    from twisted.internet import task

    txaio._use_framework(txaio._unframework)
    txaio._explicit_framework = None
    txaio.use_twisted()
    clock = txaio.config.loop = task.Clock()
    extension.doubled_later(3, 10.0)
    txaio.config.loop = None
    gone = weakref.ref(clock)
    del clock
    gc.collect()
    assert gone() is None


def test_without_a_loop_it_says_so(extension):
    program = """
import extension
class Awaitable:
    def __await__(self): yield
for call in (extension.never, lambda: extension.plus_one(Awaitable()), lambda: extension.is_pending(Awaitable())):
    try: call()
    except RuntimeError as error: assert "no asyncio loop is running" in str(error), error
    else: raise SystemExit("no error")
try: extension.count([Awaitable()])
except TypeError: pass
else: raise SystemExit("no error")
"""
    status = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(built.folder())},
        capture_output=True,
        text=True,
    )
    assert status.returncode == 0, status.stderr


# ---- logging


def test_cpp_messages_go_to_the_stdlibs_logging(extension):
    from support.programs import run

    output = run(
        f"""
        import logging, sys
        sys.path.insert(0, {str(built.folder())!r})
        import extension
        logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(name)s %(levelname)s %(filename)s %(message)s")
        extension.log("100%s")
        """
    )
    assert output.strip() == "cpp.library WARNING module.cpp from C++: 100%s", output


def test_the_interpreters_end_waits_for_a_cpp_thread_that_logs(extension):
    from support.programs import run

    output = run(
        f"""
        import logging, os, sys, threading
        sys.path.insert(0, {str(built.folder())!r})
        import extension

        def let_others_run(stat=os.stat, often=range(3000)):
            for _ in often:
                stat("/")

        def handle(record):  # a handler would hold a lock, for which the end waits too
            if record.getMessage() == "from C++: in a thread":
                begun.set()
                let_others_run()
                os.write(1, b"done")

        class Last:
            def __del__(self, run=let_others_run):
                run()

        begun = threading.Event()
        logging.getLogger("cpp.library").addFilter(handle)
        sys.last = Last()
        extension.log("here")
        extension.log_in_a_thread("in a thread")
        begun.wait()
        """
    )
    assert output == "done"


@pytest.mark.parametrize("where", ["a handler of the loop's", "a timer's making", "a callback of a Deferred's"])
def test_a_daemon_thread_that_the_interpreter_ends_below_cpp_does_no_harm(extension, where):
    from support.programs import run

    output = run(
        f"""
        import asyncio, os, sys, threading, time
        sys.path.insert(0, {str(built.folder())!r})
        import extension
        where = {where!r}

        def blocks(*arguments):
            begun.set()
            while True:
                time.sleep(0.01)

        class SlowLoop(asyncio.SelectorEventLoop):
            def call_later(self, delay, callback, *arguments, **names):
                return blocks() if delay > 50 else super().call_later(delay, callback, *arguments, **names)

        async def main():
            asyncio.get_running_loop().set_exception_handler(blocks)
            if "timer" in where:
                await extension.doubled_later(1, 100)
            extension.escapes()
            await asyncio.sleep(50)

        def react():
            from twisted.internet import reactor
            reactor.callWhenRunning(lambda: extension.doubled_later(1, 0).addCallback(blocks))
            reactor.run(installSignalHandlers=False)

        def serve():
            if "Deferred" in where:
                react()
            with asyncio.Runner(loop_factory=SlowLoop) as runner:
                runner.run(main())

        class Last:  # waits until the thread asks for the GIL, which nobody gives any more
            def __del__(self, sleep=time.sleep):
                sleep(0.1)

        begun = threading.Event()
        sys.last = Last()
        threading.Thread(target=serve, daemon=True).start()
        print(begun.wait(30))
        """
    )
    assert output.strip() == "True", output


def test_cpp_messages_with_invalid_utf8_are_logged_with_escapes(extension):
    from support.programs import run

    output = run(
        f"""
        import logging, sys
        sys.path.insert(0, {str(built.folder())!r})
        import extension
        logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
        extension.log_bytes(b"caf\\xe9")
        """
    )
    assert output.strip() == r"from C++: caf\xe9", output


def test_cpp_messages_go_to_twisteds_logger_under_twisted(extension):
    from support.programs import run

    run(
        f"""
        import sys
        sys.path.insert(0, {str(built.folder())!r})
        import extension
        from interloop import txaio
        txaio.use_twisted()
        from twisted.logger import formatEvent, globalLogBeginner
        events = []
        globalLogBeginner.beginLoggingTo([events.append], redirectStandardIO=False)
        extension.log("{{braces}}")
        (event,) = [each for each in events if each["log_namespace"] == "cpp.library"]
        assert formatEvent(event) == "from C++: {{braces}}", formatEvent(event)
        assert event["log_level"].name == "warn"
        """
    )


# ---- Twisted


def twisted_program(body, first="", last=""):
    import textwrap

    program = first + textwrap.dedent("""
        import extension
        from twisted.internet import defer, reactor, task
        async def main():
        {body}
        def end(result):
            global outcome
            outcome = result
            reactor.stop()
        outcome = None
        reactor.callWhenRunning(lambda: defer.ensureDeferred(main()).addBoth(end))
        reactor.run()
        if isinstance(outcome, Exception) or hasattr(outcome, "printTraceback"):
            outcome.printTraceback(); raise SystemExit(1)
    """).replace("{body}", textwrap.indent(textwrap.dedent(body), "    ")) + textwrap.dedent(last)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(built.folder())},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cpp_future_is_a_deferred(extension):
    twisted_program(
        """
        made = extension.doubled_later(21, 0.001)
        assert isinstance(made, defer.Deferred)
        assert await made == 42
        assert await extension.plus_one(task.deferLater(reactor, 0.001, lambda: 1)) == 2
        async def coroutine(): return 5
        assert await extension.plus_one(coroutine()) == 6
        assert await extension.from_a_thread("word") == "word"
        """
    )


ON_ASYNCIO = "from twisted.internet import asyncioreactor; asyncioreactor.install()"


@pytest.mark.parametrize("selected", ["", "from interloop import txaio; txaio.use_twisted()"], ids=["nothing", "twisted"])
def test_a_cpp_future_is_a_deferred_if_the_reactor_runs_on_asyncio(extension, selected):
    twisted_program(
        f"""
        import asyncio
        for _ in range(2):  # before the loop runs, and inside it
            made = extension.doubled_later(21, 0.001)
            assert isinstance(made, defer.Deferred), made
            assert await made == 42
        asyncio.get_running_loop()
        async def of_twisted(): return await task.deferLater(reactor, 0, lambda: 4)
        assert await extension.plus_one(of_twisted()) == 5
        future = asyncio.get_running_loop().create_future()
        future.set_result(6)
        assert await extension.plus_one(future) == 7
        async def in_a_task():
            made = extension.doubled_later(4, 0.001)
            return await (made.asFuture(asyncio.get_running_loop()) if {bool(selected)} else made)
        assert await defer.Deferred.fromFuture(asyncio.ensure_future(in_a_task())) == 8
        """,
        first=f"{ON_ASYNCIO}\n{selected}\n",
    )


def test_asyncio_may_be_selected_where_a_reactor_runs_on_its_loop(extension):
    twisted_program(
        """
        import asyncio
        await task.deferLater(reactor, 0)
        made = extension.doubled_later(21, 0.001)
        assert isinstance(made, asyncio.Future), made
        assert await defer.Deferred.fromFuture(made) == 42
        """,
        first=f"{ON_ASYNCIO}\nfrom interloop import txaio; txaio.use_asyncio()\n",
    )


def test_a_deferred_is_kept_while_cpp_can_fire_it_and_fails_after_that(extension):
    twisted_program(
        """
        import gc, weakref
        kept = weakref.ref(extension.promised())
        gc.collect()
        waiting = kept()
        extension.complete_promised(7)
        assert await waiting == 7
        made = extension.promised()
        extension.forget_promised()
        try: await made
        except RuntimeError as error: assert "can no longer be completed" in str(error)
        else: raise AssertionError
        lost = extension.plus_one(defer.Deferred())
        try: await lost
        except RuntimeError as error: assert "can no longer be completed" in str(error)
        else: raise AssertionError
        """
    )


def test_deferreds_that_cpp_has_handed_out_fail_when_the_reactor_ends(extension):
    twisted_program(
        """
        from twisted.logger import globalLogPublisher
        made = extension.promised()
        global told
        told = []
        made.addErrback(lambda failure: told.append(failure.type))
        extension.promised()
        globalLogPublisher.addObserver(told.append)
        """,
        last="""
        import gc
        gc.collect()
        assert [each for each in told if each is RuntimeError or "isError" in each] == [RuntimeError], told
        """,
    )


def test_failures_and_cancelling_on_twisted(extension):
    twisted_program(
        """
        try: await extension.fails_later("too far")
        except IndexError as error: assert str(error) == "too far"
        else: raise AssertionError
        error = KeyError("travels")
        try: await extension.plus_one(defer.fail(error))
        except KeyError as caught: assert caught is error
        else: raise AssertionError
        made = extension.never()
        made.cancel()
        try: await made
        except defer.CancelledError: pass
        assert extension.cancellations() == 1
        inner = defer.Deferred()
        outer = extension.plus_one(inner)
        await task.deferLater(reactor, 0.01, lambda: None)
        outer.addErrback(lambda f: f.trap(defer.CancelledError))
        outer.cancel()
        await task.deferLater(reactor, 0.01, lambda: None)
        assert inner.called
        inner = defer.Deferred()
        outer = extension.plus_one(inner)
        inner.cancel()
        try: await outer
        except defer.CancelledError: pass
        else: raise AssertionError
        """
    )


def test_a_clock_moves_cpp_timers(extension):
    from twisted.internet import task

    from interloop import txaio

    txaio._use_framework(txaio._unframework)
    txaio._explicit_framework = None
    txaio.use_twisted()
    clock = txaio.config.loop = task.Clock()
    try:
        seen = []
        extension.doubled_later(3, 10.0).addCallback(seen.append)
        clock.advance(0)
        clock.advance(9.9)
        clock.advance(0)
        assert seen == []
        clock.advance(0.1)
        clock.advance(0)
        assert seen == [6]
    finally:
        txaio.config.loop = None


def test_a_destroyed_loop_leaves_its_clock_alone(extension):
    from twisted.internet import task

    clock = task.Clock()
    extension.wake_and_drop(clock)
    assert clock.getDelayedCalls() == []


# ---- the wheel


def test_the_documented_binding_is_installed_by_pip_and_runs(extension):
    environment = {**os.environ, "PYTHONPATH": str(built.installed_binding())}
    program = [sys.executable, built.BINDING / "main.py"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.stdout == "the value of a key\n", done.stderr


def test_the_package_tells_build_systems_where_files_are():
    def where(option):
        return Path(subprocess.run([sys.executable, "-m", "interloop", option], check=True, capture_output=True, text=True).stdout.strip())

    assert (where("--cmake-dir") / "interloopConfig.cmake").is_file()
    assert (where("--include-dir") / "interloop" / "python.hpp").is_file()
    assert list(where("--lib-dir").glob("libinterloop*.so"))


def libraries():
    import interloop._core

    folder = Path(interloop._core.__file__).parent
    return [Path(interloop._core.__file__), *folder.rglob("libinterloop*.so")]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_wheel_needs_nothing_but_the_c_and_cpp_runtimes():
    needed = {
        name for library in libraries() for name in re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", library))
    }
    own = {library.name for library in libraries()}
    runtimes = re.compile(r"(lib(c|m|dl|pthread|atomic|gcc_s|stdc\+\+|asan|ubsan|tsan)|ld-linux.*)\.so\.\d+")
    assert {name for name in needed - own if not runtimes.fullmatch(name)} == set()


def test_the_wheel_keeps_its_copy_of_fmt_to_itself():
    """A program may have another fmt: neither may be used in place of the other."""
    symbols = [line for library in libraries() for line in output("nm", "-D", library).splitlines()]
    assert [line for line in symbols if re.search(r" _Z(GV)?(Z|T[A-Z])?NK?3fmt", line)] == []
