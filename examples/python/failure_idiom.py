# SPDX-License-Identifier: MIT
"""A message for everybody, and a traceback at the debug level."""

import sys

from interloop import txaio

(txaio.use_twisted if sys.argv[1:2] == ["twisted"] else txaio.use_asyncio)()


# [idiom]
class Burrow:
    log = txaio.make_logger()

    def enter(self):
        try:
            raise OSError("somebody is in there")
        except OSError:
            fail = txaio.create_failure()
            self.log.critical("{message}", message=txaio.failure_message(fail))
            self.log.debug("{traceback}", traceback=txaio.failure_format_traceback(fail))
# [/idiom]


txaio.start_logging(level=sys.argv[2] if len(sys.argv) > 2 else "info")
Burrow().enter()
