# SPDX-License-Identifier: MIT
"""Functions of any kind, called the same way."""

import loops

from interloop import txaio


# [kinds]
def at_once(a, b):
    return a + b


def fails(a, b):
    raise ValueError(f"{a} and {b} do not go together")


def later(a, b):
    product = txaio.create_future()
    txaio.call_later(0.01, txaio.resolve, product, a * b)
    return product


async def coroutine(a, b):
    return a - b
# [/kinds]


# [call]
def call(function):
    """The caller need not know which kind it was given."""

    def show(result):
        print(f"{function.__name__}: {result}")
        return result

    def show_failure(fail):
        print(f"{function.__name__}: {txaio.failure_message(fail)}")
        return fail

    result = txaio.as_future(function, 7, b=6)
    txaio.add_callbacks(result, show, show_failure)
    return result
# [/call]


def main():
    done = txaio.create_future_success(None)
    for function in (at_once, fails, coroutine, later):
        done = after(done, function)
    return done


def after(before, function):
    """Calls each function after the previous one is done, so that the output has an order."""
    finished = txaio.create_future()

    def done(_):
        txaio.resolve(finished, None)

    def start(_):
        result = call(function)
        txaio.add_callbacks(result, done, done)

    txaio.add_callbacks(before, start, start)
    return finished


loops.run(main)
