# SPDX-License-Identifier: MIT
"""Stores EventualResults by number, so that a web session, say, can fetch one later."""

import threading

from interloop.crochet import _reports
from interloop.crochet._util import synchronized


class ResultStore:
    """A store of EventualResults. Any thread."""

    def __init__(self):
        self._counter = 0
        self._stored = {}
        self._lock = threading.Lock()

    @synchronized
    def store(self, deferred_result):
        """Keeps a result; returns its number, which is higher than all earlier ones."""
        self._counter += 1
        self._stored[self._counter] = deferred_result
        return self._counter

    @synchronized
    def retrieve(self, result_id):
        """Removes and returns the result with that number. KeyError if there is none."""
        return self._stored.pop(result_id)

    @synchronized
    def log_errors(self):
        """Logs the failures among the results that nobody has retrieved."""
        for result in self._stored.values():
            failure = result.original_failure()
            if failure is not None and result._failed:
                _reports.unhandled(failure, "Unhandled error in stashed EventualResult:")
