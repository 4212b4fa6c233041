# SPDX-License-Identifier: MIT
import asyncio
from collections.abc import Callable, Coroutine
from types import GenericAlias
from typing import Any, Generic, Literal, ParamSpec, Protocol, Self, TypeAlias, TypeVar, overload

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_P = ParamSpec("_P")
_Loop: TypeAlias = Literal["twisted", "asyncio", "uvloop"] | asyncio.AbstractEventLoop | object | None

__all__ = [
    "setup",
    "run_in_reactor",
    "EventualResult",
    "TimeoutError",
    "retrieve_result",
    "no_setup",
    "wait_for",
    "ReactorStopped",
    "__version__",
]

__version__: str

class TimeoutError(Exception):
    """The result did not come in time. The operation goes on, unless `wait_for` has cancelled it."""

class ReactorStopped(Exception):
    """The loop stopped while a thread waited for a result."""

class EventualResult(Generic[_T_co]):
    """What a function decorated with `run_in_reactor` returns: a result that comes later. Any thread may have it."""

    def __new__(cls, deferred: Deferred[_T_co] | asyncio.Future[_T_co] | None, _reactor: object) -> Self: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...
    def cancel(self) -> None:
        """Asks the operation to stop."""

    def wait(self, timeout: float | None) -> _T_co:
        """The result, or the exception of the operation, any number of times.

        Blocks for up to `timeout` seconds, then raises `TimeoutError`; None waits as long as it takes.
        """

    def stash(self) -> int:
        """Keeps the result in this process. Returns a number, with which `retrieve_result` gives it back once."""

    def original_failure(self) -> Failure | None:
        """The failure with its traceback, or None if there is none yet. Does not wait."""

class _WaitFor(Protocol):
    @overload
    def __call__(self, function: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, _T]: ...
    @overload
    def __call__(self, function: Callable[_P, Deferred[_T]]) -> Callable[_P, _T]: ...
    @overload
    def __call__(self, function: Callable[_P, asyncio.Future[_T]]) -> Callable[_P, _T]: ...
    @overload
    def __call__(self, function: Callable[_P, _T]) -> Callable[_P, _T]: ...

@overload
def run_in_reactor(function: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, EventualResult[_T]]: ...
@overload
def run_in_reactor(function: Callable[_P, Deferred[_T]]) -> Callable[_P, EventualResult[_T]]: ...
@overload
def run_in_reactor(function: Callable[_P, asyncio.Future[_T]]) -> Callable[_P, EventualResult[_T]]: ...
@overload
def run_in_reactor(function: Callable[_P, _T]) -> Callable[_P, EventualResult[_T]]:
    """Decorator: the function runs in the loop's thread, and the call returns an `EventualResult` at once."""

def wait_for(timeout: float) -> _WaitFor:
    """Decorator: the function runs in the loop's thread, and the call waits for its result.

    After `timeout` seconds the call raises `TimeoutError`, and the operation is cancelled.
    """

def setup(loop: _Loop = ...) -> None:
    """Runs a loop in a thread that ends with the process. The first call wins, later ones do nothing.

    `loop` is a loop, or the name of a kind; without it, the one that `interloop.txaio` has selected, or Twisted's.
    """

def no_setup(loop: _Loop = ...) -> None:
    """Instead of `setup`, where the application runs the loop itself."""

def retrieve_result(result_id: int) -> EventualResult[object]:
    """The result that was kept by `EventualResult.stash`. Raises `KeyError` for an unknown number."""
