# SPDX-License-Identifier: MIT
"""txaio on asyncio. The functions are compiled; here is what belongs to the module: its configuration, its logging."""

import asyncio
import logging
import sys
import traceback
import weakref

from interloop import _core, txaio
from interloop.txaio import _common, _logging, _util
from interloop.txaio.interfaces import IFailedFuture, ILogger, log_levels

_this = _logging.module_of(__name__)
_Config = _core.Config
_BatchedTimer = _common._BatchedTimer
_TxaioLogWrapper = _core.AsyncioLogger
FailedFuture = _core.FailedFuture
Future = asyncio.Future

IFailedFuture.register(FailedFuture)
ILogger.register(_TxaioLogWrapper)

using_twisted = False
using_asyncio = True
config = _Config()

_stderr, _stdout = sys.stderr, sys.stdout
_loggers = weakref.WeakSet()
_log_level = "info"
_started_logging = False
_handler: "_TxaioFileHandler | None" = None
_root_level = (logging.NOTSET, logging.NOTSET)  # the root logger's level: its own, and the one set here
_categories: dict = {}

_to_stdlib = {
    "none": logging.CRITICAL + 10,
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}


class _AsyncioApi(_core.AsyncioApi):
    """The API with a configuration. Unpickling the module's own gives the same object, hence the same functions."""

    def __reduce__(self):
        return "_default_api" if self is _default_api else (with_config, (self._config.loop,))


def with_config(loop=None):
    """The API bound to a loop: an object with txaio's functions. ``loop`` None means the default loop. Any thread."""
    return _AsyncioApi(_Config(loop))


def add_log_categories(categories):
    """Adds the formats in the dict ``categories``: a call with ``log_category=key`` logs that format, not its own."""
    _categories.update(categories)


class _TxaioFileHandler(_logging.LineWriter, logging.Handler):
    """What `start_logging` adds to the stdlib's root logger."""

    def emit(self, record):
        try:
            self.write_line(*self._moment_and_message(record))
        except Exception:
            self.handleError(record)  # tells standard error, as the logging code is not at fault

    def _moment_and_message(self, record):
        if isinstance(record.args, dict) and ("log_format" in record.args or "log_message" in record.args):
            template = record.args.get("log_format", record.args.get("log_message", ""))
            message = template.format(**record.args)
            moment = record.args.get("log_time", 0)
        else:
            message = record.getMessage()
            if record.levelno >= logging.ERROR and record.exc_info:
                message = "\n".join([message, "".join(traceback.format_exception(*record.exc_info))])
            moment = record.created
        return moment, message


make_logger = _core.bind_asyncio_logging(_this)


def _reduce_logger(logger):
    """For copy and pickle: a copy logs under the same name, and follows the global level if the original does."""
    return _logger_again, (type(logger), logger._logger, logger._log_level), logger.__dict__ or None


def _logger_again(cls, native, level):
    logger = cls(native, level, _categories)
    _loggers.add(logger)
    return logger


def start_logging(out=_stdout, level="info"):
    """Writes the log to ``out`` from now on, up to ``level``. A second call does nothing.

    ``out`` None only sets the level and leaves output to the application; a later call may pass ``out``. Level "none"
    writes nothing. RuntimeError if there is no such level.
    """
    global _handler, _root_level, _started_logging
    _logging.require_level(level)
    if _started_logging:
        return
    if out is not None:
        _handler = _TxaioFileHandler(out)
        logging.getLogger().addHandler(_handler)
        _started_logging = True
    logging.raiseExceptions = True
    logging.getLogger().setLevel(_to_stdlib[level])
    _root_level = (_to_stdlib[level], _to_stdlib[level])
    _logging.set_level(_this, level)


def set_global_log_level(level):
    """Sets the level of all loggers. ``start_logging``'s output follows it; other loggers' messages stay as before.

    ValueError if there is no such level.
    """
    global _root_level
    _logging.set_level(_this, level)
    if _started_logging:  # the root logger would drop what is below its level
        root = logging.getLogger()
        own, made = _root_level
        if root.level != made:  # the application has changed it since
            own = root.level
        _root_level = (own, min(own, _to_stdlib[level]))
        root.setLevel(_root_level[1])


def get_global_log_level():
    """The level of new loggers, one of ``interfaces.log_levels``; "info" at first."""
    return _log_level


_default_api = _AsyncioApi(config)
_common._export(_default_api, globals())
time_ns = _util.time_ns
perf_counter_ns = _util.perf_counter_ns
