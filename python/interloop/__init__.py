# SPDX-License-Identifier: MIT
"""txaio and Crochet, compiled, and C++ libraries on asyncio, uvloop and Twisted.

``from interloop import txaio`` and ``from interloop import crochet`` are drop-in replacements of the packages of those
names; ``install()`` puts them in their place for code that imports the originals. Importing this loads nothing else.
"""

__all__ = ["install", "__version__"]


def install() -> None:
    """Makes ``import txaio`` and ``import crochet``, submodules included, find interloop's, in this process.

    Any number of times. RuntimeError: an original has been imported already; call this earlier.
    """
    from interloop import _install

    _install.install()


def __getattr__(name: str) -> object:
    if name == "__version__":
        from interloop._core import __version__

        return __version__
    raise AttributeError(f"module 'interloop' has no attribute {name!r}")
