# SPDX-License-Identifier: MIT
"""What starting to log has in common on both frameworks."""

import sys
from types import ModuleType

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
