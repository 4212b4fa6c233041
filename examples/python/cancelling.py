# SPDX-License-Identifier: MIT
"""Cancelling a future, and the canceller that its maker gave it."""

import loops

from interloop import txaio


# [canceller]
def ask():
    """A question that nobody answers in time."""

    def give_up(question):
        print("the canceller hangs up")
        timer.cancel()

    question = txaio.create_future(canceller=give_up)
    timer = txaio.call_later(3600, txaio.resolve, question, "yes")
    return question
# [/canceller]


# [cancel]
def main():
    question = ask()
    txaio.add_callbacks(question, None, failed)
    txaio.call_later(0.01, txaio.cancel, question)
    return txaio.gather([question])


def failed(fail):
    print("the errback sees", type(fail.value).__name__)
    return fail
# [/cancel]


loops.run(main)
