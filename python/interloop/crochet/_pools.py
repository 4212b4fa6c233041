# SPDX-License-Identifier: MIT
"""Threads of the loop's own pool that wait for the loop.

What such a thread waits for may itself need one of the pool. So while it waits, the pool may have a thread more: else a
pool full of waiting threads would have none left that can end their waiting. Afterwards its limit is what it was.
"""

import threading
import weakref
from collections.abc import Callable

_lock = threading.Lock()
_limits: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class _Limit:
    """How many threads a pool may have, and how it is changed for a while. With the lock."""

    def __init__(self, attribute):
        self._attribute = attribute
        self._left = None  # as it was left here
        self._owners = 0  # how often its owner has set it since

    def change(self, pool, by, owners=None):
        """Returns what to give with the change back, which is not made where the owner has set the limit meanwhile."""
        now = getattr(pool, self._attribute)
        if now != self._left:
            self._owners += 1
        if owners in (None, self._owners):
            now += by
            setattr(pool, self._attribute, now)
        self._left = now
        return self._owners


def lend(pool) -> Callable[[], None] | None:
    """Lets a pool have a thread more if this is one of its threads; what is to be called once it waits no longer.

    ``pool``: Twisted's ThreadPool, or asyncio's default executor. None: this is another thread, or it is another kind.
    """
    try:
        this = threading.current_thread()
        if hasattr(pool, "adjustPoolsize"):
            return _lend(pool, "max", _fill_twisted, pool.adjustPoolsize) if this in pool.threads else None
        if not pool._shutdown_lock.locked() and not pool._threads:
            return None
        with pool._shutdown_lock:  # under which a thread that has begun already is put among the others
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
        pass  # it has been stopped meanwhile, or no thread can be started any more


def _fill_twisted(pool):
    if pool.q.qsize():
        pool.startAWorker()


def _fill_executor(pool):
    with pool._shutdown_lock:
        while pool._idle_semaphore.acquire(blocking=False):
            pass  # it may count threads that have found more work: no thread would be started then
        if pool._work_queue.qsize() and not pool._shutdown:
            pool._adjust_thread_count()
