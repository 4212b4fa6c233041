# SPDX-License-Identifier: MIT
"""Importing this selects asyncio."""

from interloop import txaio

txaio.use_asyncio()
