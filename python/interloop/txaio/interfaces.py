# SPDX-License-Identifier: MIT
"""What code may rely on in txaio's objects, as abstract classes. The compiled classes are registered with them.

Their types are in ``interfaces.pyi``: importing ``typing`` would take longer than all the rest.
"""

import abc

log_levels = ["none", "critical", "error", "warn", "info", "debug", "trace"]
"""All levels: a logger at one of them emits that one and those before it."""


class IBatchedTimer(abc.ABC):
    """What ``make_batched_timer`` returns: many timeouts on few timers of the loop, with less exact times."""

    def call_later(self, delay, func, *args, **kw):
        """Calls ``func`` about ``delay`` seconds from now; returns an object that has ``cancel()``."""


class ILogger(abc.ABC):
    """What ``make_logger`` returns.

    The message is a format string as in PEP 3101, filled from the keyword arguments: ``log.info("{user} left",
    user=name)``, also ``{things[one]}`` and ``{shape.sides}``. ``log_time``, ``log_level`` and ``log_format`` are
    among them. A method below the level does nothing.
    """

    def critical(self, message, **kwargs):
        """Logs a critical message."""

    def error(self, message, **kwargs):
        """Logs an error."""

    def warn(self, message, **kwargs):
        """Logs a warning."""

    def info(self, message, **kwargs):
        """Logs information."""

    def debug(self, message, **kwargs):
        """Logs something that helps to find errors."""

    def trace(self, message, **kwargs):
        """Logs each step."""


class IFailedFuture(abc.ABC):
    """What an errback gets: Twisted's ``Failure``, or its counterpart on asyncio.

    Pass it to ``failure_message``, ``failure_traceback`` and ``failure_format_traceback``.
    """

    @property
    @abc.abstractmethod
    def value(self):
        """The exception."""
