# SPDX-License-Identifier: MIT
"""Failures as text: their contents never cause an exception."""

import copy
import gc
import pickle
import weakref

import pytest


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


def test_a_message_that_cannot_be_made_does_not_escape(on):
    message = on.txaio.failure_message(on.txaio.create_failure(Unprintable()))
    assert "Unprintable" in message


def test_a_traceback_of_an_exception_without_text_does_not_escape(on):
    assert "Unprintable" in on.txaio.failure_format_traceback(on.txaio.create_failure(Unprintable()))


@pytest.mark.parametrize("what", ["not a failure", None, 3, Unprintable()])
def test_an_object_that_is_not_a_failure_gives_a_sentence(on, what):
    assert on.txaio.failure_message(what).startswith("Failed to produce failure message")
    assert on.txaio.failure_format_traceback(what).startswith("Failed to format failure traceback")


def test_create_failure_takes_the_exception_that_is_handled(on):
    try:
        1 / 0
    except ZeroDivisionError as error:
        failure = on.txaio.create_failure()
        assert failure.value is error
    assert on.txaio.failure_message(failure) == "ZeroDivisionError: division by zero"
    assert on.txaio.failure_traceback(failure) is not None


def test_create_failure_takes_an_exception_that_counts_as_false(on):
    class Empty(Exception):
        def __bool__(self):
            return False

    error = Empty()
    assert on.txaio.create_failure(error).value is error


def test_chained_exceptions_are_in_the_traceback(on):
    if not on.is_asyncio:
        pytest.skip("Twisted prints the last one only")
    try:
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise KeyError("outer") from error
    except KeyError:
        text = on.txaio.failure_format_traceback(on.txaio.create_failure())
    assert "ZeroDivisionError" in text and "KeyError" in text


def test_failed_future_is_like_the_originals(on):
    if not on.is_asyncio:
        pytest.skip("Twisted has Failure")
    from interloop.txaio.aio import FailedFuture

    error = ValueError("x")
    failed = FailedFuture(ValueError, error, None)
    assert (failed._type, failed._value, failed._traceback, failed.value, str(failed)) == (
        ValueError,
        error,
        None,
        error,
        "x",
    )

    class Own(FailedFuture):
        pass

    future = on.txaio.create_future()
    on.txaio.reject(future, Own(ValueError, error, None))
    with pytest.raises(ValueError):
        on.wait(future)


@pytest.mark.parametrize("text", ["one\ntwo", "one\r\ntwo", "one\ntwo\n"])
def test_a_message_is_one_line(on, text):
    assert on.txaio.failure_message(on.txaio.create_failure(ValueError(text))) == "ValueError: one two"


def test_a_messages_last_line_break_is_dropped(on):
    assert on.txaio.failure_message(on.txaio.create_failure(ValueError("one\n"))) == "ValueError: one"


def test_a_failed_future_can_be_copied_marked_and_referred_to_weakly(on):
    if not on.is_asyncio:
        pytest.skip("Twisted has Failure")
    failure = on.txaio.create_failure(ValueError("x"))
    failure.seen = True
    for other in (copy.copy(failure), pickle.loads(pickle.dumps(failure))):
        assert (type(other), type(other.value), str(other), other.seen) == (type(failure), ValueError, "x", True)
    reference = weakref.ref(failure)
    assert reference() is failure
    failure.itself = failure  # the garbage collector sees attributes that were added
    del failure
    gc.collect()
    assert reference() is None


def test_the_overviews_name_of_the_formatted_traceback_works(on):
    failure = on.txaio.create_failure(ValueError("x"))
    for api in (on.txaio, on.txaio.with_config()):
        assert api.failure_formatted_traceback(failure) == on.txaio.failure_format_traceback(failure)
