# SPDX-License-Identifier: MIT
"""What both frameworks share in starting to log."""

import io
import os
import select
import sys
from datetime import datetime
from types import ModuleType

from interloop.txaio._iotype import guess_stream_needs_encoding
from interloop.txaio.interfaces import log_levels


def require_level(level: str) -> None:
    """RuntimeError if there is no such level."""
    if level not in log_levels:
        raise RuntimeError(f"Invalid log level '{level}'; valid are: {', '.join(log_levels)}")


def set_level(module: ModuleType, level: str) -> None:
    """Tells the loggers of a framework's module about a new global level. ValueError if there is no such level."""
    if level not in log_levels:
        raise ValueError(f"Invalid log level {level!r}; valid are: {', '.join(log_levels)}")
    for logger in list(module._loggers):
        if not getattr(logger, "_log_level_set_explicitly", False):
            logger._set_log_level(level)
    setattr(module, "_log_level", level)


def module_of(name: str) -> ModuleType:
    """The module itself, for functions that keep its state where callers look for it."""
    return sys.modules[name]


def wait_for_room(stream) -> None:
    """Waits until a non-blocking stream accepts more."""
    room = select.poll()
    room.register(stream, select.POLLOUT)
    room.poll()


def write_through(stream) -> None:
    """Flushes the buffer of a stream, if it has one."""
    flush = getattr(stream, "flush", None)
    while flush is not None:
        try:
            return flush()
        except BlockingIOError:  # its buffer keeps the rest
            wait_for_room(stream)


def flush(streams) -> None:
    """Flushes streams, some of which may be closed or None."""
    for stream in streams:
        try:
            write_through(stream)
        except Exception:
            pass  # the writers have been told


def tell_once(writer, sentence: str) -> None:
    """Says on the process's standard error, once per writer, why it cannot write."""
    if writer.told or sys.__stderr__ is None:
        return
    writer.told = True
    try:
        print(sentence, file=sys.__stderr__, flush=True)
    except Exception:
        pass  # it is closed as well


class LineWriter:
    """Writes ``2016-01-21T01:02:03-0100 message`` lines to a stream of text or of bytes.

    Each line is flushed, so that a crash loses none. If a stream accepts no more for the moment, such as a non-blocking
    pipe, this waits for it.
    """

    told = False
    _last_stamp: tuple = (None, "")  # a whole second, and its text, which many lines share
    _CHUNK = 2000  # characters; in any encoding they fit into the buffer of a file

    def __init__(self, file, **kw):
        super().__init__(**kw)
        self._file = file
        self._encode = guess_stream_needs_encoding(file)
        binary = getattr(file, "buffer", file)
        self._raw = binary if isinstance(binary, io.FileIO) else None  # such as standard output under `python -u`
        self._chunk = self._CHUNK if isinstance(binary, io.BufferedWriter) else sys.maxsize

    def write_line(self, moment, message):
        second, stamp = self._last_stamp
        if second != int(moment):
            second = int(moment)
            stamp = datetime.fromtimestamp(second).astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
            self._last_stamp = second, stamp
        line = f"{stamp} {message}{os.linesep}"
        if self._raw is not None:
            return self._write_raw(line)
        for start in range(0, len(line), self._chunk):
            chunk = line[start : start + self._chunk]
            self._file.write(chunk.encode("utf8") if self._encode else chunk)
            write_through(self._file)

    def _write_raw(self, line):
        """Without a buffer, the caller must check how much has been written."""
        encoding, errors = getattr(self._file, "encoding", "utf8"), getattr(self._file, "errors", "strict")
        left = memoryview(line.encode(encoding, errors))
        while left:
            written = self._raw.write(left)
            if written is None:
                wait_for_room(self._raw)
            else:
                left = left[written:]
