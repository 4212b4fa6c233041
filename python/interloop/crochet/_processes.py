# SPDX-License-Identifier: MIT
"""Notices that Twisted's child processes have ended, when no SIGCHLD handler can be installed.

Twisted keeps the processes that it waits for in a dict. While that is empty, nothing needs to be checked, so an idle
program sleeps.
"""


class _Watched(dict):
    def __init__(self, known, added):
        super().__init__(known)
        self._added = added

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self._added()


def reap_on_demand(reactor, reap, interval=0.1):
    """Calls ``reap`` every ``interval`` seconds while there are processes to wait for. The reactor's thread."""
    from twisted.internet import process
    from twisted.internet.task import LoopingCall

    def look():
        reap()
        if not process.reapProcessHandlers and looping.running:
            looping.stop()

    def added():
        if not looping.running:
            looping.start(interval, False)

    looping = LoopingCall(look)
    looping.clock = reactor
    process.reapProcessHandlers = _Watched(process.reapProcessHandlers, added)
    if process.reapProcessHandlers:
        added()
