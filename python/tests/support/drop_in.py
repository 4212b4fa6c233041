# SPDX-License-Identifier: MIT
"""A pytest plugin: the originals' names find interloop's modules."""

import interloop

interloop.install()
