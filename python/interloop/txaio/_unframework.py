# SPDX-License-Identifier: MIT
"""The API before a framework is selected: every function says how to select one."""

from interloop import txaio as _txaio
from interloop.txaio import _throw_usage_error

using_twisted = False
using_asyncio = False
config = _txaio._Config()
globals().update(dict.fromkeys(_txaio._functions, _throw_usage_error))
