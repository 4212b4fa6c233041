# SPDX-License-Identifier: MIT
__all__ = ["install", "__version__"]

__version__: str

def install() -> None: ...
