# SPDX-License-Identifier: MIT
"""A library that runs on both frameworks: it names neither."""

from interloop import txaio


# [retry]
class Retry:
    """Calls a function, which may return a future, until it succeeds, but only `attempts` times."""

    def __init__(self, attempts, pause, loop=None):
        self._attempts = attempts
        self._pause = pause
        self._txa = txaio if loop is None else txaio.with_config(loop=loop)

    def call(self, function, *args, **kwargs):
        """A future of the function's result, or of its last failure."""
        result = self._txa.create_future()
        self._attempt(result, self._attempts, lambda: function(*args, **kwargs))
        return result

    def _attempt(self, result, left, function):
        def succeeded(value):
            self._txa.resolve(result, value)

        def failed(fail):
            if left > 1:
                self._txa.call_later(self._pause, self._attempt, result, left - 1, function)
            else:
                self._txa.reject(result, fail)

        self._txa.add_callbacks(self._txa.as_future(function), succeeded, failed)
# [/retry]
