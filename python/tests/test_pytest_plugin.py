# SPDX-License-Identifier: MIT
"""The plugin of pytest: what its fixture runs, and what it reports. Each test here runs pytest on a file of its own."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("twisted")
pytest.importorskip("uvloop")

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def run(folder, text, *arguments, prelude=""):
    """Runs pytest on a file with that text. Returns the outcome of each test, and all output."""
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    (folder / "conftest.py").write_text(textwrap.dedent(prelude))
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-p", "no:asyncio", *arguments]
    done = subprocess.run([*command, "test_it.py"], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    found = re.findall(r"^(PASSED|FAILED|ERROR) test_it\.py::(\S+)", done.stdout, re.MULTILINE)
    outcomes = {}
    for outcome, name in found:
        outcomes.setdefault(name, []).append(outcome)
    return {name: sorted(each) for name, each in outcomes.items()}, done.stdout + done.stderr


def on_each(*names, outcome):
    return {f"{name}[{kind}]": sorted(outcome) for name in names for kind in ("asyncio", "uvloop", "twisted")}


def test_futures_coroutines_and_functions_are_run(tmp_path):
    outcomes, output = run(
        tmp_path,
        """
        import threading
        import pytest
        from interloop import txaio

        def later(value):
            future = txaio.create_future()
            txaio.call_later(0.001, txaio.resolve, future, value)
            return future

        async def coroutine(value):
            return await later(value)

        def test_a_future(interloop):
            assert interloop.run(later(1)) == 1

        def test_a_coroutine(interloop):
            assert interloop.run(coroutine(2)) == 2

        def test_a_function(interloop):
            assert interloop.run(later, 3) == 3
            assert interloop.run(coroutine, 4) == 4
            assert interloop.run(lambda: 5) == 5

        def test_an_exception(interloop):
            def fails():
                raise KeyError("no luck")
            with pytest.raises(KeyError, match="no luck"):
                interloop.run(fails)

        def test_is_selected(interloop):
            assert txaio.using_twisted == (interloop.name == "twisted")
            assert txaio.using_asyncio == (interloop.name != "twisted")
            assert txaio.config.loop is interloop.loop

        def test_other_threads(interloop):
            called = []
            def post():
                if interloop.name == "twisted":
                    interloop.loop.callFromThread(called.append, 1)
                else:
                    interloop.loop.call_soon_threadsafe(called.append, 1)
            thread = threading.Thread(target=post)
            thread.start()
            interloop.run_until(lambda: called)
            thread.join()

        def test_threads_of_the_loop(interloop):
            async def work():
                if interloop.name == "twisted":
                    from twisted.internet.threads import deferToThread
                    return await deferToThread(lambda: 7)
                return await interloop.loop.run_in_executor(None, lambda: 7)
            assert interloop.run(work) == 7

        @pytest.mark.parametrize("interloop", ["asyncio"], indirect=True)
        def test_only_on_one(interloop):
            assert interloop.name == "asyncio"
        """,
    )
    names = [
        f"test_{name}"
        for name in "a_future a_coroutine a_function an_exception is_selected other_threads threads_of_the_loop".split()
    ]
    assert outcomes == {**on_each(*names, outcome=["PASSED"]), "test_only_on_one[asyncio]": ["PASSED"]}, output


def test_what_is_left_is_reported(tmp_path):
    outcomes, output = run(
        tmp_path,
        """
        import gc
        import pytest
        from interloop import txaio

        kept = []

        async def never(future):
            await future

        def test_nothing(interloop):
            txaio.resolve(txaio.create_future(), 1)

        def test_a_future(interloop):
            kept.append(txaio.create_future())

        def test_a_coroutine(interloop):
            kept.append(txaio.as_future(never, txaio.create_future()))

        def test_a_timer(interloop):
            kept.append(txaio.call_later(3600, print))

        def test_a_failure_that_nobody_looked_at(interloop):
            future = txaio.create_future()
            txaio.reject(future, ValueError("unseen"))
            del future

        def test_an_exception_of_a_callback(interloop):
            def wrong():
                raise KeyError("escaped")
            txaio.call_later(0, wrong)

        def test_that_it_is_expected(interloop):
            def wrong():
                raise KeyError("escaped")
            txaio.call_later(0, wrong)
            (text,) = interloop.taken_unhandled()
            assert "KeyError: 'escaped'" in text or "KeyError: escaped" in text

        def test_too_long(interloop):
            kept.append(future := txaio.create_future())
            interloop.run(future, timeout=0.01)

        def test_the_next_is_not_blamed(interloop):
            pass
        """,
    )
    reported = "a_future a_coroutine a_timer a_failure_that_nobody_looked_at an_exception_of_a_callback".split()
    wanted = {
        **on_each("test_nothing", "test_that_it_is_expected", "test_the_next_is_not_blamed", outcome=["PASSED"]),
        **on_each(*(f"test_{name}" for name in reported), outcome=["ERROR", "PASSED"]),
        **on_each("test_too_long", outcome=["ERROR", "FAILED"]),
    }
    # uvloop does not tell of its timers.
    wanted["test_a_timer[uvloop]"] = ["PASSED"]
    assert outcomes == wanted, output
    for name in ("asyncio", "uvloop", "twisted"):
        assert f"left pending on {name}:\n" in output
        assert f"an error that nobody handled, on {name}: " in output
    assert output.count("unseen") >= 3
    assert output.count("nothing was done within 0.01 s on ") >= 3


def test_a_framework_that_is_not_installed_is_skipped_with_the_reason(tmp_path):
    outcomes, output = run(
        tmp_path,
        "def test_it(interloop): pass",
        prelude="""
        import sys
        sys.modules["uvloop"] = sys.modules["twisted"] = None  # as if they were not there
        """,
    )
    assert outcomes == {"test_it[asyncio]": ["PASSED"]}, output
    assert "uvloop is not installed" in output
    assert "twisted is not installed" in output


def test_the_selection_from_before_is_back_afterwards(tmp_path):
    outcomes, output = run(
        tmp_path,
        """
        from interloop import txaio

        def test_before(interloop): pass

        def test_after():
            assert txaio._explicit_framework == "asyncio"
            assert txaio.using_asyncio
        """,
        prelude="""
        from interloop import txaio
        txaio.use_asyncio()
        """,
    )
    assert outcomes == {**on_each("test_before", outcome=["PASSED"]), "test_after": ["PASSED"]}, output


def test_it_can_be_switched_off(tmp_path):
    _, output = run(tmp_path, "def test_it(interloop): pass", "-p", "no:interloop")
    assert "fixture 'interloop' not found" in output



def test_the_documented_tests_pass(tmp_path):
    text = (Path(__file__).parents[2] / "examples" / "python" / "test_on_every_framework.py").read_text()
    outcomes, output = run(tmp_path, text)
    assert outcomes == on_each("test_greets", "test_needs_a_name", outcome=["PASSED"]), output
