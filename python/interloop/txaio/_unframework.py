# SPDX-License-Identifier: MIT
"""The API before a framework is selected: every function says how to select one."""

from interloop import txaio as _txaio

using_twisted = False
using_asyncio = False
config = _txaio._Config()


def _throw_usage_error(*args, **kwargs):
    raise RuntimeError("To use txaio, you must first select a framework with .use_twisted() or .use_asyncio()")


for _name in _txaio.__all__:
    if _name not in ("using_twisted", "using_asyncio", "config", "use_twisted", "use_asyncio"):
        globals()[_name] = _throw_usage_error
del _name
