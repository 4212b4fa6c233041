# SPDX-License-Identifier: MIT
__all__ = ["install", "__version__"]

__version__: str

def install() -> None:
    """From here on, `import txaio` and `import crochet` find `interloop.txaio` and `interloop.crochet`.

    May be called any number of times. Raises `RuntimeError` if an original was imported before.
    """
