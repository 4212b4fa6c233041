# SPDX-License-Identifier: MIT
"""Where failures go that nobody asks for: Twisted's log where they are Twisted's, else the module ``logging``.

Everything is imported beforehand: a result may go when the interpreter ends, where nothing can be imported any more.
"""

import logging

from interloop._core import FailedFuture

try:
    from twisted.python import log as _log
except ImportError:  # asyncio only
    _log = None  # type: ignore[assignment]

_logger = logging.getLogger("interloop.crochet")


def unhandled(failure, why):
    """Logs a failure, with its traceback. Any thread."""
    if _log is not None and not isinstance(failure, FailedFuture):
        _log.err(failure, why)
    else:
        error = failure.value
        _logger.error(why, exc_info=(type(error), error, failure._traceback))
