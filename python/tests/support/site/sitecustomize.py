# SPDX-License-Identifier: MIT
"""On PYTHONPATH, every interpreter finds interloop's modules under the originals' names."""

import interloop

interloop.install()
