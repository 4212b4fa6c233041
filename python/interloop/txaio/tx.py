# SPDX-License-Identifier: MIT
"""txaio on Twisted. The functions are compiled; here is what belongs to the module: its configuration, its logging."""

import atexit
import sys
import weakref

from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogBeginner, globalLogPublisher
from twisted.logger import Logger as _Logger
from twisted.python.failure import Failure
from zope.interface import provider

from interloop import _core, txaio
from interloop.txaio import _common, _logging, _util
from interloop.txaio.interfaces import IFailedFuture, ILogger, log_levels

_this = _logging.module_of(__name__)
_Config = _core.Config
_BatchedTimer = _common._BatchedTimer
Logger = _core.TwistedLogger

IFailedFuture.register(Failure)
ILogger.register(_Logger)
ILogger.register(Logger)

using_twisted = True
using_asyncio = False
config = _Config()

_stderr, _stdout = sys.stderr, sys.stdout
# At its end the interpreter flushes sys.stdout, which is Twisted's once anybody has started Twisted's logging.
atexit.register(_logging.flush, (_stdout, _stderr))
_observer = None
_loggers = weakref.WeakSet()
_log_level = "info"
_started_logging = False
_begun_logging = False  # Twisted's own logger, perhaps without output
_categories: dict = {}


class _Gathered(DeferredList):
    """What ``gather`` returns: a DeferredList that is cancelled as a whole. Compiled code counts its children."""

    def __init__(self, deferreds):
        self._deferredList = deferreds
        Deferred.__init__(self)

    def cancel(self):
        if not self.called:
            for each in self._deferredList:
                try:
                    each.cancel()
                except BaseException:
                    defer.log.failure("Exception raised from user supplied canceller")


class _TxApi(_core.TwistedApi):
    """The API with a configuration."""

    def __new__(cls, config):
        return super().__new__(cls, config, _Gathered)

    def __reduce__(self):
        return "_default_api" if self is _default_api else (with_config, ())


def with_config(loop=None):
    """The API as an object. RuntimeError if ``loop`` is not the configured reactor: Twisted has only one."""
    if loop is not None and config.loop is not None and config.loop is not loop:
        raise RuntimeError(
            "Twisted has only a single, global reactor. You passed in a reactor different from the one already "
            "configured in txaio.config.loop"
        )
    return _TxApi(config)


def add_log_categories(categories):
    """Adds the formats in the dict ``categories``: a call with ``log_category=key`` logs that format, not its own."""
    _categories.update(categories)


make_logger = _core.bind_twisted_logging(_this)


def _reduce_logger(logger):
    """For copy and pickle: a copy logs under the same name, to the same place, with the level of the original."""
    native = logger._logger
    observer = None if native.observer is globalLogPublisher else native.observer  # the process's, never copied
    level, kept = logger._log_level, logger._log_level_set_explicitly
    return _logger_again, (type(logger), type(native), native.namespace, observer, level, kept), logger.__dict__ or None


def _logger_again(cls, factory, namespace, observer, level, kept):
    logger = cls(level, factory, namespace, observer)
    logger.set_log_level(level, keep=kept)
    return logger


@provider(ILogObserver)
class _LogObserver(_logging.LineWriter):
    """The observer that `start_logging` adds to Twisted."""

    to_tx = {
        "critical": LogLevel.critical,
        "error": LogLevel.error,
        "warn": LogLevel.warn,
        "info": LogLevel.info,
        "debug": LogLevel.debug,
        "trace": LogLevel.debug,
    }

    def __init__(self, out):
        super().__init__(out)
        self._first_level = _log_level

    def _acceptable_level(self, level):
        # Raising the global level silences only loggers that follow it.
        last = max(log_levels.index(_log_level), log_levels.index(self._first_level))
        return any(self.to_tx[name] is level for name in log_levels[1 : last + 1])

    def __call__(self, event):
        if event.get("log_format") is None:
            if "log_failure" not in event:  # there is no text
                return
            message = failure_format_traceback(event["log_failure"])  # noqa: F821  Twisted logs unhandled errors so
        elif "log_level" in event and self._acceptable_level(event["log_level"]):
            message = formatEvent(event)
        else:  # Twisted's own loggers do not know txaio's level
            return
        try:
            self.write_line(event["log_time"], message)
        except Exception as error:  # Twisted tells the other observers, if any
            _logging.tell_once(self, f"txaio's log can no longer be written: {error!r}; the first lost line: {message}")
            raise


def start_logging(out=_stdout, level="info"):
    """Writes the log to ``out`` from now on, up to ``level``. A second call does nothing.

    ``out`` None only sets the level and leaves output to the application's observers; a later call may pass ``out``.
    Level "none" writes nothing. RuntimeError if there is no such level.
    """
    global _begun_logging, _observer, _started_logging
    _logging.require_level(level)
    if _started_logging:
        return
    _logging.set_level(_this, level)
    if out is not None:
        _observer = _LogObserver(out)
        _started_logging = True
    if not _begun_logging:
        _begun_logging = True
        replaced = sys.stdout, sys.stderr
        _logging.flush(replaced)
        atexit.register(_logging.flush, replaced)
        globalLogBeginner.beginLoggingTo([_observer] if _observer else [])
    elif _observer:
        globalLogPublisher.addObserver(_observer)


def set_global_log_level(level):
    """Sets the ``level`` of all loggers that have none of their own.

    The output of ``start_logging`` follows it; messages of other loggers are written as before.

    ValueError if there is no such level.
    """
    _logging.set_level(_this, level)


def get_global_log_level():
    """The level of new loggers, one of ``interfaces.log_levels``; "info" at first."""
    return _log_level


_default_api = _TxApi(config)
_common._export(_default_api, globals())
time_ns = _util.time_ns
perf_counter_ns = _util.perf_counter_ns
