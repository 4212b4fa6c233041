# SPDX-License-Identifier: MIT
"""The release of txaio whose API this is."""

__version__ = "26.6.1"
