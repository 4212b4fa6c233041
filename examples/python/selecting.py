# SPDX-License-Identifier: MIT
"""Before and after a framework is selected."""

import sys

from interloop import txaio

# [before]
try:
    txaio.create_future()
except RuntimeError as error:
    print("before:", error)
# [/before]

# [select]
if sys.argv[1:] == ["twisted"]:
    txaio.use_twisted()  # ImportError: Twisted is not installed
    select_the_other = txaio.use_asyncio
else:
    txaio.use_asyncio()
    select_the_other = txaio.use_twisted

print("using_twisted:", txaio.using_twisted)
print("using_asyncio:", txaio.using_asyncio)
# [/select]

# [after]
try:
    select_the_other()
except RuntimeError as error:
    print("after:", error)
# [/after]
