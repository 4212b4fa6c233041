# SPDX-License-Identifier: MIT
"""What starting to log has in common on both frameworks."""

import os
import select
import sys
from datetime import datetime
from types import ModuleType

from interloop.txaio._iotype import guess_stream_needs_encoding
from interloop.txaio.interfaces import log_levels


def require_level(level: str) -> None:
    """RuntimeError: there is no such level."""
    if level not in log_levels:
        raise RuntimeError(f"Invalid log level '{level}'; valid are: {', '.join(log_levels)}")


def set_level(module: ModuleType, level: str) -> None:
    """Tells the loggers of a framework's module about a new global level. ValueError: there is no such level."""
    if level not in log_levels:
        raise ValueError(f"Invalid log level {level!r}; valid are: {', '.join(log_levels)}")
    for logger in list(module._loggers):
        if not getattr(logger, "_log_level_set_explicitly", False):
            logger._set_log_level(level)
    setattr(module, "_log_level", level)


def module_of(name: str) -> ModuleType:
    """The module itself, for functions that keep its state where callers look for it."""
    return sys.modules[name]


def flush(streams) -> None:
    """Flushes streams, of which some may be closed or None."""
    for stream in streams:
        try:
            stream.flush()
        except Exception:
            pass  # it has told those who wrote


def tell_once(writer, sentence: str) -> None:
    """Says on the process's standard error, once for each writer, what keeps it from writing."""
    if writer.told or sys.__stderr__ is None:
        return
    writer.told = True
    try:
        print(sentence, file=sys.__stderr__, flush=True)
    except Exception:
        pass  # it is closed, too


class LineWriter:
    """Writes ``2016-01-21T01:02:03-0100 message`` lines to a stream of text or of bytes.

    Each is written through, so that a crash loses none. A stream that takes no more just now, as a pipe that does not
    block, is waited for.
    """

    told = False
    _last_stamp: tuple = (None, "")  # a whole second, and its text: many lines have the same
    _CHUNK = 2000  # characters, which fit into the buffer of any stream, however they are encoded

    def __init__(self, file, **kw):
        super().__init__(**kw)
        self._file = file
        self._encode = guess_stream_needs_encoding(file)

    def write_line(self, moment, message):
        second, stamp = self._last_stamp
        if second != int(moment):
            second = int(moment)
            stamp = datetime.fromtimestamp(second).astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
            self._last_stamp = second, stamp
        line = f"{stamp} {message}{os.linesep}"
        for start in range(0, len(line), self._CHUNK):
            chunk = line[start : start + self._CHUNK]
            self._file.write(chunk.encode("utf8") if self._encode else chunk)
            self._write_through()

    def _write_through(self):
        flush = getattr(self._file, "flush", None)
        while flush is not None:
            try:
                return flush()
            except BlockingIOError:  # its buffer keeps what did not fit
                ready = select.poll()
                ready.register(self._file, select.POLLOUT)
                ready.poll()
