# SPDX-License-Identifier: MIT
"""interloop.install(): the originals' names find interloop's modules."""

import pytest
from support.programs import run


def test_the_names_are_one_module():
    run(
        """
        import interloop
        interloop.install()
        interloop.install()
        import txaio, txaio.testutil
        from txaio import aio, tx
        from txaio.interfaces import log_levels
        import interloop.txaio as ours
        assert txaio is ours and txaio.aio is aio and aio is ours.aio and tx is ours.tx
        assert txaio.testutil is ours.testutil and log_levels is ours.interfaces.log_levels
        assert ours.__name__ == ours.__spec__.name == "interloop.txaio"
        txaio.use_asyncio()
        assert ours.using_asyncio
        """
    )


def test_missing_submodules_are_missing():
    run(
        """
        import interloop
        interloop.install()
        try:
            import txaio.nothing
        except ImportError:
            pass
        else:
            raise SystemExit("found")
        """
    )


@pytest.mark.parametrize("name", ["txaio", "txaio.interfaces"])
def test_it_refuses_if_an_original_was_already_imported(name):
    run(
        f"""
        import sys, types
        sys.modules["{name}"] = types.ModuleType("{name}")
        import interloop
        try:
            interloop.install()
        except RuntimeError as error:
            assert "txaio" in str(error) and "call install() before" in str(error), error
        else:
            raise SystemExit("no error")
        assert len([f for f in sys.meta_path if type(f).__module__.startswith("interloop")]) == 0
        """
    )


def test_importing_the_package_installs_nothing():
    run(
        """
        import sys
        import interloop.txaio
        assert "txaio" not in sys.modules
        """
    )
