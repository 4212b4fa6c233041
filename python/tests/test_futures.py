# SPDX-License-Identifier: MIT
"""Futures: the same calls on each framework, with its own objects."""

import asyncio
import gc
import sys
import weakref

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import NoCurrentExceptionError


def test_futures_are_the_frameworks_own(on):
    future = on.txaio.create_future()
    assert type(future) is Deferred if on.name == "twisted" else isinstance(future, asyncio.Future)
    assert on.txaio.is_future(future)
    assert not on.txaio.is_future(3)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="from 3.13 on, such a dict costs nothing")
def test_making_a_future_does_not_slow_its_loop(on):
    """CPython keeps attributes without a dict until somebody looks at that, and finds them slower with one."""
    if on.name != "asyncio":
        pytest.skip("uvloop's loop keeps none of its own, Twisted's future has no loop")
    loop = asyncio.new_event_loop()

    def has_dict():
        return any(isinstance(each, dict) and "_ready" in each for each in gc.get_referents(loop))

    try:
        assert not has_dict()
        made = on.txaio.with_config(loop=loop).create_future()
        assert made.get_loop() is loop
        assert not has_dict()
        assert loop.__dict__
        assert has_dict(), "or this test would not see one"
    finally:
        loop.close()


def test_a_loops_own_create_future_is_called(on):
    if on.name == "twisted":
        pytest.skip("Deferreds have no loop")
    loop = asyncio.new_event_loop() if on.name == "asyncio" else type(on.loop)()
    made = []
    api = on.txaio.with_config(loop=loop)
    try:
        assert api.create_future().get_loop() is loop
        loop.create_future = lambda: made.append(asyncio.Future(loop=loop)) or made[-1]
        assert api.create_future() is made[0]
        loop.create_future = asyncio.BaseEventLoop.create_future.__get__(on.loop)  # bound to another
        assert api.create_future().get_loop() is on.loop
    finally:
        loop.close()


def test_a_future_gets_its_result(on):
    future = on.txaio.create_future()
    seen = []
    on.txaio.add_callbacks(future, seen.append, None)
    assert not on.txaio.is_called(future)
    on.txaio.resolve(future, 42)
    assert on.txaio.is_called(future)
    on.turn()
    assert seen == [42]


def test_resolve_without_a_value_gives_none(on):
    future = on.txaio.create_future()
    on.txaio.resolve(future)
    assert on.wait(future) is None


def test_create_future_takes_a_result_that_is_none(on):
    future = on.txaio.create_future(result=None)
    assert on.txaio.is_called(future)
    assert on.wait(future) is None


def test_create_future_takes_an_error(on):
    with pytest.raises(ZeroDivisionError):
        on.wait(on.txaio.create_future(error=ZeroDivisionError()))


def test_a_result_and_an_error_at_once_are_refused(on):
    with pytest.raises(ValueError, match="both result and error"):
        on.txaio.create_future(result=1, error=ValueError())


def test_arguments_can_be_given_by_name(on):
    txaio = on.txaio
    future = txaio.create_future()
    seen = []
    txaio.add_callbacks(future=future, callback=seen.append, errback=None)
    txaio.resolve(future=future, result=1)
    on.turn()
    assert seen == [1]
    assert on.wait(txaio.as_future(fun=lambda **names: names, a=1)) == {"a": 1}
    assert on.wait(txaio.create_future_success(result=5)) == 5


def test_arguments_can_be_given_by_the_names_that_the_guide_has(on):
    txaio = on.txaio
    future = txaio.create_future()
    txaio.resolve(future, value=7)
    assert on.wait(future) == 7
    assert on.wait(txaio.as_future(func=lambda **names: names, a=1)) == {"a": 1}
    done = txaio.create_future()
    txaio.call_later(delay=0, func=lambda **names: txaio.resolve(done, names), b=2)
    assert on.wait(done) == {"b": 2}
    assert isinstance(txaio.make_batched_timer(seconds_per_bucket=1, chunk_size=3), txaio.interfaces.IBatchedTimer)


def test_an_argument_name_from_the_guide_goes_to_the_function_if_there_is_one(on):
    txaio = on.txaio
    assert on.wait(txaio.as_future(lambda **names: names, func=1)) == {"func": 1}
    assert on.wait(txaio.as_future(func=1, fun=lambda **names: names)) == {"func": 1}
    with pytest.raises(TypeError, match="multiple values for argument 'result'"):
        txaio.resolve(txaio.create_future(), 1, value=2)


def test_call_later_refuses_non_callables_at_once(on):
    with pytest.raises(TypeError, match="call_later.. needs a callable"):
        on.txaio.call_later(0, 3)
    with pytest.raises(TypeError, match="call_later.. needs a callable"):
        on.txaio.make_batched_timer(1).call_later(0, 3)


def test_a_call_can_have_any_number_of_arguments(on):
    named = {f"name{i}": i for i in range(40)}
    seen = []
    assert on.wait(on.txaio.as_future(lambda *args, **names: (args, names), *range(40), **named)) == (tuple(range(40)), named)
    assert on.wait(on.txaio.as_future(fun=lambda **names: names, **named)) == named
    called = on.txaio.create_future()
    on.txaio.call_later(0, lambda *args, **names: (seen.append((args, names)), on.txaio.resolve(called)), *range(40), **named)
    on.wait(called)
    assert seen == [(tuple(range(40)), named)]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda t: t.create_future(1, 2, 3, 4), "create_future"),
        (lambda t: t.create_future(reslt=1), "unexpected keyword argument 'reslt'"),
        (lambda t: t.resolve(), "missing 1 required positional argument: 'future'"),
        (lambda t: t.add_callbacks(None, None), "missing 1 required positional argument: 'errback'"),
        (lambda t: t.cancel(1, future=2), "multiple values for argument 'future'"),
        (lambda t: t.as_future(), "missing 1 required positional argument: 'fun'"),
        (lambda t: t.call_later(1), "missing 1 required positional argument: 'fun'"),
    ],
)
def test_wrong_arguments_are_a_type_error_that_names_them(on, call, words):
    with pytest.raises(TypeError, match=words):
        call(on.txaio)


def test_an_errback_gets_the_exception_with_its_traceback(on):
    failures = []
    future = on.txaio.create_future()
    on.txaio.add_callbacks(future, None, failures.append)
    try:
        raise RuntimeError("it failed")
    except RuntimeError as error:
        expected = error
        on.txaio.reject(future)
    on.turn()
    (failure,) = failures
    assert isinstance(failure, on.txaio.IFailedFuture)
    assert failure.value is expected
    assert on.txaio.failure_message(failure) == "RuntimeError: it failed"
    assert on.txaio.failure_traceback(failure).tb_frame.f_code.co_name == sys._getframe().f_code.co_name
    assert "test_futures.py" in on.txaio.failure_format_traceback(failure)
    assert "it failed" in str(failure)


def test_an_errback_runs_as_in_an_except_block_on_asyncio(on):
    if not on.is_asyncio:
        pytest.skip("Twisted calls errbacks outside of it")
    handled = []
    future = on.txaio.create_future_error(ValueError("x"))
    on.txaio.add_callbacks(future, None, lambda fail: handled.append(sys.exc_info()[1]))
    on.turn()
    assert str(handled[0]) == "x"
    assert sys.exc_info()[1] is None


def test_reject_takes_exceptions_and_failures_only(on):
    future = on.txaio.create_future()
    with pytest.raises(RuntimeError, match="reject requires"):
        on.txaio.reject(future, "a string")
    on.txaio.resolve(future)


def test_reject_takes_a_failure(on):
    future = on.txaio.create_future()
    on.txaio.reject(future, on.txaio.create_failure(KeyError("k")))
    with pytest.raises(KeyError):
        on.wait(future)


def test_reject_outside_an_except_block_needs_an_error(on):
    future = on.txaio.create_future()
    if on.is_asyncio:
        with pytest.raises(TypeError, match="except block"):
            on.txaio.reject(future)
    else:
        with pytest.raises(NoCurrentExceptionError):
            on.txaio.reject(future)
    on.txaio.resolve(future)


def test_create_future_error_takes_the_exception_that_is_handled(on):
    try:
        raise LookupError("this one")
    except LookupError:
        future = on.txaio.create_future_error()
    with pytest.raises(LookupError, match="this one"):
        on.wait(future)


def test_both_callbacks_none_is_refused(on):
    with pytest.raises(ValueError, match="both callback and errback"):
        on.txaio.add_callbacks(on.txaio.create_future(), None, None)


def test_an_exception_of_a_callback_reaches_the_errback_as_in_the_framework(on):
    seen = []
    future = on.txaio.create_future()
    on.txaio.add_callbacks(future, lambda value: 1 / 0, lambda fail: seen.append(fail.value))
    on.txaio.resolve(future, 1)
    on.turn()
    if on.is_asyncio:
        assert [type(each) for each in seen] == [ZeroDivisionError]
    else:
        assert seen == []
        future.addErrback(lambda fail: None)


def test_an_exception_of_a_callback_without_an_errback_is_reported(on):
    if not on.is_asyncio:
        pytest.skip("Twisted hands it down the chain")
    future = on.txaio.create_future_success(1)
    on.txaio.add_callbacks(future, lambda value: 1 / 0, None)
    on.turn()
    (context,) = on.unhandled
    assert isinstance(context["exception"], ZeroDivisionError)
    on.unhandled.clear()


def test_a_failure_without_an_errback_skips_the_callback(on):
    future = on.txaio.create_future_error(ValueError())
    on.txaio.add_callbacks(future, lambda value: pytest.fail("called"), None)
    on.txaio.add_callbacks(future, None, lambda fail: None)
    on.turn()


def test_the_canceller_gets_the_future(on):
    cancelled = []
    future = on.txaio.create_future(canceller=cancelled.append)
    on.txaio.cancel(future)
    on.txaio.add_callbacks(future, None, lambda fail: None)
    on.turn(2)
    assert cancelled == [future]


@pytest.mark.parametrize("complete", ["resolve", "reject"])
def test_completing_a_future_that_was_cancelled_does_nothing(on, complete):
    future = on.txaio.create_future()
    seen = []
    on.txaio.add_callbacks(future, seen.append, lambda fail: seen.append(type(fail.value).__name__))
    on.txaio.cancel(future)
    with pytest.raises((RuntimeError, TypeError)):
        on.txaio.reject(future, "no error")
    getattr(on.txaio, complete)(future, ValueError("too late"))
    on.turn(2)
    assert seen == ["CancelledError"]
    done = on.txaio.create_future_success(1)
    with pytest.raises(Exception) as raised:
        getattr(on.txaio, complete)(done, ValueError("twice"))
    assert type(raised.value).__name__ == ("InvalidStateError" if on.is_asyncio else "AlreadyCalledError")


def test_the_canceller_is_not_called_for_other_outcomes(on):
    for outcome in ({"result": 1}, {"error": ValueError()}):
        future = on.txaio.create_future(canceller=lambda f: pytest.fail("called"), **outcome)
        on.txaio.add_callbacks(future, None, lambda fail: None)
        on.turn(2)


def test_a_canceller_of_none_is_none(on):
    future = on.txaio.create_future(canceller=None)
    on.txaio.cancel(future)
    on.txaio.add_callbacks(future, None, lambda fail: None)
    on.turn(2)


def test_cancel_passes_its_message_on_asyncio(on):
    failures = []
    future = on.txaio.create_future()
    on.txaio.add_callbacks(future, None, failures.append)
    on.txaio.cancel(future, msg="not wanted")
    on.turn()
    expected = "CancelledError: not wanted" if on.is_asyncio else "CancelledError: "
    assert on.txaio.failure_message(failures[0]) == expected


# ---- as_future


def test_as_future_calls_at_once(on):
    called = []
    future = on.txaio.as_future(called.append, 1)
    assert called == [1]
    assert on.wait(future) is None


def test_as_future_passes_arguments(on):
    assert on.wait(on.txaio.as_future(lambda *a, **k: (a, k), 1, 2, b=3)) == ((1, 2), {"b": 3})


def test_as_future_turns_an_exception_into_a_failure_with_its_traceback(on):
    def fails():
        raise ValueError("inside")

    failures = []
    on.txaio.add_callbacks(on.txaio.as_future(fails), None, failures.append)
    on.turn()
    assert on.txaio.failure_message(failures[0]) == "ValueError: inside"
    assert "in fails" in on.txaio.failure_format_traceback(failures[0])


def test_as_future_returns_the_future_that_a_function_returns(on):
    inner = on.txaio.create_future_success(1)
    assert on.txaio.as_future(lambda: inner) is inner


def test_as_future_runs_a_coroutine(on):
    async def coroutine(value):
        await on.txaio.sleep(0)
        return value

    assert on.wait(on.txaio.as_future(coroutine, 7)) == 7


def test_as_future_of_a_coroutine_with_wrong_arguments_fails(on):
    async def coroutine():
        pass

    with pytest.raises(TypeError):
        on.wait(on.txaio.as_future(coroutine, 1, 2))


def test_as_future_of_an_async_generator_says_what_is_wrong(on):
    if not on.is_asyncio:
        pytest.skip("Twisted takes it for a value")

    async def generator():
        yield 1

    with pytest.raises(RuntimeError, match="use 'yield' when you meant 'await'"):
        on.txaio.as_future(generator)


@pytest.mark.parametrize("value", [None, 0, "text", 1.5, b"", (), [], {}, object(), Exception("a value")])
def test_as_future_keeps_any_value(on, value):
    assert on.wait(on.txaio.as_future(lambda: value)) is value


def test_as_future_lets_keyboard_interrupt_pass_on_asyncio(on):
    def interrupted():
        raise KeyboardInterrupt

    if on.is_asyncio:
        with pytest.raises(KeyboardInterrupt):
            on.txaio.as_future(interrupted)
    else:
        with pytest.raises(KeyboardInterrupt):
            on.wait(on.txaio.as_future(interrupted))


# ---- gather


def test_gather_keeps_the_order_of_its_arguments(on):
    first, second = on.txaio.create_future(), on.txaio.create_future()
    whole = on.txaio.gather([first, second])
    on.txaio.resolve(second, 2)
    on.turn()
    assert not on.txaio.is_called(whole)
    on.txaio.resolve(first, 1)
    assert on.wait(whole) == [1, 2]


def test_gather_of_nothing_is_empty(on):
    assert on.wait(on.txaio.gather([])) == []


def test_gather_takes_any_iterable(on):
    assert on.wait(on.txaio.gather(on.txaio.create_future_success(i) for i in range(3))) == [0, 1, 2]


def test_gather_consumes_failures(on):
    error = ValueError("x")
    whole = on.txaio.gather([on.txaio.create_future_success(1), on.txaio.create_future_error(error)])
    one, failed = on.wait(whole)
    assert one == 1
    assert (failed if on.is_asyncio else failed.value) is error


def test_gather_can_pass_failures_on(on):
    parts = [on.txaio.create_future_success(1), on.txaio.create_future_error(ValueError("first"))]
    whole = on.txaio.gather(parts, consume_exceptions=False)
    with pytest.raises(ValueError, match="first"):
        on.wait(whole)
    on.txaio.add_callbacks(parts[1], None, lambda fail: None)
    on.turn()


def test_cancelling_a_gather_cancels_its_parts(on):
    parts = [on.txaio.create_future() for _ in range(3)]
    whole = on.txaio.gather(parts)
    on.txaio.cancel(whole)
    seen = []
    on.txaio.add_callbacks(whole, lambda values: seen.append("values"), lambda fail: seen.append("failed"))
    on.turn(3)
    assert all(on.txaio.is_called(each) for each in parts)
    assert seen == (["failed"] if on.is_asyncio else ["values"])


def test_gather_counts_a_duplicate_future_twice(on):
    if not on.is_asyncio:
        pytest.skip("a Deferred's chain takes both callbacks anyway")
    one = on.txaio.create_future()
    whole = on.txaio.gather([one, one])
    on.txaio.resolve(one, 5)
    assert on.wait(whole) == [5, 5]


def test_gather_runs_coroutines_on_asyncio(on):
    if not on.is_asyncio:
        pytest.skip("Twisted's takes Deferreds")

    async def part(value):
        await on.txaio.sleep(0)
        return value

    assert on.wait(on.txaio.gather([part(1), part(2)])) == [1, 2]


def test_gather_refuses_futures_of_several_loops(on):
    if not on.is_asyncio:
        pytest.skip("Twisted has one reactor")
    other = on.new_loop()
    with pytest.raises(ValueError, match="different loop"):
        on.txaio.gather([on.txaio.create_future(), other.create_future()])
    other.close()


# ---- lifetimes


def test_nothing_keeps_a_future_whose_callbacks_refer_to_it(on):
    class Holder:
        def done(self, value):
            pass

    holder = Holder()
    holder.future = on.txaio.create_future()
    on.txaio.add_callbacks(holder.future, holder.done, holder.done)
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None


def test_nothing_keeps_a_gather_that_is_dropped(on):
    class Value:
        pass

    parts = [on.txaio.create_future() for _ in range(3)]
    value = Value()
    on.txaio.resolve(parts[0], value)
    whole = on.txaio.gather(parts)
    on.turn(2)
    gone = weakref.ref(value)
    del parts, whole, value
    gc.collect()
    assert gone() is None


def test_a_loop_mixin_gives_a_class_the_functions_as_methods(on):
    """As in txaio's overview: only its base class binds generic code to a framework."""
    from interloop.txaio import aio, tx

    class Generic:
        def answer(self):
            made = self.create_future()
            self.resolve(made, 42)
            return self.as_future(lambda: made)

    class Session(Generic, (tx if on.name == "twisted" else aio).LoopMixin):
        pass

    assert on.wait(Session().answer()) == 42
    assert {name for name in vars(aio.LoopMixin) if not name.startswith("_")} >= {"gather", "call_later", "failure_message"}
