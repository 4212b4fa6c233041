# SPDX-License-Identifier: MIT
"""Tells build systems where things are: ``python -m interloop --cmake-dir`` (or ``--include-dir``, ``--lib-dir``)."""

import argparse
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m interloop", description="Where the C++ parts of the package are.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--cmake-dir", action="store_const", dest="path", const=HERE / "lib" / "cmake" / "interloop",
                        help="the folder for CMAKE_PREFIX_PATH or interloop_DIR")
    choice.add_argument("--include-dir", action="store_const", dest="path", const=HERE / "include", help="the headers")
    choice.add_argument("--lib-dir", action="store_const", dest="path", const=HERE / "lib", help="the shared libraries")
    print(parser.parse_args().path)


if __name__ == "__main__":
    main()
