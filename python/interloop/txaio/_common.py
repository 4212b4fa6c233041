# SPDX-License-Identifier: MIT
"""The batched timer of both frameworks."""

from interloop._core import BatchedCall as _BatchedCall
from interloop._core import BatchedTimer as _BatchedTimer
from interloop.txaio.interfaces import IBatchedTimer

IBatchedTimer.register(_BatchedTimer)

__all__ = ["IBatchedTimer", "_BatchedCall", "_BatchedTimer"]
