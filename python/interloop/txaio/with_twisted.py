# SPDX-License-Identifier: MIT
"""Importing this selects twisted."""

from interloop import txaio

txaio.use_twisted()
