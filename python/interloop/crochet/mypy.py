# SPDX-License-Identifier: MIT
"""A mypy plugin that does nothing, because the decorators have full types. It is for configurations that name it."""

from mypy.plugin import Plugin


def plugin(version):
    return Plugin
