# SPDX-License-Identifier: MIT
"""A timeout for each of many connections, on a few timers of the loop."""

import loops

from interloop import txaio

framework = loops.select()  # before the class below, because that makes a timer


# [batched]
class Connection:
    """Is closed unless data arrives in time."""

    timeouts = txaio.make_batched_timer(0.05, chunk_size=100)  # one for all connections
    open = 0

    def __init__(self):
        Connection.open += 1
        self._timeout = self.timeouts.call_later(0.1, self.close)

    def heard(self):
        """Restarts the timeout."""
        self._timeout.cancel()
        self._timeout = self.timeouts.call_later(3600, self.close)

    def close(self):
        Connection.open -= 1
# [/batched]


def main():
    connections = [Connection() for _ in range(10_000)]
    print("open:", Connection.open)
    for connection in connections[:10]:
        connection.heard()

    def check():
        if Connection.open > 10:  # the loop runs other callbacks after each chunk
            txaio.call_later(0.01, check)
            return
        print("open:", Connection.open)
        for connection in connections[:10]:
            connection._timeout.cancel()
        txaio.resolve(done, None)

    done = txaio.create_future()
    txaio.call_later(0.1, check)
    return done


loops.run(main)
