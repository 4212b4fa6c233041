# SPDX-License-Identifier: MIT
"""A small library on txaio, to be tested."""

from interloop import txaio


# [reminder]
class Reminder:
    """Calls a function every `seconds` seconds until `stop` is called."""

    def __init__(self, seconds, function):
        self._seconds = seconds
        self._function = function
        self._timer = txaio.call_later(seconds, self._remind)

    def stop(self):
        self._timer.cancel()

    def _remind(self):
        self._timer = txaio.call_later(self._seconds, self._remind)
        self._function()
# [/reminder]
