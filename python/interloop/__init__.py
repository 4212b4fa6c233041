# SPDX-License-Identifier: MIT
"""txaio and Crochet, compiled, and C++ libraries on asyncio, uvloop and Twisted.

``from interloop import txaio`` and ``from interloop import crochet`` are drop-in replacements of the packages of those
names; ``install()`` makes code that imports the originals get them. Importing this loads nothing else.
"""

__all__ = ["install", "__version__"]


def install() -> None:
    """Makes ``import txaio`` and ``import crochet``, and of submodules, find interloop's in this process.

    May be called repeatedly. RuntimeError if an original was imported already: call this earlier.
    """
    from interloop import _install

    _install.install()


def __getattr__(name: str) -> object:
    if name == "__version__":
        from interloop._core import __version__

        return __version__
    raise AttributeError(f"module 'interloop' has no attribute {name!r}")
