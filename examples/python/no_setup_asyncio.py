# SPDX-License-Identifier: MIT
"""An asyncio application that runs the loop itself, and a library that otherwise would."""

import sys

# [application]
import asyncio

from interloop import crochet


async def main():
    crochet.no_setup(asyncio.get_running_loop())  # before the import of a library that calls setup()

    import blocking_library

    name = await asyncio.to_thread(blocking_library.thread_of_the_loop)  # in a thread, where it may block
    print("the loop runs in", name)
# [/application]


if sys.argv[1:] == ["uvloop"]:
    from uvloop import new_event_loop
else:
    new_event_loop = asyncio.new_event_loop

# [run]
with asyncio.Runner(loop_factory=new_event_loop) as runner:
    runner.run(main())
# [/run]
