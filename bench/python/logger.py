# SPDX-License-Identifier: MIT
"""What does a call of a logger cost, below its level and above it? (pyperf; --framework NAME)"""

import logging

import pyperf
from frameworks import NAMES, Setting

from interloop import _core


def main():
    runner = pyperf.Runner(processes=1, values=5, warmups=1, min_time=0.02,
                           add_cmdline_args=lambda command, args: command.extend(["--framework", args.framework]))
    runner.argparser.add_argument("--framework", choices=NAMES, default="asyncio")
    setting = Setting(runner.parse_args().framework)
    if setting.framework == "twisted":
        from twisted.logger import globalLogBeginner

        globalLogBeginner.beginLoggingTo([lambda event: None], redirectStandardIO=False)
    else:
        logging.getLogger().addHandler(logging.NullHandler())
        logging.getLogger().setLevel(logging.INFO)

    class Empty:
        debug = staticmethod(_core._nothing)

    sides = {name: api.make_logger() for name, api in setting.apis.items()}
    for side, log in {**sides, "bare": Empty()}.items():
        runner.timeit(f"{setting.framework} disabled {side}", "log.debug('{a}', a=1)", globals={"log": log})
    for side, log in sides.items():
        runner.timeit(f"{setting.framework} enabled {side}", "log.info('{a}', a=1)", globals={"log": log})


if __name__ == "__main__":
    main()
