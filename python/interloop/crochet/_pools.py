# SPDX-License-Identifier: MIT
"""Threads of the loop's own pool that wait for the loop.

The operation that such a thread waits for may itself need a thread of the pool. So while it waits, the pool may have
one thread more: otherwise a pool full of waiting threads could not run what ends their waiting. Afterwards the limit is
restored.
"""

import threading
import weakref
from collections.abc import Callable

_lock = threading.Lock()
_limits: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class _Limit:
    """How many threads a pool may have, and how that is changed temporarily. Used under the lock."""

    def __init__(self, attribute):
        self._attribute = attribute
        self._left = None  # as this last set it
        self._owners = 0  # how often its owner has changed it

    def change(self, pool, by, owners=None):
        """Returns what to pass to undo the change, which is skipped if the owner has set the limit meanwhile."""
        now = getattr(pool, self._attribute)
        if now != self._left:
            self._owners += 1
        if owners in (None, self._owners):
            now += by
            setattr(pool, self._attribute, now)
        self._left = now
        return self._owners


def lend(pool) -> Callable[[], None] | None:
    """Lets a pool have one thread more if this is one of its threads. Returns what to call after the wait.

    ``pool``: Twisted's ThreadPool, or asyncio's default executor. Returns None for other threads or kinds of pool.
    """
    try:
        this = threading.current_thread()
        if hasattr(pool, "adjustPoolsize"):
            return _lend(pool, "max", _fill_twisted, pool.adjustPoolsize) if this in pool.threads else None
        if not pool._shutdown_lock.locked() and not pool._threads:
            return None
        with pool._shutdown_lock:  # the lock under which a started thread joins the others
            own = this in pool._threads
        return _lend(pool, "_max_workers", _fill_executor, None) if own else None
    except AttributeError:
        return None


def _lend(pool, attribute, fill, trim):
    with _lock:
        limit = _limits.setdefault(pool, _Limit(attribute))
        owners = limit.change(pool, 1)
    _unless_it_has_ended(fill, pool)

    def give_back():
        with _lock:
            limit.change(pool, -1, owners)
        if trim is not None:
            _unless_it_has_ended(trim)

    return give_back


def _unless_it_has_ended(fn, *args):
    try:
        fn(*args)
    except Exception:
        pass  # it was stopped meanwhile, or no thread can be started any more


def _fill_twisted(pool):
    if pool.q.qsize():
        pool.startAWorker()


def _fill_executor(pool):
    with pool._shutdown_lock:
        while pool._idle_semaphore.acquire(blocking=False):
            pass  # it may count threads that are busy again; then no thread would be started
        if pool._work_queue.qsize() and not pool._shutdown:
            pool._adjust_thread_count()
