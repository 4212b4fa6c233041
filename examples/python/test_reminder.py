# SPDX-License-Identifier: MIT
"""Tests of timers that do not wait: python3 test_reminder.py asyncio, or twisted."""

import asyncio
import sys
import unittest

import loops
from reminder import Reminder

from interloop.txaio.testutil import replace_loop


# [clock]
class ClockLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose clock the test moves."""

    now = 0.0

    def time(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds
        self.call_soon(self.stop)
        self.run_forever()  # one iteration: runs whatever is due now


def clock():
    if loops.select() == "twisted":
        from twisted.internet.task import Clock

        return Clock()
    return ClockLoop()
# [/clock]


# [test]
class ReminderTest(unittest.TestCase):
    def test_reminds_until_it_is_stopped(self):
        said = []
        with replace_loop(clock()) as loop:  # the earlier loop is back at the end, even after an exception
            reminder = Reminder(60, lambda: said.append("drink water"))
            loop.advance(59)
            self.assertEqual(len(said), 0)
            loop.advance(1)
            self.assertEqual(len(said), 1)
            loop.advance(60)
            self.assertEqual(len(said), 2)
            reminder.stop()
            loop.advance(60)
            self.assertEqual(len(said), 2)
        if isinstance(loop, ClockLoop):
            loop.close()
# [/test]


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=0).result
    print(f"{result.testsRun} test run, {len(result.failures) + len(result.errors)} failed")
    sys.exit(not result.wasSuccessful())
