# SPDX-License-Identifier: MIT
"""Which loop ``setup`` and ``no_setup`` mean, and txaio's functions on it."""

import importlib.util
import sys

from interloop import _core
from interloop.crochet._util import patched_event


def _default(owned):
    """What txaio has selected; or the asyncio loop that runs here; or Twisted, as in Crochet; or asyncio without that.

    If the running loop belongs to Twisted's reactor, that means Twisted.
    """
    from interloop import txaio

    if txaio._explicit_framework:
        return txaio._explicit_framework
    if not owned:
        import asyncio

        running = asyncio._get_running_loop()
        reactor = sys.modules.get("twisted.internet.reactor")
        if running is not None:
            return reactor if getattr(reactor, "_asyncioEventloop", None) is running else running
    return "twisted" if importlib.util.find_spec("twisted") else "asyncio"


def reactor_for(loop, twisted_factory, owned):
    """The reactor, or a look-alike on asyncio, for the argument of ``setup`` (owned) or ``no_setup``.

    TypeError or ValueError if the argument is not a documented one; RuntimeError for uvloop if threads are patched.
    """
    if loop is None:
        loop = "twisted" if not _is_global(twisted_factory) else _default(owned)
    if loop == "twisted":
        return twisted_factory()
    if hasattr(loop, "callFromThread") and hasattr(loop, "addSystemEventTrigger"):
        return loop
    from interloop.crochet._asyncio_reactor import AsyncioReactor

    if loop in ("asyncio", "uvloop"):
        loop = _new_loop(loop) if owned else _running_loop()
    if not hasattr(loop, "call_soon_threadsafe"):
        raise TypeError(f"a loop must be 'twisted', 'asyncio', 'uvloop', a reactor or an asyncio loop, not {loop!r}")
    if patched_event() and type(loop).__module__.partition(".")[0] == "uvloop":
        raise RuntimeError("uvloop does not work if threads are greenlets (gevent, eventlet): use Twisted or asyncio")
    if owned and (loop.is_running() or loop.is_closed()):
        raise ValueError("setup() runs the loop itself: pass one that is neither running nor closed, or use no_setup()")
    return AsyncioReactor(loop, owned)


def _is_global(factory):
    from interloop import crochet

    return factory is crochet._importReactor


def _new_loop(name):
    if name == "uvloop":
        from concurrent.futures import ThreadPoolExecutor

        import uvloop

        loop = uvloop.new_event_loop()
        loop._default_executor = ThreadPoolExecutor(thread_name_prefix="asyncio")  # uvloop does not expose its executor
        loop.set_default_executor(loop._default_executor)
        return loop
    import asyncio

    return asyncio.new_event_loop()


def _running_loop():
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("no_setup(): call it inside the running loop, or pass the loop") from None


def is_twisted(reactor):
    """Whether it is Twisted's reactor, or a test's substitute for one."""
    return not hasattr(reactor, "_in_loop_thread")


def api_for(reactor):
    """An object that has txaio's ``as_future`` for functions that run in the reactor's thread."""
    if is_twisted(reactor):
        return _core.TwistedApi(_core.Config(reactor), list)
    return _core.AsyncioApi(_core.Config(reactor.loop))


def waker_of(reactor):
    """The list and the descriptor that Twisted's ``callFromThread`` uses, for reactors with that implementation."""
    try:
        from twisted.internet.base import ReactorBase

        usual = all(
            getattr(reactor, name).__func__ is getattr(ReactorBase, name) for name in ("callFromThread", "runUntilCurrent")
        )
        if usual and isinstance(reactor.threadCallQueue, list) and isinstance(reactor.waker.o, int):
            return reactor.threadCallQueue, reactor.waker.o
    except (ImportError, AttributeError, TypeError):
        pass  # another kind of reactor or release of Twisted
    return None, -1
