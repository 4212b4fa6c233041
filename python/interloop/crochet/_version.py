# SPDX-License-Identifier: MIT
"""The release of Crochet whose API this is."""

__version__ = "2.1.1"


def get_versions():
    return {"version": __version__}
