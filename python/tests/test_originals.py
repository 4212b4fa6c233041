# SPDX-License-Identifier: MIT
"""The originals' own tests, from their released sources, on the replacements."""

from support import originals


def test_txaios_own_tests_pass(tmp_path):
    outcomes = originals.compare(tmp_path, originals.sources("txaio") / "tests")
    assert len(outcomes) > 100
