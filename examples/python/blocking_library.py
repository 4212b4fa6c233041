# SPDX-License-Identifier: MIT
"""A library that hides an event loop from its users."""

# [library]
import threading

from interloop import crochet

crochet.setup()  # unless the application has called no_setup()


@crochet.wait_for(timeout=5)
def thread_of_the_loop():
    return threading.current_thread().name
# [/library]


if __name__ == "__main__":
    print("the loop runs in", thread_of_the_loop())
