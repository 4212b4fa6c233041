# SPDX-License-Identifier: MIT
"""A future, its callbacks, and its two possible outcomes."""

import loops

from interloop import txaio


# [callbacks]
def arrived(quotient):
    print("callback:", quotient)
    return quotient


def failed(fail):  # an IFailedFuture, on either framework
    print("errback:", txaio.failure_message(fail))
    print("last line of its traceback:", txaio.failure_format_traceback(fail).splitlines()[-1])
    return fail
# [/callbacks]


# [resolve]
def divide(future, a, b):
    """Resolves or rejects the future."""
    try:
        quotient = a / b
    except ArithmeticError:
        txaio.reject(future, txaio.create_failure())  # from the exception being handled
    else:
        txaio.resolve(future, quotient)
# [/resolve]


# [main]
def main():
    quotients = []
    for divisor in (4, 0):
        future = txaio.create_future()
        txaio.add_callbacks(future, arrived, failed)
        txaio.call_later(0, divide, future, 10, b=divisor)
        quotients.append(future)
    return txaio.gather(quotients)  # done when both are
# [/main]


loops.run(main)
