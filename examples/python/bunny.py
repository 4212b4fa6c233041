# SPDX-License-Identifier: MIT
"""A class with a logger."""

import loops

from interloop import txaio

loops.select()


# [bunny]
class Bunny:
    log = txaio.make_logger()  # a class attribute: the logger is named after the class

    def hop(self, times=1):
        self.log.trace("about to hop, times={times}", times=times)
        self.log.debug("Hopping {times} times.", times=times)
        try:
            self.look_around()
        except RuntimeError:
            fail = txaio.create_failure()
            self.log.critical("{traceback}", traceback=txaio.failure_format_traceback(fail))

    def look_around(self):
        raise RuntimeError("Fox spotted!")


print("output before start_logging")
txaio.start_logging(level="debug")
print("output after start_logging")
jack = Bunny()
jack.hop(42)
# [/bunny]
