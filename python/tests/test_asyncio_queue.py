# SPDX-License-Identifier: MIT
"""`resolve` queues callbacks on asyncio and uvloop itself: it must look as if `set_result` had done it."""

import asyncio
import collections
import contextlib
import contextvars
import gc
import random
import re
import weakref

import pytest
from support import frameworks

CALLER = contextvars.ContextVar("CALLER")
COMPLETE = {"resolve": lambda txaio, future: txaio.resolve(future, 1), "set_result": lambda txaio, future: future.set_result(1)}


@pytest.fixture
def on():
    made = frameworks.Asyncio()
    yield made
    made.close()


@pytest.fixture(params=COMPLETE)
def complete(request, on):
    return lambda future: COMPLETE[request.param](on.txaio, future)


def note(seen, what):
    return lambda *_: seen.append(what)


def test_callbacks_keep_their_place_among_the_loops_others(on, complete):
    seen = []
    on.loop.call_soon(note(seen, "before"))
    for number, foreign in enumerate([(), ("first",), ("last",), ("first", "last")]):
        future = on.txaio.create_future()
        if "first" in foreign:
            future.add_done_callback(note(seen, (number, "first")))
        for each in range(3 * number):
            on.txaio.add_callbacks(future, note(seen, (number, each)), None)
        if "last" in foreign:
            future.add_done_callback(note(seen, (number, "last")))
        complete(future)
        on.loop.call_soon(note(seen, (number, "after")))
    assert seen == []
    on.turn()
    assert seen == [
        "before", (0, "after"), (1, "first"), (1, 0), (1, 1), (1, 2), (1, "after"),
        *((2, each) for each in range(6)), (2, "last"), (2, "after"),
        (3, "first"), *((3, each) for each in range(9)), (3, "last"), (3, "after"),
    ]  # fmt: skip


def test_what_a_callback_completes_is_told_in_the_next_iteration(on, complete):
    seen = []
    first, second = on.txaio.create_future(), on.txaio.create_future()
    on.txaio.add_callbacks(first, lambda value: complete(second), None)
    on.txaio.add_callbacks(second, note(seen, "second"), None)
    complete(first)
    on.loop.call_soon(on.loop.stop)
    on.loop.run_forever()
    assert seen == []
    on.turn()
    assert seen == ["second"]


def test_callbacks_run_in_the_context_of_the_code_that_added_them(on, complete):
    seen = []
    future = on.txaio.create_future()
    for caller in ("one", "two"):
        context = contextvars.copy_context()
        context.run(CALLER.set, caller)
        context.run(on.txaio.add_callbacks, future, lambda value: seen.append(CALLER.get("none")), None)
    complete(future)
    on.turn()
    assert seen == ["one", "two"]
    assert CALLER.get("none") == "none"


def test_what_a_callback_raises_reaches_the_loops_handler(on, complete):
    def fails(value):
        raise LookupError("in a callback")

    future = on.txaio.create_future()
    on.txaio.add_callbacks(future, fails, None)
    complete(future)
    on.turn()
    (context,) = on.unhandled
    assert sorted(context) == ["exception", "handle", "message"]
    assert isinstance(context["handle"], asyncio.Handle)
    assert context["message"].startswith("Exception in callback <txaio callbacks <function")
    names = []
    trace = context["exception"].__traceback__
    while trace:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names == ["_run", "fails"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_the_loop_and_leaves_the_rest_queued(on, complete, kind):
    seen = []

    def ends(value):
        raise kind("from a callback")

    for callback in (ends, note(seen, "rest")):
        future = on.txaio.create_future()
        on.txaio.add_callbacks(future, callback, None)
        complete(future)
    with pytest.raises(kind, match="from a callback"):
        on.loop.run_forever()
    assert seen == []
    on.turn()
    assert seen == ["rest"]


def test_a_context_that_is_entered_already_is_reported(on, complete, caplog):
    context = contextvars.copy_context()
    future = on.txaio.create_future()
    context.run(on.txaio.add_callbacks, future, note([], ""), None)
    (held,) = [each for _, each in future._callbacks]
    complete(future)
    held.run(on.turn)
    # From 3.13 on, asyncio calls the handler in that context, too, and so can only log it.
    assert "is already entered" in "".join([caplog.text, *(str(each["exception"]) for each in on.unhandled)])


def test_a_callback_that_was_taken_away_is_not_called(on, complete):
    seen = []
    future = on.txaio.create_future()
    for what in ("stays", "goes"):
        on.txaio.add_callbacks(future, note(seen, what), None)
    future.remove_done_callback(future._callbacks[1][0])
    complete(future)
    on.turn()
    assert seen == ["stays"]


def test_a_closed_loop_refuses_as_set_result_does(on, complete):
    loop = asyncio.new_event_loop()
    future = on.txaio.with_config(loop=loop).create_future()
    on.txaio.add_callbacks(future, note([], ""), None)
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        complete(future)
    assert future.done()


def test_a_loop_with_its_own_call_soon_is_asked(on, complete):
    asked = []

    class Loop(type(on.loop)):
        def _call_soon(self, callback, args, context):
            asked.append("_call_soon")
            return super()._call_soon(callback, args, context)

    seen = []
    for loop in (on.loop, Loop()):
        future = on.txaio.with_config(loop=loop).create_future()
        on.txaio.add_callbacks(future, note(seen, type(loop)), None)
        if loop is on.loop:
            own, loop.call_soon = loop.call_soon, lambda *args, **kwargs: asked.append("call_soon") or own(*args, **kwargs)
        complete(future)
        loop.call_soon(loop.stop)
        loop.run_forever()
        if loop is on.loop:
            del loop.call_soon
        else:
            loop.close()
    assert seen == [type(on.loop), Loop]
    assert asked[0] == "call_soon"
    assert asked.count("_call_soon") == 2


@pytest.mark.parametrize("name", ["_run", "__init__"])
def test_handles_that_were_instrumented_are_used(on, complete, monkeypatch, name):
    calls, own = [], getattr(asyncio.Handle, name)

    def instrumented(self, *args, **kwargs):
        calls.append(self)
        return own(self, *args, **kwargs)

    def told():
        seen = []
        future = on.txaio.create_future()
        on.txaio.add_callbacks(future, note(seen, "told"), None)
        complete(future)
        on.turn()
        assert seen == ["told"]
        return len(calls)

    told()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio.Handle, name, instrumented)
        assert told() == 2  # and the one that stops the loop
    calls.clear()
    assert told() == 0


def test_in_debug_mode_a_slow_callback_is_named(on, complete, caplog):
    for debug_before in (True, False):
        future = on.txaio.create_future()
        on.txaio.add_callbacks(future, note([], ""), None)
        on.loop.set_debug(debug_before)
        complete(future)
        on.loop.set_debug(True)
        on.loop.slow_callback_duration = 0
        on.turn()
        assert any("txaio callbacks" in each.getMessage() for each in caplog.records)
        caplog.clear()


def test_a_loop_that_is_closed_first_keeps_nothing(on, complete):
    loop = asyncio.new_event_loop()
    future = on.txaio.with_config(loop=loop).create_future()
    kept = note([], "")
    on.txaio.add_callbacks(future, kept, None)
    complete(future)
    loop.close()
    kept, gone = None, weakref.ref(kept)
    del future
    gc.collect()
    assert gone() is None


def test_a_future_that_is_done_refuses_another_result(on):
    future = on.txaio.create_future()
    on.txaio.add_callbacks(future, note([], ""), None)
    on.txaio.resolve(future, 1)
    with pytest.raises(asyncio.InvalidStateError):
        on.txaio.resolve(future, 2)
    on.turn()


# Random programs, of which each runs once with `resolve` and once with `set_result`, on either loop: what is told when,
# in which context, and what reaches the loop's handler. Three results of four follow each other, and are told in one go.


def ran(kind, seed, complete):
    on = kind()
    rng = random.Random(seed)
    seen, waiting, iteration = [], [], 0

    def told(name, kind):
        seen.append((iteration, name, CALLER.get("none")))
        if kind == "raises":
            raise LookupError(name)
        if kind == "ends" and iteration < 9:
            raise KeyboardInterrupt(name)
        if kind == "stops":
            on.loop.stop()
        if kind == "debug":
            on.loop.set_debug(not on.loop.get_debug())
        if kind == "goes on" and iteration < 7 and len(seen) < 200:
            act(f"{name}.")

    def act(name):
        for each in range(rng.randrange(1, 5)):
            what = rng.choice(["complete"] * 6 + ["call_soon", "foreign"])
            child = f"{name}{each}"
            kind = rng.choice(["", "", "", "goes on", "goes on", "raises", "ends", "stops", "debug"])
            context = contextvars.copy_context()
            context.run(CALLER.set, child)
            if what == "call_soon":
                on.loop.call_soon(told, child, kind, context=context)
                continue
            future = on.txaio.create_future()
            if what == "foreign":
                future.add_done_callback(lambda future, child=child: told(f"{child} foreign", ""), context=context)
            context.run(on.txaio.add_callbacks, future, lambda value, child=child, kind=kind: told(child, kind), None)
            complete(on.txaio, future)
            waiting.append(weakref.ref(future))
            del future

    act("")
    for iteration in range(1, 12):
        if iteration < 5:
            act(f"{iteration}:")
        try:
            on.turn()
        except KeyboardInterrupt as ended:
            seen.append((iteration, f"ended by {ended}", None))
    on.close()
    reports = [
        (re.sub(" at 0x[0-9a-f]+", "", each["message"]), str(each["exception"]), sorted(each.keys() - {"source_traceback"}))
        for each in on.unhandled
    ]
    on.unhandled.clear()
    gc.collect()
    assert not any(each() for each in waiting)
    return seen, reports


KINDS = pytest.mark.parametrize("kind", [frameworks.Asyncio, frameworks.Uvloop], ids=lambda kind: kind.name)


@KINDS
@pytest.mark.parametrize("how", COMPLETE)
def test_what_is_completed_before_others_are_told_is_told_an_iteration_after_them(kind, how):
    on, seen = kind(), []

    def completes(*numbers):
        for number in numbers:
            future = on.txaio.create_future()
            on.txaio.add_callbacks(future, note(seen, number), None)
            COMPLETE[how](on.txaio, future)

    on.loop.stop()  # after one iteration
    on.loop.call_soon(completes, 4, 5)
    completes(1, 2, 3)
    on.loop.run_forever()
    assert seen == [1, 2, 3]
    on.turn()
    assert seen == [1, 2, 3, 4, 5]
    on.close()


@KINDS
@pytest.mark.parametrize("how", COMPLETE)
def test_what_is_completed_after_an_interruption_is_told_an_iteration_later(kind, how):
    on, seen = kind(), []

    def future(callback, *arguments):
        made = on.txaio.create_future()
        on.txaio.add_callbacks(made, lambda value: callback(*arguments), None)
        return made

    def complete(*futures):
        for each in futures:
            COMPLETE[how](on.txaio, each)

    def interrupted():
        raise KeyboardInterrupt

    later = [future(seen.append, number) for number in (1, 2, 3)]
    complete(future(complete, *later[:2]), future(interrupted), future(complete, later[2]))
    with pytest.raises(KeyboardInterrupt):
        on.loop.run_forever()
    on.loop.stop()  # after one iteration
    on.loop.run_forever()
    assert seen == [1, 2] or kind is frameworks.Uvloop  # which has gone on to the end of the interrupted iteration
    on.turn()
    assert seen == [1, 2, 3]
    on.close()


@KINDS
def test_a_loop_that_a_finalizer_closes_meanwhile_leaves_no_calls_to_another(kind):
    class Closes:
        def __init__(self, loop):
            self.itself, self.loop = self, loop

        def __del__(self):
            self.loop.close()

    def future_telling(number):
        future = on.txaio.create_future()
        on.txaio.add_callbacks(future, note(seen, number), None)
        return future

    on, seen = kind(), []
    first, second, third = (future_telling(number) for number in (1, 2, 3))
    on.txaio.resolve(first, None)
    on.txaio.resolve(second, None)
    gc.collect()
    gc.disable()
    Closes(on.loop)
    kept = [[] for _ in range(1000)]  # uses up the spare lists: the next one starts a collection, up to 3.11
    with contextlib.suppress(RuntimeError):  # the loop is closed
        gc.enable()
        on.txaio.resolve(third, None)
    del kept
    gc.collect()
    assert on.loop.is_closed()
    on = kind()
    for number in (4, 5, 6):
        on.txaio.resolve(future_telling(number), None)
    on.turn()
    assert seen == [4, 5, 6]
    on.close()


@KINDS
def test_random_programs_do_the_same_as_with_set_result(kind):
    for seed in range(25):
        expected, found = (ran(kind, seed, COMPLETE[how]) for how in ("set_result", "resolve"))
        assert found == expected, f"seed {seed}"


def test_results_that_follow_each_other_are_one_handle_on_uvloop():
    on = frameworks.Uvloop()
    (ready,) = [each for each in gc.get_referents(on.loop) if isinstance(each, collections.deque)]
    seen = []
    for number in range(20):
        future = on.txaio.create_future()
        on.txaio.add_callbacks(future, note(seen, number), None)
        on.txaio.resolve(future, None)
    assert len(ready) == 2  # the first, and all others
    on.turn()
    assert seen == list(range(20))
    on.close()
