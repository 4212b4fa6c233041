# SPDX-License-Identifier: MIT
"""Batched timers: the moments, cancelling, chunks, and errors."""

import contextvars
import functools
import gc
import weakref
from unittest import mock

import pytest
from support import frameworks


def advance_by_steps(clocked, seconds):
    """Twisted's clock makes calls that another call has scheduled only in its next advance."""
    for _ in range(seconds * 20):
        clocked.clock.advance(0.05)


def test_calls_of_a_bucket_share_one_native_timer(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    for i in range(100):
        timer.call_later(2.25, calls.append, i)
    assert clocked.requested == [2.25]
    clocked.clock.advance(2.25)
    assert calls == list(range(100))


def test_a_fraction_of_a_second_counts(clocked):
    timer = clocked.txaio.make_batched_timer(0.1)
    calls = []
    timer.call_later(0.75, calls.append, "due at 0.75")
    clocked.clock.advance(0.7)
    assert calls == []
    clocked.clock.advance(0.06)
    assert calls == ["due at 0.75"]


@pytest.mark.parametrize("delay", [0.3, 0.9, 1.0, 1.7, 2.9, 4.999, 60.5])
@pytest.mark.parametrize("start", [0, 0.5, 0.999, 17.2])
def test_a_single_call_is_never_early(clocked, delay, start):
    clocked.clock.advance(start)
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(delay, calls.append, 1)
    clocked.clock.advance(delay - 0.001)
    assert calls == []
    clocked.clock.advance(0.002)
    assert calls == [1]


def test_no_call_of_a_bucket_is_early_by_a_whole_bucket(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    early = []
    now = clocked.clock.time if clocked.name == "asyncio" else clocked.clock.seconds
    for i in range(50):
        delay = 3 + i * 0.0731
        timer.call_later(delay, lambda due=delay: early.append(due - now()))
    clocked.clock.advance(10)
    assert len(early) == 50
    assert max(early) < 1


def test_an_earlier_deadline_in_the_bucket_brings_it_forward(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(5.9, calls.append, "second")
    timer.call_later(5.2, calls.append, "first")
    clocked.clock.advance(5.1)
    assert calls == []
    clocked.clock.advance(0.11)
    assert calls == ["second", "first"]  # in the order they were made


def test_arguments_and_keywords_arrive(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(1, lambda *a, **k: calls.append((a, k)), 1, 2, b=3)
    timer.call_later(delay=1, func=lambda **k: calls.append(k), c=4)
    clocked.clock.advance(1)
    assert calls == [((1, 2), {"b": 3}), {"c": 4}]


def test_timers_and_calls_can_be_referred_to_weakly(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    call = timer.call_later(1, pytest.fail, "called")
    references = [weakref.ref(timer), weakref.ref(call)]
    assert [each() for each in references] == [timer, call]
    call.cancel()
    del timer, call
    gc.collect()
    assert [each() for each in references] == [None, None]


def test_each_call_of_a_bucket_runs_in_its_callers_context(clocked):
    request = contextvars.ContextVar("request")
    timer = clocked.txaio.make_batched_timer(1)
    seen = []

    def look(leave=None):
        seen.append(request.get("none"))
        if leave:
            request.set(leave)  # a token that only this test has

    def ask(name):
        request.set(name)
        timer.call_later(1, look, name + "'s")
        timer.call_later(1, look)

    contextvars.copy_context().run(ask, "first")
    for _ in range(2):
        contextvars.Context().run(timer.call_later, 1, look, "left behind")
    contextvars.copy_context().run(ask, "second")
    clocked.clock.advance(2)
    assert seen == ["first", "first", "none", "none", "second", "second"]
    assert request.get("none") == "none"


def test_timers_and_calls_take_attributes_and_their_methods_can_be_patched(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    with mock.patch.object(timer, "call_later") as patched:
        timer.call_later(1, pytest.fail, "called")
    assert patched.mock_calls == [mock.call(1, pytest.fail, "called")]
    call = timer.call_later(1, calls.append, 1)
    call.cancel = mock.Mock()
    call.cancel()
    timer.name, vars(call)["note"] = "mine", "noted"
    clocked.clock.advance(2)
    assert (calls, call.cancel.called, timer.name, call.note) == ([1], True, "mine", "noted")
    assert vars(clocked.txaio.config) == {}  # mock looks there


@pytest.mark.parametrize("end", ["pending", "cancelled", "made"])
def test_a_circle_through_a_calls_attribute_is_garbage(clocked, end):
    class Session:
        def expire(self):
            pass

    session = Session()
    session.timer = clocked.txaio.make_batched_timer(1)
    session.timeout = session.timer.call_later(1, session.expire)
    session.timeout.of = session
    if end == "cancelled":
        session.timeout.cancel()
    elif end == "made":
        clocked.clock.advance(1)
    else:  # until the loop, which has the timer, is gone
        gc.collect()
        (clocked.clock.timers if clocked.name == "asyncio" else clocked.clock.calls).clear()
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None


def test_a_bucket_without_an_end_is_refused(clocked):
    with pytest.raises(ValueError, match="finite"):
        clocked.txaio.make_batched_timer(float("inf"))


def test_a_negative_delay_means_soon(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(-3, calls.append, 1)
    assert clocked.requested == [0.0]
    clocked.clock.advance(0)
    assert calls == [1]


def test_a_cancelled_call_is_not_made(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    kept = timer.call_later(1, calls.append, "kept")
    timer.call_later(1, calls.append, "cancelled").cancel()
    clocked.clock.advance(2)
    assert calls == ["kept"]
    kept.cancel()


def test_cancelling_twice_and_too_late_does_nothing(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    call = timer.call_later(1, calls.append, 1)
    other = timer.call_later(1, calls.append, 2)
    other.cancel()
    other.cancel()
    clocked.clock.advance(1)
    call.cancel()
    call.cancel()
    assert calls == [1]


def test_a_cancel_within_the_running_bucket_is_honoured(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    handles = []
    timer.call_later(1, lambda: handles[0].cancel())
    handles.append(timer.call_later(1, calls.append, 1))
    clocked.clock.advance(2)
    assert calls == []


def test_a_cancel_between_the_chunks_of_a_bucket_is_honoured(clocked):
    timer = clocked.txaio.make_batched_timer(1, chunk_size=1)
    calls = []
    handles = [timer.call_later(1, calls.append, i) for i in range(4)]
    clocked.clock.advance(1)
    assert calls == [0]
    handles[2].cancel()
    advance_by_steps(clocked, 1)
    assert calls == [0, 1, 3]


def test_cancelling_all_of_a_bucket_cancels_its_native_timer(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    for handle in [timer.call_later(1, pytest.fail, "called") for _ in range(3)]:
        handle.cancel()
    if clocked.name == "asyncio":
        assert all(handle.call is None for _, _, handle in clocked.clock.timers)
    else:
        assert clocked.clock.getDelayedCalls() == []
    clocked.clock.advance(5)
    timer.call_later(1, lambda: None)  # the bucket can be made again
    clocked.clock.advance(5)


def test_chunks_are_spread_over_the_bucket(clocked):
    timer = clocked.txaio.make_batched_timer(1, chunk_size=2)
    for _ in range(5):
        timer.call_later(2, lambda: None)
    advance_by_steps(clocked, 5)
    assert clocked.requested == [2, pytest.approx(1 / 3), pytest.approx(1 / 3)]


def test_a_call_made_by_a_call_of_its_own_bucket_is_made_too(clocked):
    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(1, lambda: timer.call_later(0.1, calls.append, 1))
    clocked.clock.advance(1)
    clocked.clock.advance(0.2)
    assert calls == [1]


def test_errors_are_collected_and_no_other_call_is_lost(clocked):
    timer = clocked.txaio.make_batched_timer(1, chunk_size=2)
    calls = []
    timer.call_later(1, lambda: 1 / 0)
    timer.call_later(1, calls.append, 1)
    timer.call_later(1, lambda: {}["missing"])
    timer.call_later(1, calls.append, 2)
    clocked.clock.advance(1)
    with pytest.raises(RuntimeError, match="processing call_later bucket") as raised:
        clocked.clock.advance(1)
    assert "division by zero" in str(raised.value) and "'missing'" in str(raised.value)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert calls == [1, 2]


def test_keyboard_interrupt_passes_and_no_other_call_is_lost(clocked):
    def interrupted():
        raise KeyboardInterrupt

    timer = clocked.txaio.make_batched_timer(1)
    calls = []
    timer.call_later(1, interrupted)
    timer.call_later(1, calls.append, 1)
    with pytest.raises(KeyboardInterrupt):
        clocked.clock.advance(1)
    clocked.clock.advance(2)
    assert calls == [1]


@pytest.mark.parametrize("seconds, chunk", [(0, 100), (-1, 100), (float("nan"), 1), (1, 0), (1, -5)])
def test_a_bucket_of_nothing_is_refused(clocked, seconds, chunk):
    with pytest.raises(ValueError):
        clocked.txaio.make_batched_timer(seconds, chunk)


@pytest.mark.parametrize("delay", [float("nan"), float("inf")])
def test_a_delay_that_is_not_a_time_is_refused(clocked, delay):
    with pytest.raises(ValueError, match="finite"):
        clocked.txaio.make_batched_timer(1).call_later(delay, print)


def test_it_is_an_ibatchedtimer(clocked):
    from interloop.txaio.interfaces import IBatchedTimer

    assert isinstance(clocked.txaio.make_batched_timer(1), IBatchedTimer)


def test_a_call_releases_its_objects_after_it_has_run_or_was_cancelled(clocked):
    class Thing:
        def method(self, *args):
            pass

    timer = clocked.txaio.make_batched_timer(1)
    run, cancelled = Thing(), Thing()
    first = timer.call_later(1, run.method, run)
    second = timer.call_later(1, cancelled.method)
    refs = [weakref.ref(run), weakref.ref(cancelled)]
    del run, cancelled
    second.cancel()
    assert refs[1]() is None
    clocked.clock.advance(1)
    assert refs[0]() is None
    assert first is not None


def test_a_destroyed_loop_destroys_its_pending_calls(clocked):
    class Thing:
        def method(self):
            pass

    thing = Thing()
    thing.timer = clocked.txaio.make_batched_timer(1)
    thing.call = thing.timer.call_later(1, thing.method)
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is not None
    if clocked.name == "asyncio":
        clocked.clock.timers.clear()
    else:
        clocked.clock.calls.clear()
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_asyncios_debug_mode_names_the_function_that_was_slow(kind, caplog):
    on = frameworks.KINDS[kind]()

    def is_slow(*args):
        on.loop.stop()

    on.loop.set_debug(True)
    on.loop.slow_callback_duration = 0  # every callback is
    on.txaio.make_batched_timer(0.001).call_later(0, functools.partial(is_slow, 1))
    on.loop.run_forever()
    on.loop.set_debug(False)
    on.close()
    line = is_slow.__code__.co_firstlineno
    said = [each.getMessage() for each in caplog.records if "batched calls" in each.getMessage()]
    assert len(said) == 1 and f"is_slow() at {__file__}:{line} took " in said[0], caplog.text
