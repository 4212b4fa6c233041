# SPDX-License-Identifier: MIT
"""The methods of a result that has not come yet."""

import loops

from interloop import crochet, txaio

crochet.setup(loops.select())


# [functions]
@crochet.run_in_reactor
def double(number):
    doubled = txaio.create_future()
    txaio.call_later(0.01, txaio.resolve, doubled, 2 * number)
    return doubled


@crochet.run_in_reactor
def never():
    return txaio.create_future()


@crochet.run_in_reactor
def fails():
    raise ValueError("no luck")
# [/functions]


# [wait]
result = double(21)  # at once: an EventualResult
print("wait:", result.wait(timeout=5))
print("again:", result.wait(timeout=5))
# [/wait]

# [cancel]
result = never()
try:
    result.wait(timeout=0.01)
except crochet.TimeoutError:
    print("nothing after 10 ms")
result.cancel()
try:
    result.wait(timeout=5)
except BaseException as error:  # asyncio's CancelledError is not an Exception
    print("cancelled:", type(error).__name__)
# [/cancel]

# [failure]
result = fails()
try:
    result.wait(timeout=5)
except ValueError as error:
    print("raised:", error)
failure = result.original_failure()  # Twisted's Failure; on asyncio the IFailedFuture
print("original:", txaio.failure_message(failure))
print("it was in:", "fails" in txaio.failure_format_traceback(failure))
# [/failure]

# [stash]
uid = double(4).stash()  # a number, which a web session can keep
print("retrieved:", crochet.retrieve_result(uid).wait(timeout=5))
try:
    crochet.retrieve_result(uid)
except KeyError:
    print("retrieved once only")
# [/stash]
