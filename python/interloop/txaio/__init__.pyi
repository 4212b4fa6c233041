# SPDX-License-Identifier: MIT
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import IO, Any, NoReturn, Protocol

from interloop.txaio.interfaces import IBatchedTimer
from interloop.txaio.interfaces import IFailedFuture as IFailedFuture
from interloop.txaio.interfaces import ILogger as ILogger

__all__ = (
    "with_config",
    "using_twisted",
    "using_asyncio",
    "use_twisted",
    "use_asyncio",
    "config",
    "create_future",
    "create_future_success",
    "create_future_error",
    "create_failure",
    "as_future",
    "is_future",
    "reject",
    "resolve",
    "cancel",
    "add_callbacks",
    "gather",
    "is_called",
    "call_later",
    "failure_message",
    "failure_traceback",
    "failure_format_traceback",
    "make_batched_timer",
    "make_logger",
    "start_logging",
    "set_global_log_level",
    "get_global_log_level",
    "add_log_categories",
    "IFailedFuture",
    "ILogger",
    "sleep",
    "time_ns",
    "perf_counter_ns",
)

__version__: str
version: str

class _Handle(Protocol):
    def cancel(self) -> Any: ...

class _Config:
    loop: Any

class _Api(Protocol):
    """What with_config returns: the functions on a loop of its own. Futures are asyncio's or Twisted's: Any."""

    using_twisted: bool
    using_asyncio: bool
    def create_future(self, result: object = ..., error: object = ..., canceller: Callable[[Any], object] | None = ...) -> Any: ...
    def create_future_success(self, result: object) -> Any: ...
    def create_future_error(self, error: IFailedFuture | BaseException | None = ...) -> Any: ...
    def create_failure(self, exception: BaseException | None = ...) -> Any: ...
    def as_future(self, fun: Callable[..., object], *args: Any, **kwargs: Any) -> Any: ...
    def is_future(self, obj: object) -> bool: ...
    def is_called(self, future: Any) -> bool: ...
    def resolve(self, future: Any, result: object = ...) -> None: ...
    def reject(self, future: Any, error: IFailedFuture | BaseException | None = ...) -> None: ...
    def cancel(self, future: Any, msg: str | None = ...) -> None: ...
    def add_callbacks(self, future: Any, callback: Callable[[Any], object] | None, errback: Callable[[Any], object] | None) -> Any: ...
    def gather(self, futures: Iterable[Any], consume_exceptions: bool = ...) -> Any: ...
    def call_later(self, delay: float, fun: Callable[..., object], *args: Any, **kwargs: Any) -> _Handle: ...
    def make_batched_timer(self, bucket_seconds: float, chunk_size: int = ...) -> IBatchedTimer: ...
    def sleep(self, delay: float) -> Any: ...
    def failure_message(self, fail: Any) -> str: ...
    def failure_traceback(self, fail: Any) -> TracebackType | None: ...
    def failure_format_traceback(self, fail: Any) -> str: ...

using_twisted: bool
using_asyncio: bool
config: _Config

_explicit_framework: str | None
_functions: list[str]

def _throw_usage_error(*args: Any, **kwargs: Any) -> NoReturn: ...
def use_twisted() -> None:
    """Selects Twisted."""

def use_asyncio() -> None:
    """Selects asyncio."""

def with_config(loop: Any = ...) -> _Api:
    """An object that has every function that uses a loop, on the given loop."""

def create_future(result: object = ..., error: object = ..., canceller: Callable[[Any], object] | None = ...) -> Any:
    """A future: pending, or completed with `result` or `error`. `canceller` is called when somebody cancels it."""

def create_future_success(result: object) -> Any:
    """A future that has a result."""

def create_future_error(error: IFailedFuture | BaseException | None = ...) -> Any:
    """A future that has failed; without an argument, with the exception that is being handled."""

def create_failure(exception: BaseException | None = ...) -> Any:
    """Wraps an exception, or else the one that is being handled, with its traceback."""

def as_future(fun: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
    """Calls a function, plain or asynchronous, and returns a future in any case."""

def is_future(obj: object) -> bool:
    """Whether the object is one of the framework's futures."""

def is_called(future: Any) -> bool:
    """Whether a future has a result or an error."""

def resolve(future: Any, result: object = ...) -> None:
    """Completes a future with a result."""

def reject(future: Any, error: IFailedFuture | BaseException | None = ...) -> None:
    """Completes a future with an error; without one, with the exception that is being handled."""

def cancel(future: Any, msg: str | None = ...) -> None:
    """Cancels a future."""

def add_callbacks(
    future: Any, callback: Callable[[Any], object] | None, errback: Callable[[Any], object] | None
) -> Any:
    """Calls `callback(result)` or `errback(fail)` when the future is completed. Either may be None."""

def gather(futures: Iterable[Any], consume_exceptions: bool = ...) -> Any:
    """A future of the list of results, when all futures are completed.

    With `consume_exceptions`, a failure is an element of the list; otherwise the future fails with one of the failures.
    """

def call_later(delay: float, fun: Callable[..., object], *args: Any, **kwargs: Any) -> _Handle:
    """Calls a function after `delay` seconds. Returns the framework's handle, which has `cancel()`."""

def make_batched_timer(bucket_seconds: float, chunk_size: int = ...) -> IBatchedTimer:
    """A timer for many timeouts: it makes the calls of each `bucket_seconds` together, `chunk_size` at a time."""

def sleep(delay: float) -> Any:
    """A future that is completed after `delay` seconds."""

def failure_message(fail: Any) -> str:
    """`Type: message`, in one line, for people."""

def failure_traceback(fail: Any) -> TracebackType | None:
    """Python's traceback object; None for an exception that was never raised."""

def failure_format_traceback(fail: Any) -> str:
    """The whole text, for developers."""

def failure_formatted_traceback(fail: Any) -> str: ...
def make_logger(level: str | None = ..., logger: Callable[..., Any] = ..., observer: Any = ...) -> ILogger:
    """A logger, named after the class or the module that calls this."""

def start_logging(out: IO[str] | IO[bytes] | None = ..., level: str = ...) -> None:
    """Writes messages of at least this level to `out`, by default the standard output. For applications."""

def set_global_log_level(level: str) -> None:
    """Changes the level of all loggers that have none of their own."""

def get_global_log_level() -> str:
    """The level that was set for all loggers."""

def add_log_categories(categories: Mapping[str, str]) -> None:
    """Names messages by categories: `log.info(log_category="name", …)` has the format given here."""

def time_ns() -> int:
    """The time since the epoch in nanoseconds."""

def perf_counter_ns() -> int:
    """A clock for measuring durations, in nanoseconds."""
