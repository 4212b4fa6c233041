# SPDX-License-Identifier: MIT
"""Deferreds that txaio's functions work on without Twisted's code: it must look as if Twisted had done it."""

import gc
import traceback
import warnings

import pytest
from support import frameworks
from twisted.internet import defer
from twisted.internet.defer import AlreadyCalledError, CancelledError, Deferred
from twisted.python import failure
from twisted.python.failure import Failure


@pytest.fixture
def on():
    made = frameworks.Twisted()
    yield made
    gc.collect()
    made.close()
    assert made.unhandled == []


class Ours:
    def __init__(self, txaio):
        self.make, self.call, self.fail, self.add = txaio.create_future, txaio.resolve, txaio.reject, txaio.add_callbacks
        self.failure, self.done, self.failed = txaio.create_failure, txaio.create_future_success, txaio.create_future_error


class Twisteds:
    make, failure, done, failed = Deferred, Failure, staticmethod(defer.succeed), staticmethod(defer.fail)
    call, fail = Deferred.callback, Deferred.errback

    @staticmethod
    def add(deferred, callback, errback):
        return deferred.addErrback(errback) if callback is None else deferred.addCallbacks(callback, errback)


@pytest.fixture(params=["ours", "twisted"])
def how(request, on):
    return Ours(on.txaio) if request.param == "ours" else Twisteds


def frames(trace):
    return [each.name for each in traceback.extract_tb(trace)]


def test_a_chain_passes_values_failures_and_exceptions_on(how):
    def raises(value):
        raise LookupError(value)

    seen = []
    deferred = how.make()
    how.add(deferred, lambda value: value + 1, None)
    how.add(deferred, raises, None)
    how.add(deferred, lambda value: seen.append("not here"), None)
    how.add(deferred, None, lambda fail: seen.append((fail.type, fail.value.args, frames(fail.tb))) or fail)
    how.add(deferred, None, lambda fail: Failure(KeyError("k")))
    deferred.addErrback(lambda fail, *args, **kwargs: seen.append((fail.type, args, kwargs)) or "end", 1, a=2)
    how.call(deferred, 1)
    assert seen == [(LookupError, (2,), ["_runCallbacks", "raises"]), (KeyError, (1,), {"a": 2})]
    assert deferred.result == "end"
    how.add(deferred, seen.append, None)
    assert seen[-1] == "end"
    assert deferred.result is None
    assert not deferred._callbacks


@pytest.mark.parametrize("kind", ["called", "failed", "pending", "paused", "derived"])
def test_a_deferred_that_a_callback_returns_is_waited_for(how, kind):
    class Derived(Deferred):
        pass

    inner = {"called": lambda: defer.succeed(5), "failed": lambda: defer.fail(KeyError(5)), "derived": Derived}.get(kind, Deferred)()
    seen = []
    deferred = how.make()
    how.add(deferred, lambda value: inner, None)
    how.add(deferred, lambda value: seen.append(value), lambda fail: seen.append(fail.value.args[0]))
    if kind == "paused":
        inner.callback(5)
        inner.pause()
    how.call(deferred, 1)
    if kind in ("pending", "derived"):
        assert seen == []
        assert deferred._chainedTo is inner
        how.call(inner, 5)
    elif kind == "paused":
        assert seen == []
        inner.unpause()
    assert seen == [5]
    assert inner.result is None


def test_a_callback_that_returns_its_own_deferred_is_warned_of(how):
    def itself(value):
        return deferred

    deferred = how.make()
    how.add(deferred, itself, None)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        how.call(deferred, 1)
    assert ["Callback returned the Deferred it was attached to" in str(each.message) for each in told] == [True]
    assert told[0].filename == __file__
    deferred._callbacks.clear()


def test_what_is_added_inside_a_callback_runs_after_it(how):
    seen = []

    def adds(value):
        how.add(deferred, lambda value: seen.append(("added", value)), None)
        seen.append("adds")
        return value + 1

    deferred = how.make()
    how.add(deferred, adds, None)
    how.add(deferred, lambda value: seen.append(("second", value)), None)
    how.call(deferred, 1)
    assert seen == ["adds", ("second", 2), ("added", None)]


def test_a_paused_chain_waits(how):
    seen = []
    deferred = how.make()
    how.add(deferred, seen.append, None)
    deferred.pause()
    how.call(deferred, 1)
    how.add(deferred, seen.append, None)
    assert seen == []
    deferred.unpause()
    assert seen == [1, None]


def test_a_second_call_is_refused_except_after_cancelling(how):
    deferred = how.done(1)
    for again in (lambda: how.call(deferred, 2), lambda: how.fail(deferred, Failure(KeyError()))):
        with pytest.raises(AlreadyCalledError):
            again()
    cancelled = how.make()
    how.add(cancelled, None, lambda fail: fail.trap(CancelledError) and None)
    cancelled.cancel()
    how.call(cancelled, 1)
    with pytest.raises(AlreadyCalledError):
        how.call(cancelled, 2)


def test_a_failure_that_nobody_takes_is_reported(on, how):
    deferred = how.failed(how.failure(KeyError("nobody")))
    assert deferred._debugInfo.failResult is deferred.result
    how.add(deferred, None, lambda fail: None)
    assert deferred._debugInfo.failResult is None
    del deferred
    gc.collect()
    assert on.unhandled == []
    how.fail(how.make(), Failure(KeyError("nobody")))
    gc.collect()
    assert len(on.unhandled) == 1
    on.unhandled.clear()


def test_a_failure_is_like_twisteds(how):
    def raises():
        raise KeyError("k")

    for with_traceback in (False, True):
        error = KeyError("k")
        if with_traceback:
            with pytest.raises(KeyError) as caught:
                raises()
            error = caught.value
        before = failure.count
        made, twisteds = how.failure(error), Failure(error)
        assert failure.count == before + 2
        assert made.count == before + 1
        assert list(made.__dict__) == list(twisteds.__dict__)
        assert {**made.__dict__, "count": 0} == {**twisteds.__dict__, "count": 0}
        assert made.args == twisteds.args == (error,)
        assert made.getTraceback().replace(hex(id(made)), "") == twisteds.getTraceback().replace(hex(id(twisteds)), "")
        assert made.value is error
        assert (made.tb is None) is not with_traceback


def test_debugging_is_twisteds(how):
    defer.setDebugging(True)
    try:
        deferred = how.make()
        assert deferred._debugInfo.creator
        how.call(deferred, 1)
        assert deferred._debugInfo.invoker
        with pytest.raises(AlreadyCalledError, match="First Invoker"):
            how.call(deferred, 2)
    finally:
        defer.setDebugging(False)
    assert how.make()._debugInfo is None


def test_derived_and_changed_classes_are_asked(on, monkeypatch):
    asked = []
    how = Ours(on.txaio)

    class Derived(Deferred):
        def callback(self, result):
            asked.append("derived")
            super().callback(result)

    how.call(Derived(), 1)
    assert asked == ["derived"]
    for name, operation in {
        "callback": lambda deferred: how.call(deferred, 1),
        "errback": lambda deferred: how.fail(deferred, Failure(KeyError())),
        "addCallbacks": lambda deferred: how.add(deferred, len, len),
        "addErrback": lambda deferred: how.add(deferred, None, len),
        "_runCallbacks": lambda deferred: how.call(deferred, 1),
    }.items():

        def changed(self, *args, name=name, own=getattr(Deferred, name)):
            asked.append(name)
            return own(self, *args)

        with monkeypatch.context() as patch:
            patch.setattr(Deferred, name, changed)
            asked.clear()
            deferred = Deferred()
            operation(deferred)
            assert asked == [name]
        deferred.addErrback(lambda fail: None)
        deferred = Deferred()
        if name != "_runCallbacks":
            setattr(deferred, name, changed.__get__(deferred))
            operation(deferred)
            assert asked == [name, name]
            delattr(deferred, name)
            deferred.addErrback(lambda fail: None)
        asked.clear()
        operation(deferred := Deferred())
        assert asked == []
        deferred.addErrback(lambda fail: None)


def test_an_objects_attributes_are_those_that_twisted_gives_it(how):
    deferred = how.make()
    assert list(deferred.__dict__) == list(Deferred().__dict__)
    how.call(deferred, 1)
    by_twisted = Deferred()
    by_twisted.callback(1)
    assert deferred.__dict__ == by_twisted.__dict__
    assert how.done(1).__dict__ == defer.succeed(1).__dict__
