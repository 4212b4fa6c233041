# SPDX-License-Identifier: MIT
"""Whether a stream takes text or bytes."""


def guess_stream_needs_encoding(fileobj, default=True):
    """Whether text must be encoded before it is written: tries an empty read, then checks the mode."""
    try:
        kind = type(fileobj.read(0))
        if kind is bytes:
            return True
        if kind is str:
            return False
    except Exception:
        pass  # a stream that is only written to
    try:
        return "b" in fileobj.mode
    except Exception:
        return default
