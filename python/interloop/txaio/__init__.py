# SPDX-License-Identifier: MIT
"""txaio, compiled: one API over Twisted and asyncio. A drop-in replacement of the package ``txaio``.

Select a framework with ``use_asyncio()`` or ``use_twisted()``; until then every function raises RuntimeError, and no
framework is imported. The functions are those of ``interloop.txaio.aio`` and ``interloop.txaio.tx``.
"""

import sys

from interloop.txaio.interfaces import IFailedFuture, ILogger

__version__ = version = "26.6.1"  # the release of txaio whose API this is


class _Config:
    """The type of ``config``. ``loop`` is a reactor (Twisted), an event loop (asyncio), or None for the default."""

    loop = None


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

_explicit_framework: str | None = None
_this = sys.modules[__name__]


def _select(name: str) -> None:
    global _explicit_framework
    if _explicit_framework is not None and _explicit_framework != name:
        raise RuntimeError(f"Explicitly using '{_explicit_framework}' already")
    before, _explicit_framework = _explicit_framework, name
    try:
        if name == "twisted":
            from interloop.txaio import tx as framework
        else:
            from interloop.txaio import aio as framework
    except BaseException:
        _explicit_framework = before  # it is not installed; another may be selected
        raise
    _use_framework(framework)


def use_twisted() -> None:
    """Selects Twisted; may be repeated. RuntimeError if asyncio is selected, ImportError if it is not installed."""
    _select("twisted")


def use_asyncio() -> None:
    """Selects asyncio; may be repeated. RuntimeError if Twisted is selected."""
    _select("asyncio")


def _use_framework(module) -> None:
    for name in __all__:
        if name not in ("use_twisted", "use_asyncio"):
            setattr(_this, name, getattr(module, name))


# Before a framework is selected. `_unframework`, a module of just this, is made on demand, because few ask for it.
using_twisted = using_asyncio = False
config = _Config()


def _throw_usage_error(*args, **kwargs):
    """Raises RuntimeError, until ``use_asyncio()`` or ``use_twisted()`` replaces this by the framework's function."""
    raise RuntimeError("To use txaio, you must first select a framework with .use_twisted() or .use_asyncio()")


_functions = [each for each in __all__ if each not in ("use_twisted", "use_asyncio", "using_twisted", "using_asyncio", "config")]
globals().update(dict.fromkeys(_functions, _throw_usage_error))


def __getattr__(name):
    if name == "_unframework":
        import importlib

        return importlib.import_module("interloop.txaio._unframework")
    if name == "failure_formatted_traceback":  # txaio's overview calls it so
        return _this.failure_format_traceback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
