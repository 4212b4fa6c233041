# SPDX-License-Identifier: MIT
"""The function inside the decorator, for tests without threads."""

import loops

from interloop import crochet

# [function]
crochet.setup(loops.select())


@crochet.run_in_reactor
def add(a, b):
    return a + b


@crochet.wait_for(timeout=5)
def subtract(a, b):
    return a - b
# [/function]


# [test]
print("add(1, 2) is", add(1, 2))
print("add.__wrapped__(1, 2) is", add.__wrapped__(1, 2))
print("subtract.__wrapped__(3, 2) is", subtract.__wrapped__(3, 2))
# [/test]
