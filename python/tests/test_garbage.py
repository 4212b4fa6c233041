# SPDX-License-Identifier: MIT
"""Wherever objects are made, garbage may be collected, which may run any code: other threads, the same functions."""

from support.programs import run


def test_a_future_that_is_made_while_another_one_is_keeps_its_loop():
    run(
        """
        import asyncio, gc
        from interloop import txaio
        txaio.use_asyncio()
        loops = [asyncio.new_event_loop() for _ in range(2)]
        one, other = (txaio.with_config(loop) for loop in loops)
        asyncio.set_event_loop(asyncio.new_event_loop())
        made = []
        gc.callbacks.append(lambda phase, info: made.append(other.create_future()))
        for _ in range(200):
            gc.disable()
            kept = [{} for _ in range(100)]  # so that none is left for reuse
            gc.set_threshold(1)
            gc.enable()
            assert one.create_future().get_loop() is loops[0]
        assert made and all(each.get_loop() is loops[1] for each in made)
        """
    )
