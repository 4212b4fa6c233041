# SPDX-License-Identifier: MIT
"""Logging, each case in its own process, because logging is started only once."""

import os
import re
import subprocess
import sys

import pytest
from support.programs import run

DESTINATIONS = pytest.mark.parametrize("destination", ["a pipe", "a file"])
BOTH = pytest.mark.parametrize("framework", ["asyncio", "twisted"])
PROLOGUE = """
import io, logging, sys
from interloop import txaio
txaio.use_{framework}()
out = io.StringIO()
def lines(): return out.getvalue().splitlines()
"""


def program(framework, body):
    run(PROLOGUE.format(framework=framework) + "\n" + body)


@BOTH
def test_messages_with_named_fields_are_written_with_time_and_zone(framework):
    program(
        framework,
        """
import re
txaio.start_logging(out=out, level="debug")
log = txaio.make_logger()
log.info("Hopping {times} times, {things[one]}, {shape.real}", times=42, things={"one": 1}, shape=3)
(line,) = lines()
assert re.fullmatch(r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d{4} Hopping 42 times, 1, 3", line), line
""",
    )


@BOTH
def test_loggers_made_before_and_after_the_start_have_its_level(framework):
    program(
        framework,
        """
early = txaio.make_logger()
txaio.start_logging(out=out, level="warn")
late = txaio.make_logger()
for log in (early, late):
    for level in ("critical", "error", "warn", "info", "debug", "trace"):
        getattr(log, level)(level)
assert [line.split()[-1] for line in lines()] == ["critical", "error", "warn"] * 2, lines()
assert txaio.get_global_log_level() == "warn"
""",
    )


@BOTH
def test_a_lowered_level_takes_effect(framework):
    program(
        framework,
        """
txaio.start_logging(out=out, level="error")
log = txaio.make_logger()
log.debug("no")
txaio.set_global_log_level("debug")
log.debug("yes")
txaio.set_global_log_level("trace")
log.trace("traced {txaio_trace}")
txaio.set_global_log_level("critical")
log.error("no")
assert [line.split(" ", 1)[1] for line in lines()] == ["yes", "traced True"], lines()
""",
    )


def test_a_raised_level_silences_no_other_library_on_asyncio():
    program(
        "asyncio",
        """
txaio.start_logging(out=out, level="info")
other, root = logging.getLogger("other"), logging.getLogger()
for level in ("error", "none", "debug", "warn"):
    txaio.set_global_log_level(level)
    other.info(f"info at {level}")
    other.debug(f"debug at {level}")
assert [line.split(" ", 1)[1] for line in lines()] == [
    "info at error", "info at none", "info at debug", "debug at debug", "info at warn"], lines()
root.setLevel("ERROR")
txaio.set_global_log_level("critical")
assert root.level == logging.ERROR
own = txaio.make_logger()
own._set_log_level("error")
own.error("own")
assert lines()[-1].endswith(" own"), lines()
""",
    )


def test_a_raised_level_silences_no_other_library_and_no_logger_with_its_own_on_twisted():
    program(
        "twisted",
        """
from twisted.logger import Logger
txaio.start_logging(out=out, level="info")
own, follows, other = txaio.make_logger(level="info"), txaio.make_logger(), Logger("other")
for level in ("error", "none", "debug", "warn"):
    txaio.set_global_log_level(level)
    own.info(f"own at {level}")
    follows.info(f"not at {level}")
    other.info(f"other at {level}")
    other.debug(f"debug at {level}")
assert [line.split(" ", 1)[1] for line in lines()] == [
    "own at error", "other at error", "own at none", "other at none", "own at debug", "not at debug", "other at debug",
    "debug at debug", "own at warn", "other at warn"], lines()
""",
    )


@BOTH
def test_level_none_writes_nothing(framework):
    program(
        framework,
        """
txaio.start_logging(out=out, level="none")
log = txaio.make_logger()
log.critical("no")
log.emit("critical", "no")
assert lines() == []
assert txaio.get_global_log_level() == "none"
txaio.set_global_log_level("info")
log.info("yes")
assert len(lines()) == 1
""",
    )


@BOTH
def test_without_output_only_the_level_is_set_and_output_can_come_later(framework):
    program(
        framework,
        """
txaio.start_logging(out=None, level="warn")
log = txaio.make_logger()
assert txaio.get_global_log_level() == "warn"
log.warn("to whom it may concern")
txaio.start_logging(out=out, level="info")
log.info("yes")
assert [line.split()[-1] for line in lines()] == ["yes"], lines()
""",
    )


@BOTH
def test_a_second_start_does_nothing(framework):
    program(
        framework,
        """
txaio.start_logging(out=out, level="info")
txaio.start_logging(out=io.StringIO(), level="critical")
txaio.make_logger().info("once")
assert len(lines()) == 1
""",
    )


@BOTH
def test_a_wrong_level_is_refused_and_nothing_is_started(framework):
    program(
        framework,
        """
for kind, call in (
    (RuntimeError, lambda: txaio.start_logging(out=out, level="loud")),
    (ValueError, lambda: txaio.set_global_log_level("loud")),
):
    try:
        call()
    except kind as error:
        assert "Invalid log level 'loud'" in str(error)
    else:
        raise SystemExit("no error")
txaio.start_logging(out=out)
txaio.make_logger().info("yes")
assert len(lines()) == 1
""",
    )


@BOTH
def test_a_stream_of_bytes_gets_bytes(framework):
    program(
        framework,
        """
out = io.BytesIO()
txaio.start_logging(out=out)
txaio.make_logger().info("\\u00e9t\\u00e9")
assert out.getvalue().endswith("\\u00e9t\\u00e9\\n".encode())
""",
    )


@BOTH
def test_a_category_replaces_the_message(framework):
    program(
        framework,
        """
txaio.start_logging(out=out)
txaio.add_log_categories({"A1": "{who} left"})
log = txaio.make_logger()
log.info(log_category="A1", who="Ann")
log.info("unused", log_category="A1", who="Bob")
log.info("kept {who}", log_category="other", who="Cyd")
assert [line.split(" ", 1)[1] for line in lines()] == ["Ann left", "Bob left", "kept Cyd"], lines()
""",
    )


@BOTH
def test_emit_takes_the_level_by_name(framework):
    program(
        framework,
        """
txaio.start_logging(out=out, level="info")
log = txaio.make_logger()
log.emit("info", "yes {a}", a=1)
log.emit("debug", "no")
assert [line.split(" ", 1)[1] for line in lines()] == ["yes 1"], lines()
""",
    )


@BOTH
@pytest.mark.parametrize("level", ["none", "no such level"])
def test_emit_at_a_level_that_messages_do_not_have_raises(framework, level):
    program(
        framework,
        f"""
log = txaio.make_logger()
try:
    log.emit({level!r}, "no")
except (ValueError if txaio.using_twisted else AttributeError) as error:
    assert {level!r} in str(error)
else:
    raise SystemExit("did not raise")
""",
    )


@BOTH
def test_a_logger_is_named_after_where_it_was_made(framework):
    program(
        framework,
        """
def name(log): return log._logger.name if txaio.using_asyncio else log._logger.namespace
def function(): return txaio.make_logger()
class Thing:
    shared = txaio.make_logger()
    def __init__(self): self.own = txaio.make_logger()
assert name(txaio.make_logger()) == "__main__"
assert name(function()) == "__main__.function"
assert name(Thing().own) == "__main__.Thing"
assert name(Thing.shared) == "__main__.Thing"
assert Thing().shared is Thing.shared
""",
    )


@BOTH
def test_it_is_an_ilogger(framework):
    program(framework, "assert isinstance(txaio.make_logger(), txaio.ILogger)")


@BOTH
def test_a_logger_can_be_patched_and_weakly_referred_to(framework):
    program(
        framework,
        """
import gc, weakref
log = txaio.make_logger()
seen = []
log.info = seen.append
log.info("patched")
assert seen == ["patched"]
class Recorder:
    def __getattr__(self, name): return lambda *what, **fields: seen.append(name)
log._logger = Recorder()
log.warn("to another")
assert seen[1:] == (["warning"] if txaio.using_asyncio else ["emit"]), seen
del log._logger
try: log.warn("to none")
except AttributeError as error: assert "deleted" in str(error), error
else: raise SystemExit("did not raise")
gone = weakref.ref(log)
del log
gc.collect()
assert gone() is None
""",
    )


@BOTH
def test_loggers_and_what_holds_them_can_be_copied_and_pickled(framework):
    program(
        framework,
        """
import copy, pickle
def name(log): return log._logger.name if txaio.using_asyncio else log._logger.namespace
class Part:
    def __init__(self): self.log = txaio.make_logger()
txaio.start_logging(out=out, level="info")
part = Part()
part.log.note = ["kept"]
for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
    pickle.loads(pickle.dumps(part, protocol)).log.info("pickled")
copies = [copy.copy(part.log), copy.deepcopy(part).log, pickle.loads(pickle.dumps(part.log))]
assert [each is part.log for each in copies] == [False] * 3
for each in copies:
    assert name(each) == "__main__.Part" and each.note == ["kept"] and type(each) is type(part.log)
    each.debug("no")
    each.info("copied")
txaio.set_global_log_level("debug")
for each in copies: each.debug("follows")
assert [line.split()[-1] for line in lines()] == ["pickled"] * 4 + ["copied"] * 3 + ["follows"] * 3, lines()
""",
    )


def test_a_copied_logger_keeps_its_own_level_and_observer_on_twisted():
    program(
        "twisted",
        """
import copy
events = []
class Observer:
    def __call__(self, event): events.append(event["log_level"].name)
log = txaio.make_logger(level="debug", observer=Observer())
for each in (copy.copy(log), copy.deepcopy(log)):
    txaio.set_global_log_level("error")
    each.debug("yes")
    each.trace("no")
assert events == ["debug"] * 2, events
""",
    )


@pytest.mark.parametrize("call", ["none('x')", "emit('none', 'x')"])
def test_a_message_at_level_none_is_refused_on_asyncio(call):
    program(
        "asyncio",
        f"""
log = txaio.make_logger()
try: log.{call}
except AttributeError as error: assert "one of critical" in str(error)
else: raise SystemExit("did not raise")
from interloop.txaio.interfaces import log_levels
assert all(callable(getattr(log, level)) for level in log_levels)
""",
    )


def test_the_stdlibs_messages_come_out_through_start_logging():
    program(
        "asyncio",
        """
txaio.start_logging(out=out, level="debug")
logging.getLogger("roy").info("stdlib: %s", "txaio was here")
try: 1 / 0
except ZeroDivisionError: logging.getLogger("roy").exception("oh")
assert lines()[0].endswith("stdlib: txaio was here")
assert "ZeroDivisionError: division by zero" in lines(), lines()
""",
    )


def test_twisteds_old_and_new_loggers_come_out_through_start_logging():
    program(
        "twisted",
        """
txaio.start_logging(out=out, level="debug")
from twisted.python import log as legacy
from twisted.logger import Logger
legacy.msg("legacy was here")
Logger().info("{who} too", who="new")
try: 1 / 0
except ZeroDivisionError: Logger().failure("failed")
text = out.getvalue()
assert "legacy was here" in text and "new too" in text and "failed" in text, text
""",
    )


def test_a_failure_that_is_logged_shows_its_traceback_on_twisted():
    program(
        "twisted",
        """
txaio.start_logging(out=out)
log = txaio.make_logger()
try: 1 / 0
except ZeroDivisionError: log.failure(None)
assert "ZeroDivisionError" in out.getvalue(), out.getvalue()
""",
    )


def test_without_start_logging_the_applications_stdlib_logging_gets_the_messages():
    program(
        "asyncio",
        """
logging.basicConfig(stream=out, level=logging.INFO, format="%(name)s %(levelname)s %(funcName)s %(message)s")
def work():
    txaio.make_logger().warn("to {who}", who="you")
work()
assert lines() == ["__main__.work WARNING work to you"], lines()
""",
    )


def test_without_start_logging_the_applications_twisted_logging_gets_the_messages():
    program(
        "twisted",
        """
from twisted.logger import globalLogBeginner, formatEvent
events = []
globalLogBeginner.beginLoggingTo([events.append], redirectStandardIO=False)
txaio.make_logger().info("to {who}", who="you")
assert [formatEvent(each) for each in events] == ["to you"]
""",
    )


def test_a_logger_may_have_a_level_of_its_own_on_twisted():
    program(
        "twisted",
        """
log = txaio.make_logger(level="debug")
other = txaio.make_logger()
other.set_log_level("trace")
follows = txaio.make_logger()
follows.set_log_level("trace", keep=False)
txaio.set_global_log_level("error")
assert (log._log_level, other._log_level, follows._log_level) == ("debug", "trace", "error")
""",
    )


@BOTH
@pytest.mark.parametrize("message", ["{missing}", "{braces}} unbalanced", "{", "{0}", "{user.name}", "{user:d}", "{angry}"])
def test_a_message_that_does_not_fit_its_fields_is_logged_with_the_reason(framework, message):
    program(
        framework,
        f"""
class Angry:
    def __format__(self, specification): raise LookupError("not to be shown")
txaio.start_logging(out=out)
log = txaio.make_logger()
log.info({message!r}, user="Ann", angry=Angry())
log.debug({message!r})
(line,) = lines()
assert "not formatted" in line or "Unable to format" in line, line
assert {message!r} in line, line
""",
    )


def test_an_object_that_is_not_a_message_is_logged_as_text_and_an_interrupt_passes_on_asyncio():
    program(
        "asyncio",
        """
class Stops:
    def __format__(self, specification): raise KeyboardInterrupt
class Silent:
    def __str__(self): raise ValueError
txaio.start_logging(out=out)
log = txaio.make_logger()
log.info(42)
log.info(Silent())
assert " 42 [not formatted: AttributeError" in lines()[0] and "type Silent that cannot be formatted" in lines()[1], lines()
try: log.info("{stops}", stops=Stops())
except KeyboardInterrupt: pass
else: raise SystemExit("no KeyboardInterrupt")
""",
    )


def test_zone_is_local():
    output = run(
        """
        import io, os, time
        os.environ["TZ"] = "XYZ+03:30"; time.tzset()
        from interloop import txaio
        txaio.use_asyncio()
        out = io.StringIO()
        txaio.start_logging(out=out)
        txaio.make_logger().info("x")
        print(out.getvalue())
        """
    )
    assert re.search(r"T\d\d:\d\d:\d\d-0330 x", output), output


# ---- streams that have a buffer, as standard output has unless it is a terminal


def written_by(tmp_path, program):
    """Runs a program whose standard output is a file: (exit status, its text, standard error)."""
    with (tmp_path / "output").open("w+") as out:
        done = subprocess.run([sys.executable, "-c", program], stdout=out, stderr=subprocess.PIPE, text=True, timeout=60)
        out.seek(0)
        return done.returncode, out.read(), done.stderr


PRINTS_AND_LOGS = """
import os, sys
from interloop import txaio
txaio.use_{framework}()
kept = sys.stdout
print("printed before")
{start}
txaio.make_logger().warn("logged")
{end}
"""


@BOTH
@DESTINATIONS
def test_printed_and_logged_lines_arrive(framework, destination, tmp_path):
    program = PRINTS_AND_LOGS.format(framework=framework, start="txaio.start_logging()", end="")
    status, text, complaints = written_by(tmp_path, program) if destination == "a file" else (0, run(program), "")
    lines = text.splitlines()
    assert (status, complaints, len(lines), lines[0]) == (0, "", 2, "printed before"), text
    assert lines[1].endswith(" logged"), text


@BOTH
def test_a_line_is_written_through_when_it_is_logged(framework, tmp_path):
    program = PRINTS_AND_LOGS.format(framework=framework, start="txaio.start_logging()", end="os._exit(3)")
    status, text, _ = written_by(tmp_path, program)
    assert status == 3 and text.splitlines()[-1].endswith(" logged"), text


def test_a_log_in_a_separate_file_leaves_writes_to_the_old_standard_output_alone(tmp_path):
    start = f"txaio.start_logging(out=open({str(tmp_path / 'log')!r}, 'w'))"
    program = PRINTS_AND_LOGS.format(framework="twisted", start=start, end="kept.write('to the kept stream')")
    assert written_by(tmp_path, program)[:2] == (0, "printed before\nto the kept stream")
    assert (tmp_path / "log").read_text().endswith(" logged\n")


@BOTH
@pytest.mark.parametrize("option", ["-b", "-u"], ids=["buffered", "unbuffered"])
def test_no_line_is_lost_if_standard_output_is_a_non_blocking_pipe(framework, option, tmp_path):
    program = PRINTS_AND_LOGS.format(
        framework=framework,
        start="txaio.start_logging()",
        end="for i in range(300): txaio.make_logger().info('{i} {text}', i=i, text='x' * (i * 100))",
    )
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with open(reader) as lines, (tmp_path / "complaints").open("w+") as complaints:
        process = subprocess.Popen([sys.executable, option, "-c", program], stdout=writer, stderr=complaints)
        os.close(writer)
        found = [line.split()[1:] for line in lines][2:]
        status = process.wait(timeout=60)
        complaints.seek(0)
        assert (status, complaints.read()) == (0, "")
    assert [(int(number), sum(map(len, text))) for number, *text in found] == [(i, i * 100) for i in range(300)]


@BOTH
def test_a_log_that_cannot_be_written_is_reported_on_standard_error_and_its_callers_continue(framework):
    output = run(
        f"""
        import sys
        from interloop import txaio
        txaio.use_{framework}()
        class Full:
            mode = "w"
            def write(self, text): raise OSError("no space is left")
        txaio.start_logging(out=Full())
        log = txaio.make_logger()
        log.info("first")
        log.info("second")
        sys.__stdout__.write("went on")
        """
    )
    assert "no space is left" in output and "went on" in output, output
