# SPDX-License-Identifier: MIT
import asyncio
from collections.abc import Mapping
from time import perf_counter_ns as perf_counter_ns
from time import time_ns as time_ns
from typing import Any, IO, Literal

from interloop import _core
from interloop._core import Config as _Config
from interloop.txaio.interfaces import IFailedFuture as IFailedFuture
from interloop.txaio.interfaces import ILogger as ILogger
from interloop.txaio.interfaces import log_levels as log_levels

using_twisted: Literal[False]
using_asyncio: Literal[True]
config: _Config

Future = asyncio.Future
FailedFuture = _core.FailedFuture

def with_config(loop: asyncio.AbstractEventLoop | None = None) -> _core.AsyncioApi: ...
def add_log_categories(categories: Mapping[str, str]) -> None: ...
def make_logger() -> ILogger: ...
def start_logging(out: IO[str] | IO[bytes] | None = ..., level: str = "info") -> None: ...
def set_global_log_level(level: str) -> None: ...
def get_global_log_level() -> str: ...

# The methods of an object that has no loop of its own.
_default_api: _core.AsyncioApi
sleep = _default_api.sleep
failure_message = _default_api.failure_message
failure_traceback = _default_api.failure_traceback
failure_format_traceback = _default_api.failure_format_traceback
failure_formatted_traceback = _default_api.failure_formatted_traceback
create_future = _default_api.create_future
create_future_success = _default_api.create_future_success
create_future_error = _default_api.create_future_error
as_future = _default_api.as_future
is_future = _default_api.is_future
call_later = _default_api.call_later
make_batched_timer = _default_api.make_batched_timer
is_called = _default_api.is_called
resolve = _default_api.resolve
reject = _default_api.reject
cancel = _default_api.cancel
create_failure = _default_api.create_failure
add_callbacks = _default_api.add_callbacks
gather = _default_api.gather

class LoopMixin:
    sleep = staticmethod(_default_api.sleep)
    failure_message = staticmethod(_default_api.failure_message)
    failure_traceback = staticmethod(_default_api.failure_traceback)
    failure_format_traceback = staticmethod(_default_api.failure_format_traceback)
    failure_formatted_traceback = staticmethod(_default_api.failure_formatted_traceback)
    create_future = staticmethod(_default_api.create_future)
    create_future_success = staticmethod(_default_api.create_future_success)
    create_future_error = staticmethod(_default_api.create_future_error)
    as_future = staticmethod(_default_api.as_future)
    is_future = staticmethod(_default_api.is_future)
    call_later = staticmethod(_default_api.call_later)
    make_batched_timer = staticmethod(_default_api.make_batched_timer)
    is_called = staticmethod(_default_api.is_called)
    resolve = staticmethod(_default_api.resolve)
    reject = staticmethod(_default_api.reject)
    cancel = staticmethod(_default_api.cancel)
    create_failure = staticmethod(_default_api.create_failure)
    add_callbacks = staticmethod(_default_api.add_callbacks)
    gather = staticmethod(_default_api.gather)
