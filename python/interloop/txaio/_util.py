# SPDX-License-Identifier: MIT
"""Clocks."""

from time import perf_counter_ns, time_ns

__all__ = ["perf_counter_ns", "time_ns"]
