# SPDX-License-Identifier: MIT
"""What both frameworks share: the batched timer, and putting the API's functions into a module's namespace."""

from interloop._core import BatchedCall as _BatchedCall
from interloop._core import BatchedTimer as _BatchedTimer
from interloop.txaio.interfaces import IBatchedTimer

IBatchedTimer.register(_BatchedTimer)

__all__ = ["IBatchedTimer", "_BatchedCall", "_BatchedTimer"]

_FUNCTIONS = (
    "sleep",
    "failure_message",
    "failure_traceback",
    "failure_format_traceback",
    "failure_formatted_traceback",  # txaio's overview calls it so
    "create_future",
    "create_future_success",
    "create_future_error",
    "as_future",
    "is_future",
    "call_later",
    "make_batched_timer",
    "is_called",
    "resolve",
    "reject",
    "cancel",
    "create_failure",
    "add_callbacks",
    "gather",
)


def _export(api, namespace):
    """Puts the functions of ``api`` into a module's namespace."""
    for name in _FUNCTIONS:
        function = namespace[name] = getattr(api, name)
        function.__module__ = namespace["__name__"]  # methods of compiled types have none
    namespace["LoopMixin"] = _mixin(namespace)


def _mixin(namespace):
    methods = {name: staticmethod(namespace[name]) for name in _FUNCTIONS}
    text = "Gives a class txaio's functions as methods, so that only its base class depends on the framework."
    return type("LoopMixin", (), methods | {"__doc__": text, "__module__": namespace["__name__"]})


def _describe_call(function):
    """A call that asyncio's debug mode reports: the function behind partials and decorators, and its location."""
    import functools
    import inspect

    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    place = f" at {code.co_filename}:{code.co_firstlineno}" if code else ""
    return f"{getattr(function, '__qualname__', None) or repr(function)}(){place}"
