# SPDX-License-Identifier: MIT
"""``python -m interloop SCRIPT``, ``-m MODULE`` or a program on PATH: runs it with interloop in place of the originals.

It also tells build systems where files are: ``python -m interloop --cmake-dir`` (or ``--include-dir``, ``--lib-dir``).
``python -m interloop ps PID`` shows what C++ futures and coroutines wait for in another process.
``python -m interloop new NAME`` makes a C++ library to start from, with tests on every loop and a Python module.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["ps"]:
        tool = HERE / "bin" / "interloop-ps"
        if not tool.is_file():
            sys.exit("python -m interloop ps: this package was built without interloop-ps, which needs Linux")
        os.execv(tool, [str(tool), *arguments[1:]])
    if arguments[:1] == ["new"]:
        from interloop import _new

        sys.exit(_new.main(arguments[1:], HERE / "share" / "interloop" / "starter"))
    if arguments and (not arguments[0].startswith("-") or (arguments[0] in ("-m", "-c") and len(arguments) > 1)):
        from interloop import _run

        _run.run(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m interloop",
        usage="%(prog)s PROGRAM | -m MODULE | -c CODE [ARGUMENT ...]\n       %(prog)s ps [--tree | --json] PID\n       %(prog)s new NAME\n"
        "       %(prog)s --cmake-dir | --include-dir | --lib-dir",
        description="Runs a program with interloop in place of txaio and Crochet, or tells where the C++ parts are.",
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--cmake-dir", action="store_const", dest="path", const=HERE / "lib" / "cmake" / "interloop",
                        help="the folder for CMAKE_PREFIX_PATH or interloop_DIR")
    choice.add_argument("--include-dir", action="store_const", dest="path", const=HERE / "include", help="the headers")
    choice.add_argument("--lib-dir", action="store_const", dest="path", const=HERE / "lib", help="the shared libraries")
    print(parser.parse_args().path)


if __name__ == "__main__":
    main()
