# SPDX-License-Identifier: MIT
"""What the Python benchmarks compare: the original, interloop, and the framework by itself, on one loop."""

import asyncio

NAMES = ["asyncio", "uvloop", "twisted"]


class Setting:
    """A framework with a loop, and both txaios on it."""

    def __init__(self, framework):
        import txaio as original

        from interloop import txaio as ours

        self.framework = framework
        self.apis = {"original": original, "interloop": ours}
        if framework == "twisted":
            from twisted.internet import reactor

            self.loop = reactor
            for api in self.apis.values():
                api.use_twisted()
        else:
            if framework == "uvloop":
                import uvloop

                self.loop = uvloop.new_event_loop()
            else:
                self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
            for api in self.apis.values():
                api.use_asyncio()
        for api in self.apis.values():
            api.config.loop = self.loop

    def run(self):
        """Lets the loop run what is ready; Deferreds have run it already."""
        if self.framework != "twisted":
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
