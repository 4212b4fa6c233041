# SPDX-License-Identifier: MIT
"""Several futures as one."""

import loops

from interloop import txaio


# [gather]
def main():
    slow = txaio.create_future()
    txaio.call_later(0.01, txaio.resolve, slow, "slow")
    parts = [slow, txaio.create_future_success("fast"), txaio.create_future_error(OSError("broken"))]

    whole = txaio.gather(parts, consume_exceptions=True)
    txaio.add_callbacks(whole, show, None)
    return whole


def show(results):  # in the order of the futures, not of their completion
    for result in results:
        if isinstance(result, Exception):  # on asyncio; on Twisted it is a Failure
            result = txaio.create_failure(result)
        if isinstance(result, txaio.IFailedFuture):
            print("failed:", txaio.failure_message(result))
        else:
            print("result:", result)
    return results
# [/gather]


loops.run(main)
