# SPDX-License-Identifier: MIT
"""Selecting a framework, configurations, and what importing loads."""

import asyncio
import copy
import gc
import inspect
import pickle
import re
import weakref

import pytest
from support.programs import result as run

from interloop import txaio


def test_a_subinterpreter_is_refused_without_harm_to_the_main_one():
    status, output = run(
        """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        run = getattr(interpreters, "run_string", None) or interpreters.exec
        code = '''
        try:
            import interloop._core
        except ImportError as error:
            assert "subinterpreters" in str(error), error
        else:
            raise AssertionError("it was loaded")
        '''
        import textwrap
        for _ in range(2):
            other = interpreters.create()
            assert not run(other, textwrap.dedent(code))
            interpreters.destroy(other)
            from interloop import txaio
            txaio.use_asyncio()
            assert txaio.failure_message(txaio.create_failure(ValueError("here"))) == "ValueError: here"
        """
    )
    assert status == 0, output


def test_importing_loads_no_framework():
    status, output = run(
        """
        import sys
        import interloop, interloop.txaio
        loaded = [name for name in ("asyncio", "twisted", "zope.interface") if name in sys.modules]
        assert not loaded, loaded
        """
    )
    assert status == 0, output


def test_selecting_asyncio_does_not_load_twisted():
    status, output = run(
        """
        import sys
        from interloop import txaio
        txaio.use_asyncio()
        assert "twisted" not in sys.modules
        """
    )
    assert status == 0, output


def test_without_twisted_use_twisted_is_an_import_error_and_asyncio_still_works():
    status, output = run(
        """
        import sys
        sys.modules["twisted"] = None
        from interloop import txaio
        try:
            txaio.use_twisted()
        except ImportError:
            pass
        else:
            raise SystemExit("no ImportError")
        txaio.use_asyncio()
        """
    )
    assert status == 0, output


def test_before_a_framework_is_selected_functions_say_how_to_select_one():
    status, output = run(
        """
        from interloop import txaio
        for name in txaio.__all__:
            if name in ("using_twisted", "using_asyncio", "config", "use_twisted", "use_asyncio"):
                continue
            try:
                getattr(txaio, name)()
            except RuntimeError as error:
                assert ".use_twisted() or .use_asyncio()" in str(error)
            else:
                raise SystemExit(name)
        assert not txaio.using_twisted and not txaio.using_asyncio
        """
    )
    assert status == 0, output


@pytest.mark.parametrize("first, second", [("asyncio", "twisted"), ("twisted", "asyncio")])
def test_a_second_framework_is_refused(first, second):
    status, output = run(
        f"""
        from interloop import txaio
        txaio.use_{first}()
        txaio.use_{first}()
        try:
            txaio.use_{second}()
        except RuntimeError as error:
            assert "{first}" in str(error)
        else:
            raise SystemExit("no error")
        assert txaio.using_{first} and not txaio.using_{second}
        """
    )
    assert status == 0, output


@pytest.mark.parametrize("name", ["asyncio", "twisted"])
def test_importing_with_x_selects_x(name):
    status, output = run(
        f"""
        import interloop.txaio.with_{name}
        from interloop import txaio
        assert txaio.using_{name}
        """
    )
    assert status == 0, output


def test_replace_loop_restores_when_an_exception_passes(on):
    from interloop.txaio.testutil import replace_loop

    before = txaio.config.loop
    with pytest.raises(ZeroDivisionError):
        with replace_loop(object()) as other:
            assert txaio.config.loop is other
            1 / 0
    assert txaio.config.loop is before


def test_with_config_binds_everything_to_its_loop(on):
    if not on.is_asyncio:
        pytest.skip("Twisted has one reactor")
    other = on.new_loop()
    txa = txaio.with_config(loop=other)

    def fails():
        raise ValueError

    async def coroutine():
        pass

    made = [
        txa.create_future(),
        txa.create_future_success(1),
        txa.create_future_error(ValueError()),
        txa.as_future(lambda: 1),
        txa.as_future(fails),
        txa.as_future(coroutine),
        txa.sleep(0),
        txa.gather([]),
        txa.gather([coroutine()]),
    ]
    try:
        assert [each.get_loop() is other for each in made] == [True] * len(made)
    finally:
        txa.add_callbacks(made[2], None, lambda fail: None)
        txa.add_callbacks(made[4], None, lambda fail: None)
        other.call_later(0.01, other.stop)
        other.run_forever()
        other.close()


def test_configurations_and_apis_can_be_referred_to_weakly(on):
    config, api = on.txaio.config, on.txaio.with_config()
    assert weakref.ref(config)() is config
    gone = weakref.ref(api)
    assert gone() is api
    del api
    gc.collect()
    assert gone() is None


def test_with_config_leaves_the_global_configuration_alone(on):
    if not on.is_asyncio:
        pytest.skip("Twisted has one reactor")
    before = txaio.config.loop
    txaio.with_config(loop=object())
    assert txaio.config.loop is before


def test_with_config_refuses_a_second_reactor(on):
    if on.is_asyncio:
        pytest.skip("asyncio has many loops")
    with pytest.raises(RuntimeError, match="single, global reactor"):
        txaio.with_config(loop=object())
    assert txaio.with_config(loop=txaio.config.loop).using_twisted


def test_a_configured_api_has_every_function(on):
    api = txaio.with_config()
    module_level = {"with_config", "use_twisted", "use_asyncio", "config", "make_logger", "start_logging"}
    module_level |= {"set_global_log_level", "get_global_log_level", "add_log_categories", "IFailedFuture", "ILogger"}
    module_level |= {"time_ns", "perf_counter_ns"}
    missing = [name for name in txaio.__all__ if name not in module_level and not hasattr(api, name)]
    assert missing == []


def test_without_a_configured_loop_each_thread_has_its_own():
    status, output = run(
        """
        import asyncio, threading
        from interloop import txaio
        txaio.use_asyncio()
        loops = []
        async def main():
            loops.append((txaio.create_future().get_loop(), asyncio.get_running_loop()))
        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
        for each in threads: each.start()
        for each in threads: each.join()
        assert len(loops) == 3 and all(a is b for a, b in loops)
        """
    )
    assert status == 0, output


def test_a_thread_without_a_loop_gets_one():
    status, output = run(
        """
        import threading
        from interloop import txaio
        txaio.use_asyncio()
        made = []
        thread = threading.Thread(target=lambda: made.append(txaio.create_future()))
        thread.start(); thread.join()
        assert len(made) == 1
        """
    )
    assert status == 0, output


def test_the_modules_are_those_of_the_original():
    import importlib

    names = ["aio", "tx", "interfaces", "testutil", "_unframework", "_common", "_util", "_iotype", "_version"]
    for name in names:
        importlib.import_module("interloop.txaio." + name)


def test_call_later_returns_the_loops_own_handle(on):
    import asyncio

    from twisted.internet.base import DelayedCall

    handle = txaio.call_later(60, lambda: None)
    if on.is_asyncio:
        assert isinstance(handle, asyncio.TimerHandle) or type(handle).__module__.startswith("uvloop")
    else:
        assert isinstance(handle, DelayedCall)
    handle.cancel()


def test_call_later_passes_arguments_and_keywords(on):
    seen = []
    done = txaio.create_future()
    txaio.call_later(0, seen.append, 1)
    txaio.call_later(delay=0, fun=lambda **k: seen.append(k), a=2)
    txaio.call_later(0.02, lambda *a, **k: (seen.append((a, k)), txaio.resolve(done)), 3, b=4)
    on.wait(done)
    assert seen == [1, {"a": 2}, ((3,), {"b": 4})]


def test_clocks_advance(on):
    assert txaio.time_ns() > 0
    first = txaio.perf_counter_ns()
    assert txaio.perf_counter_ns() >= first


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning", "error::RuntimeWarning")
def test_a_closed_loop_is_an_error_without_a_warning_of_coroutines():
    from interloop.txaio import aio

    api = aio.with_config(loop=(loop := asyncio.new_event_loop()))
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        api.sleep(1)
    gc.collect()


def test_every_function_knows_its_module_and_can_be_pickled_and_copied(on):
    framework = "interloop.txaio.aio" if on.is_asyncio else "interloop.txaio.tx"
    for name in on.txaio._functions:
        function = getattr(on.txaio, name)
        if not isinstance(function, type):
            assert function.__module__ == ("time" if name.endswith("_ns") else framework), name
        for again in (pickle.loads(pickle.dumps(function)), copy.deepcopy(function)):
            assert again == function, name
    api = copy.copy(on.txaio.with_config(on.loop if on.is_asyncio else None))
    assert api._config.loop is on.loop


def test_help_of_every_function_names_its_arguments(on):
    missing = []
    for name in on.txaio._functions:
        function = getattr(on.txaio, name)
        if name.endswith("_ns") or isinstance(function, type):
            continue
        text = inspect.getdoc(function) or ""
        arguments = inspect.signature(function).parameters
        missing += [f"{name}: {each}" for each in arguments if not re.search(rf"\b{each}\b", text)]
    assert missing == []
