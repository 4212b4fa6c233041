# SPDX-License-Identifier: MIT
"""Reports failures that nobody asked for: Twisted's to Twisted's log, others to the module ``logging``.

Everything is imported beforehand: a result may be destroyed when the interpreter ends and nothing can be imported.
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
