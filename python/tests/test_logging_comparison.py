# SPDX-License-Identifier: MIT
"""Loggers write the same lines as the original's, except for the time."""

import json

import pytest
from support.programs import run

pytest.importorskip("txaio", reason="the original is not installed: tools/requirements-python.txt has it")

PROGRAM = """
import importlib, io, json, re, sys
package, framework = sys.argv[1:]
txaio = importlib.import_module(package)
(txaio.use_asyncio if framework == "asyncio" else txaio.use_twisted)()
out = io.StringIO()
txaio.start_logging(out=out, level="trace")
txaio.add_log_categories({"known": "{who} left"})
log = txaio.make_logger()
LEVELS = ["critical", "error", "warn", "info", "debug", "trace"]
CALLS = [
    ((), {}),
    ((), {"user": "Ann"}),
    ((), {"format": "by name {user}", "user": "Ann"}),
    (("",), {}),
    (("plain",), {}),
    (("plain",), {"user": "Ann"}),
    (("{user} and {things[one]} and {shape.real}",), {"user": "Ann", "things": {"one": 1}, "shape": 3}),
    (("{{braces}} 100% %s",), {}),
    (("{braces}} unbalanced",), {}),
    (("{missing}",), {}),
    (("two", "messages"), {}),
    (("twice",), {"format": "twice"}),
    ((), {"log_category": "known", "who": "Ann"}),
    (("unused",), {"log_category": "known", "who": "Ann"}),
    (("kept {who}",), {"log_category": "other", "who": "Ann"}),
    ((), {"log_category": "other", "who": "Ann"}),
]

def written(function, arguments, fields):
    out.seek(0)
    out.truncate()
    try:
        function(*arguments, **fields)
    except Exception as error:
        return "raised", type(error).__name__
    lines = [line.partition(" ")[2] for line in out.getvalue().splitlines()]
    return "wrote", [re.sub("(Unable to format event) {.*}", r"\\1", line) for line in lines]  # it contains the time

seen = {}
for limit in reversed(LEVELS):  # on Twisted, the original's output keeps the level of its first message
    txaio.set_global_log_level(limit)
    for level in LEVELS:
        for arguments, fields in CALLS:
            seen[f"{limit}: {level}({arguments}, {fields})"] = written(getattr(log, level), arguments, fields)
            seen[f"{limit}: emit({level}, {arguments}, {fields})"] = written(log.emit, (level, *arguments), fields)
print(json.dumps(seen), file=sys.__stdout__)  # Twisted has replaced sys.stdout
"""


@pytest.mark.parametrize("framework", ["asyncio", "twisted"])
def test_each_call_at_each_level_writes_what_the_original_does(framework):
    original, ours = (json.loads(run(PROGRAM, package, framework)) for package in ("txaio", "interloop.txaio"))
    assert len(original) == 6 * 6 * 2 * 16
    differing = {call: (seen, ours[call]) for call, seen in original.items() if ours[call] != seen}
    if framework == "asyncio":  # there the original raises in the caller if a message does not fit its fields
        unfit = {call for call, (seen, what) in differing.items() if seen[0] == "raised" and "not formatted" in what[1][0]}
        assert unfit and all("{missing}" in call or "{braces}}" in call for call in unfit)
        differing = {call: what for call, what in differing.items() if call not in unfit}
    assert differing == {}
