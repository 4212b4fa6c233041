# SPDX-License-Identifier: MIT
"""Code that logs with the module ``logging``, in a program with txaio on asyncio."""

from interloop import txaio

txaio.use_asyncio()


# [legacy]
def code_that_was_there_before():
    import logging

    logging.getLogger("old").warning("%d carrots, from the stdlib", 3)


txaio.start_logging(level="debug")
code_that_was_there_before()
txaio.make_logger().info("{carrots} carrots, from txaio", carrots=4)
# [/legacy]
