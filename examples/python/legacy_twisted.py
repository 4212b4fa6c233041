# SPDX-License-Identifier: MIT
"""Code that logs with Twisted's first or second logging system, in a program with txaio on Twisted."""

from interloop import txaio

txaio.use_twisted()


# [legacy]
def code_that_was_there_before():
    from twisted.python import log

    log.msg("a carrot, from twisted.python.log")


def code_of_yesterday():
    from twisted.logger import Logger

    Logger().info("{carrots} carrots, from twisted.logger", carrots=2)


txaio.start_logging(level="debug")
code_that_was_there_before()
code_of_yesterday()
txaio.make_logger().info("{carrots} carrots, from txaio", carrots=3)
# [/legacy]
