# SPDX-License-Identifier: MIT
"""Where failures go that nobody asks for: Twisted's log where they are Twisted's, else the module ``logging``."""


def unhandled(failure, why):
    from interloop._core import FailedFuture

    if not isinstance(failure, FailedFuture):
        from twisted.python.log import err

        err(failure, why)
        return
    import logging

    error = failure.value
    logging.getLogger("interloop.crochet").error(why, exc_info=(type(error), error, failure._traceback))
