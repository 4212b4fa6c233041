# SPDX-License-Identifier: MIT
"""Crochet, compiled: call an event loop from ordinary threads. A drop-in replacement of the package ``crochet``.

``setup()`` runs a loop in a thread; ``run_in_reactor`` and ``wait_for`` decorate functions that run there. Beyond the
original, any loop can be used: ``setup("asyncio")``, ``setup("uvloop")``, ``setup(loop)``; without an argument it is
the one that ``interloop.txaio`` has selected, or otherwise Twisted's.
"""

from interloop.crochet._eventloop import EventLoop, EventualResult, ReactorStopped, TimeoutError, _store
from interloop.crochet._shutdown import _watchdog, register
from interloop.crochet._version import __version__

try:
    from twisted.internet.process import reapAllProcesses
    from twisted.python.log import startLoggingWithObserver
except ImportError:  # asyncio only
    reapAllProcesses = startLoggingWithObserver = None


def _importReactor():  # noqa: N802  Crochet's name
    from twisted.internet import reactor

    return reactor


_main = EventLoop(_importReactor, register, startLoggingWithObserver, _watchdog, reapAllProcesses)
setup = _main.setup
no_setup = _main.no_setup
run_in_reactor = _main.run_in_reactor
wait_for = _main.wait_for
retrieve_result = _store.retrieve

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
