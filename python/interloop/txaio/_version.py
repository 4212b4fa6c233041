# SPDX-License-Identifier: MIT
"""The release of txaio whose API this is."""

from interloop.txaio import __version__ as __version__
