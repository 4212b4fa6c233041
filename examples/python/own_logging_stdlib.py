# SPDX-License-Identifier: MIT
"""An application that has set up the module ``logging`` itself, and a library that logs with txaio."""

import logging
import sys

from interloop import txaio

txaio.use_asyncio()


# [library]
class Library:
    log = txaio.make_logger()

    def work(self):
        self.log.info("working on {what}", what="a hole")
        self.log.debug("with {paws} paws", paws=2)
# [/library]


# [application]
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(name)s %(funcName)s: %(message)s", level=logging.DEBUG)
Library().work()  # without start_logging: info and above, txaio's default level

txaio.set_global_log_level("debug")  # instead of start_logging(level="debug"): it rebinds the methods
Library().work()
# [/application]
