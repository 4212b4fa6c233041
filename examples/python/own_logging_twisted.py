# SPDX-License-Identifier: MIT
"""An application that has started Twisted's logging itself, and a library that logs with txaio."""

import sys

from twisted.logger import formatEvent, globalLogBeginner

from interloop import txaio

txaio.use_twisted()


# [library]
class Library:
    log = txaio.make_logger()

    def work(self):
        self.log.info("working on {what}", what="a hole")
        self.log.debug("with {paws} paws", paws=2)
# [/library]


# [application]
def observer(event):
    print(event["log_level"].name, event["log_namespace"] + ":", formatEvent(event), file=sys.__stdout__)


globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
Library().work()  # without start_logging: info and above, txaio's default level

txaio.set_global_log_level("debug")  # instead of start_logging(level="debug"): it rebinds the methods
Library().work()
# [/application]
