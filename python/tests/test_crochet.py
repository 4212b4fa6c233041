# SPDX-License-Identifier: MIT
"""Crochet's functions on each framework, each case in its own process, because a loop is set up only once."""

import sys

import pytest
from support.programs import result, run

ON_ALL = pytest.mark.parametrize("loop", ["asyncio", "uvloop", "twisted"])

PROLOGUE = """
import asyncio, gc, inspect, logging, os, signal, sys, threading, time, traceback, weakref
from interloop import crochet
from interloop.crochet import setup, no_setup, run_in_reactor, wait_for, EventualResult, TimeoutError, ReactorStopped
LOOP = {loop!r}
def pending():
    "A future that nothing completes, of the loop in this thread."
    if LOOP == "twisted":
        from twisted.internet.defer import Deferred
        return Deferred()
    return asyncio.get_running_loop().create_future()
def done(future, value):
    future.callback(value) if LOOP == "twisted" else future.set_result(value)
def later(seconds, fn, *args):
    if LOOP == "twisted":
        from twisted.internet import reactor
        return reactor.callLater(seconds, fn, *args)
    return asyncio.get_running_loop().call_later(seconds, fn, *args)
@run_in_reactor
def stop():
    if LOOP == "twisted":
        from twisted.internet import reactor
        reactor.stop()
    else:
        asyncio.get_running_loop().stop()
def is_cancelled(error):
    return type(error).__name__ == "CancelledError"
def raises(kind, fn, *args):
    try:
        fn(*args)
    except kind as error:
        return error
    raise SystemExit("did not raise " + str(kind))
"""


def program(loop, body, set_up=True):
    start = f"setup({loop!r})\n" if set_up else ""
    return run(PROLOGUE.format(loop=loop) + start + body)


@ON_ALL
def test_wait_for_returns_values_and_raises_exceptions(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
def add(a, b=0): return a + b
@wait_for(timeout=10)
def fails(): raise ValueError("inside")
assert add(1, b=2) == 3
error = raises(ValueError, fails)
assert "in fails" in "".join(traceback.format_exception(error))
""",
    )


@ON_ALL
def test_wait_for_waits_for_futures_and_coroutines(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
def future():
    made = pending()
    later(0.01, done, made, 5)
    return made
@wait_for(timeout=10)
async def coroutine(value):
    made = pending()
    later(0.01, done, made, value)
    return await made
assert future() == 5
assert coroutine(6) == 6
assert not inspect.iscoroutinefunction(coroutine)
""",
    )


@ON_ALL
def test_an_exception_keeps_the_frames_of_the_coroutine_that_failed(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
async def outer():
    made = pending()
    later(0.01, done, made, None)
    await made
    inner()
def inner(): raise KeyError("deep")
@run_in_reactor
async def eventually(): inner()
error = raises(KeyError, outer)
text = "".join(traceback.format_exception(error))
assert "in inner" in text and "in outer" in text, text
held = eventually()
for _ in range(3):
    text = "".join(traceback.format_exception(raises(KeyError, held.wait, 10)))
    assert "in inner" in text, text
    assert text.count("in raises") == 1, text
""",
    )


@ON_ALL
def test_a_timeout_raises_and_cancels(loop):
    program(
        loop,
        """
begun, cancelled = threading.Event(), threading.Event()
@wait_for(timeout=0.05)
async def never():
    begun.set()
    try:
        await pending()
    except BaseException as error:
        if is_cancelled(error): cancelled.set()
        return
while not begun.is_set(): raises(TimeoutError, never)  # a busy machine may not begin it in time
assert cancelled.wait(10)
""",
    )


def test_a_timeout_while_a_module_is_imported_says_so(tmp_path):
    (tmp_path / "waits_at_import.py").write_text(
        "from interloop import crochet\n"
        "@crochet.wait_for(timeout=0.05)\n"
        "def imports(): import waits_at_import\n"
        "imports()\n"
    )
    program(
        "asyncio",
        f"""
sys.path.insert(0, {str(tmp_path)!r})
error = raises(TimeoutError, __import__, "waits_at_import")
assert "importing a module" in str(error)
assert str(raises(TimeoutError, wait_for(timeout=0.01)(lambda: pending()))) == ""
""",
    )


@ON_ALL
def test_a_timeout_of_zero_lets_immediate_results_through(loop):
    program(
        loop,
        """
@wait_for(timeout=0)
def at_once(): return 1
@wait_for(timeout=0)
def never(): return pending()
def often():
    for _ in range(100):  # a machine may pause
        try: return at_once()
        except TimeoutError: pass
assert often() == 1
raises(TimeoutError, never)
""",
    )


@ON_ALL
def test_an_eventual_result_can_be_waited_for_again(loop):
    program(
        loop,
        """
box = []
@run_in_reactor
def start():
    box.append(pending())
    return box[0]
@run_in_reactor
def finish(): done(box[0], 7)
held = start()
assert isinstance(held, EventualResult)
raises(TimeoutError, held.wait, 0.01)
raises(TimeoutError, held.wait, 0)
finish()
assert held.wait(10) == 7 == held.wait(timeout=None)
assert held.original_failure() is None
""",
    )


@ON_ALL
def test_an_eventual_result_can_be_cancelled(loop):
    program(
        loop,
        """
@run_in_reactor
def start(): return pending()
held = start()
held.cancel()
held.cancel()
assert is_cancelled(raises(BaseException, held.wait, 10))
assert is_cancelled(held.original_failure().value)
""",
    )


@ON_ALL
def test_a_stashed_result_is_retrieved_once(loop):
    program(
        loop,
        """
@run_in_reactor
def start(): return 3
held = start()
number = held.stash()
assert crochet.retrieve_result(number) is held
raises(KeyError, crochet.retrieve_result, number)
assert weakref.ref(held)() is held
""",
    )


@ON_ALL
def test_decorators_work_on_methods_and_keep_names_and_signatures(loop):
    program(
        loop,
        """
class Thing:
    @wait_for(timeout=10)
    def method(self, a: int, *, b=2) -> int:
        "Its documentation."
        return (self, a, b)
    @classmethod
    @wait_for(timeout=10)
    def outside(cls, a): return (cls, a)
    @wait_for(timeout=10)
    @classmethod
    def inside(cls, a): return (cls, a)
    @staticmethod
    @wait_for(timeout=10)
    def static(a): return a
    @run_in_reactor
    def eventual(self): return self
import json
json_dumps = wait_for(timeout=10)(json.dumps)
thing = Thing()
assert thing.method(1, b=3) == (thing, 1, 3) == Thing.method(thing, 1, b=3)
assert Thing.outside(1) == thing.outside(1) == Thing.inside(1) == thing.inside(1) == (Thing, 1)
assert Thing.static(4) == thing.static(4) == 4
assert thing.eventual().wait(10) is thing
assert str(inspect.signature(Thing.method)) == "(self, a: int, *, b=2) -> int"
assert str(inspect.signature(thing.method)) == "(a: int, *, b=2) -> int"
assert (Thing.method.__name__, Thing.method.__doc__) == ("method", "Its documentation.")
assert Thing.method.__qualname__ == "Thing.method" and Thing.method.__module__ == "__main__"
assert Thing.method.__wrapped__(thing, 1) == (thing, 1, 2)
assert inspect.isfunction(Thing.method) and inspect.ismethod(thing.method) and thing.method.__self__ is thing
assert inspect.getsourcefile(json_dumps) == inspect.getsourcefile(json.dumps)
assert inspect.getsource(json_dumps) == inspect.getsource(json.dumps)
assert thing.method == thing.method and hash(thing.method) == hash(thing.method)
""",
    )


@ON_ALL
def test_attributes_of_a_decorated_function_are_the_functions_own(loop):
    program(
        loop,
        """
class Thing:
    @wait_for(timeout=10)
    def method(self, a=1): return a
    method.mark = "marked"
thing = Thing()
assert thing.method.mark == Thing.method.mark == Thing.method.__wrapped__.mark == "marked"
Thing.method.__name__, Thing.method.__doc__, Thing.method.__defaults__ = "renamed", "Described.", (2,)
assert (thing.method.__name__, thing.method.__doc__, thing.method()) == ("renamed", "Described.", 2)
del Thing.method.mark
assert not hasattr(thing.method, "mark")
raises(AttributeError, setattr, Thing.method, "__wrapped__", None)
""",
    )


@ON_ALL
def test_the_arguments_of_a_decorated_function_are_inspectable_without_its_wrapped_one(loop):
    program(
        loop,
        """
@run_in_reactor
def plain(a, b=2): return a + b
@run_in_reactor
async def coroutine(a, b=2): return a + b
for each in (plain, coroutine):
    assert inspect.isfunction(each) and inspect.getfullargspec(each).args == ["a", "b"] and inspect.getfullargspec(each).defaults == (2,)
    assert each.__code__.co_name == each.__name__
    assert not inspect.iscoroutinefunction(each) and not asyncio.iscoroutinefunction(each)
    assert each(1).wait(10) == 3
assert inspect.iscoroutinefunction(coroutine.__wrapped__)
""",
    )


@ON_ALL
def test_waiting_in_the_loops_thread_raises_before_anything_runs(loop):
    program(
        loop,
        """
ran = []
@wait_for(timeout=10)
def inner(): ran.append(1)
@wait_for(timeout=10)
def outer(): inner()
@wait_for(timeout=10)
def waits(): held.wait(10)
@run_in_reactor
def plain(): return 1
assert "reactor thread" in str(raises(RuntimeError, outer))
held = plain()
assert "reactor thread" in str(raises(RuntimeError, waits))
assert ran == []
""",
    )


@ON_ALL
def test_before_setup_a_call_says_what_to_do(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
def f(): pass
@run_in_reactor
def g(): pass
for fn in (f, g):
    assert "call crochet.setup() first" in str(raises(RuntimeError, fn))
""",
        set_up=False,
    )


@ON_ALL
def test_in_a_forked_child_a_call_says_what_is_wrong(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
def f(): return 1
assert f() == 1
child = os.fork()
if child == 0:
    status = 1
    try:
        message = str(raises(RuntimeError, f))
        setup()
        status = 23 if "fork" in message and "fork" in str(raises(RuntimeError, f)) else 2
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 23
assert f() == 1
""",
    )


@ON_ALL
def test_ctrl_c_interrupts_a_wait(loop):
    program(
        loop,
        """
@wait_for(timeout=100)
def never(): return pending()
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with SIGINT ignored
def interrupt():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
raises(KeyboardInterrupt, never)
""",
    )


@ON_ALL
def test_a_signal_that_raises_nothing_does_not_end_a_wait(loop):
    program(
        loop,
        """
signals = []
signal.signal(signal.SIGUSR1, lambda *a: signals.append(1))
@run_in_reactor
def start():
    made = pending()
    later(0.4, done, made, 9)
    return made
def send():
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=send, daemon=True).start()
assert start().wait(10) == 9 and signals == [1]
""",
    )


@ON_ALL
def test_when_the_loop_stops_the_waiters_get_an_error(loop):
    program(
        loop,
        """
@run_in_reactor
def never(): return pending()
held = never()
later_waiters = []
def wait():
    later_waiters.append(type(raises(ReactorStopped, held.wait, 10)))
threads = [threading.Thread(target=wait) for _ in range(4)]
for each in threads: each.start()
stop()
for each in threads: each.join(10)
assert later_waiters == [ReactorStopped] * 4
raises(ReactorStopped, never)
""",
    )


@ON_ALL
def test_many_threads_get_their_own_results(loop):
    program(
        loop,
        """
@wait_for(timeout=60)
def echo(value):
    if value % 3: return value
    made = pending()
    later(0.001, done, made, value)
    return made
wrong = []
def work(start):
    for i in range(start, start + 200):
        if echo(i) != i: wrong.append(i)
threads = [threading.Thread(target=work, args=(n * 1000,)) for n in range(8)]
for each in threads: each.start()
for each in threads: each.join()
assert wrong == []
""",
    )


def greenlets(loop, body):
    return run("from gevent import monkey; monkey.patch_all()\n" + PROLOGUE.format(loop=loop) + "import gevent\n" + body)


@pytest.mark.parametrize("loop", ["asyncio", "twisted"])
def test_if_threads_are_greenlets_a_wait_lets_the_others_run(loop):
    greenlets(
        loop,
        """
setup(LOOP)
waiting = []
@wait_for(timeout=10)
def all_three(value):
    waiting.append(pending())
    if len(waiting) == 3:
        for each in waiting: done(each, value)
    return waiting[-1] if len(waiting) < 3 else value
@wait_for(timeout=0.01)
def never(): return pending()
@wait_for(timeout=10)
def inside(): never()
@run_in_reactor
def starts(): return pending()
group = [gevent.spawn(all_three, number) for number in range(3)]
gevent.joinall(group, raise_error=True)
assert [each.value for each in group] == [2, 2, 2]
raises(TimeoutError, never)
assert "reactor thread" in str(raises(RuntimeError, inside))
killed = gevent.spawn(starts().wait, 10)
gevent.sleep(0)
killed.kill()
assert isinstance(killed.value, gevent.GreenletExit)
assert gevent.get_hub().threadpool.apply(raises, (TimeoutError, never))
""",
    )


def test_if_threads_are_greenlets_uvloop_is_refused():
    greenlets("uvloop", "assert 'greenlets' in str(raises(RuntimeError, setup, LOOP))")


@ON_ALL
def test_one_result_wakes_all_its_waiters(loop):
    program(
        loop,
        """
@run_in_reactor
def start():
    made = pending()
    later(0.1, done, made, 1)
    return made
held = start()
seen = []
threads = [threading.Thread(target=lambda: seen.append(held.wait(10))) for _ in range(10)]
for each in threads: each.start()
for each in threads: each.join()
assert seen == [1] * 10
""",
    )


@ON_ALL
def test_a_failure_that_nobody_retrieved_is_logged(loop):
    output = program(
        loop,
        """
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
@run_in_reactor
def fails(): raise ValueError("nobody asked")
@wait_for(timeout=10)
def nothing(): pass
fails()
held = fails()
nothing()
held = None
gc.collect()
stashed = fails().stash()
nothing()
time.sleep(0.1)
""",
    )
    assert output.count("ValueError: nobody asked") == 3, output
    assert "Unhandled error in EventualResult" in output
    assert "stashed" in output


@ON_ALL
def test_a_failure_that_nobody_retrieved_before_the_process_ended_is_logged(loop):
    output = program(
        loop,
        """
@run_in_reactor
def fails(): raise LookupError("nobody asked")
kept = fails()  # is destroyed with the interpreter
time.sleep(0.05)
""",
    )
    assert "Unhandled error in EventualResult" in output and "LookupError: nobody asked" in output
    assert "Exception ignored" not in output


@ON_ALL
def test_first_calls_in_several_threads_at_once_do_not_stop_each_other(loop):
    output = program(
        loop,
        """
import builtins
original = builtins.__import__
def slow_import(*args, **names):
    time.sleep(0.01)  # another thread runs
    return original(*args, **names)
@wait_for(timeout=10)
def answer(): return 42
results = []
builtins.__import__ = slow_import
threads = [threading.Thread(target=lambda: results.append(answer()), daemon=True) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join(10)
print(results)
""",
    )
    assert "[42, 42, 42, 42]" in output


def test_redirected_standard_error_does_not_feed_twisteds_log_with_itself():
    output = run(
        """
        import time
        from interloop import crochet, txaio
        crochet.setup("twisted")
        txaio.use_twisted()
        txaio.start_logging()  # redirects standard error, to which the module logging writes warnings
        txaio.make_logger().warn("beware")
        time.sleep(0.2)
        """
    )
    assert 1 <= output.count("beware") <= 2, output  # once from txaio; once as the module logging has written it
    assert len(output.splitlines()) < 20, output


def test_messages_of_twisted_after_setup_are_logged():
    """Twisted may lose messages while its log gets its first observer, which happens in the reactor's thread."""
    output = program(
        "twisted",
        """
from twisted.python import log
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
begun, begin = [], crochet._main._startLoggingWithObserver
def begin_slowly(*arguments):
    time.sleep(0.1)
    begin(*arguments)
    begun.append(True)
crochet._main._startLoggingWithObserver = begin_slowly
setup(LOOP)
assert begun
log.msg("just after")
""",
        set_up=False,
    )
    assert output.count("just after") == 1, output


@ON_ALL
def test_a_cancellation_that_was_asked_for_is_not_logged(loop):
    output = program(
        loop,
        """
logging.basicConfig(level=logging.ERROR, stream=sys.stdout)
@wait_for(timeout=0.01)
def times_out(): return pending()
@wait_for(timeout=0.01)
async def coroutine_times_out(): await pending()
@run_in_reactor
def never(): return pending()
@wait_for(timeout=10)
def turn():
    made = pending()
    later(0.01, done, made, None)
    return made
raises(TimeoutError, times_out)
raises(TimeoutError, coroutine_times_out)
held, stashed = never(), never()
for each in (held, stashed): each.cancel()
turn()
assert is_cancelled(held._result(10).value)
stashed.stash()
held = stashed = None
dropped = never()
dropped.cancel()
dropped = None
turn()
gc.collect()
""",
    )
    assert output == "", output


def test_an_error_from_a_cancellation_and_an_unrequested_cancellation_are_logged():
    output = program(
        "twisted",
        """
logging.basicConfig(level=logging.ERROR, stream=sys.stdout)
from twisted.internet.defer import CancelledError, Deferred
@wait_for(timeout=0.01)
def fails_when_cancelled(): return Deferred(lambda made: made.errback(ValueError("in the canceller")))
@run_in_reactor
def cancelled_by_others():
    made = Deferred()
    later(0, made.errback, CancelledError("by others"))
    return made
@wait_for(timeout=10)
def nothing(): pass
raises(TimeoutError, fails_when_cancelled)
cancelled_by_others()
nothing()
""",
    )
    assert "ValueError: in the canceller" in output and "by others" in output, output


@ON_ALL
def test_results_that_the_loops_end_leaves_pending_are_not_logged(loop):
    output = program(
        loop,
        """
logging.basicConfig(level=logging.ERROR, stream=sys.stdout)
@run_in_reactor
def never(): return pending()
@run_in_reactor
async def waits(): await pending()
@wait_for(timeout=60)
def waited_for(): return pending()
for daemon in (False, True): threading.Thread(target=lambda: raises(ReactorStopped, waited_for), daemon=daemon).start()
never(), waits(), waits().stash()
kept = never(), waits()
time.sleep(0.05)
""",
    )
    assert output == "", output


@ON_ALL
def test_a_failure_that_was_seen_is_not_logged(loop):
    output = program(
        loop,
        """
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
@run_in_reactor
def fails(): raise ValueError("seen")
held = fails()
raises(ValueError, held.wait, 10)
held = None
gc.collect()
""",
    )
    assert "Unhandled" not in output, output


# The interpreter's last object: while it is destroyed, threads that ask for the GIL are ended. It waits until they are
# gone.
LAST = """
class Last:
    def __del__(self, listdir=os.listdir, now=time.monotonic, sleep=time.sleep, end=time.monotonic() + 10):
        while len(listdir("/proc/self/task")) > 1 and now() < end: sleep(0.01)
last = Last()
"""


@ON_ALL
def test_threads_that_the_interpreter_ends_while_they_wait_do_no_harm(loop):
    program(
        loop,
        """
@wait_for(timeout=60)
def never(): return pending()
@wait_for(timeout=60)
def works(): return 1
def serve(f):
    while True:
        try: f()
        except ReactorStopped: pass
for f in [never, works] * 4: threading.Thread(target=serve, args=(f,), daemon=True).start()
assert works() == 1
"""
        + LAST,
    )


def test_threads_that_the_interpreter_ends_while_a_loop_does_not_respond_do_no_harm():
    program(
        "twisted",
        """
class Idle:  # a reactor that drops the calls it is asked for
    def callFromThread(self, f, *args): pass
    def addSystemEventTrigger(self, *args): pass
no_setup(Idle())
@wait_for(timeout=0.05)
def works(): return 1
@run_in_reactor
def starts(): return 1
def serve(f):
    while True: raises(TimeoutError, f)
for f in (works, lambda: starts().wait(0.05)): threading.Thread(target=serve, args=(f,), daemon=True).start()
time.sleep(0.1)
"""
        + LAST,
        set_up=False,
    )


@ON_ALL
def test_threads_that_retry_when_the_loop_has_stopped_give_others_the_gil(loop):
    program(
        loop,
        """
@run_in_reactor
def never(): return pending()
held = never()
stop()
raises(ReactorStopped, held.wait, 60)
tries = []
def retry(f):
    while True: tries.append(raises(ReactorStopped, f))
sys.setswitchinterval(1000)  # from here on, a thread keeps the GIL until it releases it
for f in (never, lambda: held.wait(60)):
    threading.Thread(target=retry, args=(f,), daemon=True).start()
    del tries[:]
    while len(tries) < 3: time.sleep(0)
""",
    )


@ON_ALL
def test_a_thread_that_has_the_number_of_the_ended_loops_thread_may_wait(loop):
    program(
        loop,
        """
@run_in_reactor
def never(): return pending()
@run_in_reactor
def number(): return threading.get_ident()
@wait_for(timeout=60)
def waits(): return 1
held, kept = never(), number()
loops = kept.wait(60)
stop()
raises(ReactorStopped, held.wait, 60)
for thread in threading.enumerate():
    if thread.name == "CrochetReactor": thread.join(60)
same, ended = [], []
def late():
    same.append(threading.get_ident() == loops)
    raises(ReactorStopped, held.wait, 60)
    raises(ReactorStopped, waits)
    ended.append(kept.wait(60))
for _ in range(100):
    thread = threading.Thread(target=late)
    thread.start()
    thread.join()
    if same[-1]: break  # the C library gives it to the next thread
assert same[-1] and ended == [loops] * len(same), (same, ended)
""",
    )


@ON_ALL
def test_an_exception_that_is_not_an_ordinary_one_reaches_the_caller(loop):
    program(
        loop,
        """
@wait_for(timeout=10)
def leaves(): raise SystemExit(3)
@wait_for(timeout=10)
def works(): return 1
assert raises(SystemExit, leaves).code == 3
assert works() == 1
""",
    )


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="from 3.13 on, such a dict costs nothing")
def test_setting_up_does_not_slow_twisteds_reactor():
    """CPython keeps attributes without a dict until somebody looks at that, and finds them slower with one."""
    program(
        "twisted",
        """
@wait_for(timeout=10)
def f(): pass
f()
from twisted.internet import reactor
def has_dict():
    return any(isinstance(each, dict) and "threadCallQueue" in each for each in gc.get_referents(reactor))
assert not has_dict()
assert reactor.__dict__
assert has_dict(), "or this test would not see one"
""",
    )


@ON_ALL
def test_setup_again_does_nothing_and_no_setup_after_it_is_refused(loop):
    program(loop, "setup(); setup(LOOP); assert 'no_setup() is intended' in str(raises(RuntimeError, no_setup))")


@ON_ALL
def test_the_process_ends_with_its_main_thread(loop):
    output = program(
        loop,
        """
@wait_for(timeout=10)
def f(): pass
f()
import atexit
print("threads", threading.active_count())
""",
    )
    assert "threads" in output


@pytest.mark.parametrize(
    "loop, argument", [("asyncio", ""), ("asyncio", "'asyncio'"), ("uvloop", ""), ("uvloop", "asyncio.get_running_loop()")]
)
def test_no_setup_uses_the_loop_that_the_application_runs(loop, argument):
    program(
        loop,
        f"""
if LOOP == "uvloop":
    import uvloop; uvloop.install()
results = []
@wait_for(timeout=10)
async def where(): return asyncio.get_running_loop()
@run_in_reactor
def never(): return pending()
async def main():
    no_setup({argument})
    raises(RuntimeError, where)
    found = await asyncio.to_thread(where)
    assert found is asyncio.get_running_loop()
    raises(RuntimeError, where)
    results.append(never())
asyncio.run(main())
raises(ReactorStopped, results[0].wait, 10)
raises(ReactorStopped, never)
""",
        set_up=False,
    )


def test_no_setup_in_the_loop_that_twisteds_reactor_runs_on_uses_the_reactor():
    program(
        "twisted",
        """
from twisted.internet import asyncioreactor
asyncioreactor.install()
from twisted.internet import reactor, threads
from twisted.internet.defer import Deferred
@wait_for(timeout=10)
def value():
    made = Deferred()
    reactor.callLater(0, made.callback, 5)
    return made
async def main():
    assert asyncio.get_running_loop()
    no_setup()
    raises(RuntimeError, value)
    print(await threads.deferToThread(value))
reactor.callWhenRunning(lambda: Deferred.fromCoroutine(main()).addBoth(lambda end: (print(end), reactor.stop())))
reactor.run()
""",
        set_up=False,
    ) == "5\nNone\n"


def test_setup_takes_an_asyncio_loop():
    program(
        "asyncio",
        """
loop = asyncio.new_event_loop()
setup(loop)
@wait_for(timeout=10)
async def where(): return asyncio.get_running_loop()
assert where() is loop
""",
        set_up=False,
    )


@pytest.mark.parametrize("bad", ["3", "'tornado'", "object()"])
def test_an_object_that_is_not_a_loop_is_refused(bad):
    program("asyncio", f"raises(TypeError, setup, {bad})", set_up=False)


def test_setup_follows_what_txaio_has_selected():
    program(
        "asyncio",
        """
from interloop import txaio
txaio.use_asyncio()
setup()
@wait_for(timeout=10)
async def where(): return asyncio.get_running_loop()
where()
assert "twisted.internet.reactor" not in sys.modules
""",
        set_up=False,
    )


def test_it_works_without_twisted():
    status, output = result(
        """
        import sys
        sys.modules["twisted"] = None
        from interloop import crochet
        crochet.setup("asyncio")
        @crochet.wait_for(timeout=10)
        async def f(): return 3
        assert f() == 3
        @crochet.run_in_reactor
        def g(): 1 / 0
        try: g().wait(10)
        except ZeroDivisionError: pass
        """
    )
    assert status == 0, output


def test_an_idle_process_is_not_woken():
    program(
        "twisted",
        """
@wait_for(timeout=10)
def f(): pass
f()
time.sleep(0.3)
def switches():
    total = 0
    for task in os.listdir("/proc/self/task"):
        if int(task) == os.getpid(): continue
        for line in open(f"/proc/self/task/{task}/status"):
            if line.startswith("voluntary_ctxt"): total += int(line.split()[1])
    return total
before = switches()
time.sleep(1)
assert switches() - before <= 2, switches() - before
""",
    )


def test_child_processes_of_twisted_are_noticed():
    program(
        "twisted",
        """
from twisted.internet import reactor, protocol
from twisted.internet.defer import Deferred
class Waiter(protocol.ProcessProtocol):
    def __init__(self): self.ended = Deferred()
    def processEnded(self, reason): self.ended.callback(reason.value.exitCode)
@wait_for(timeout=20)
def child(status):
    waiter = Waiter()
    reactor.spawnProcess(waiter, sys.executable, [sys.executable, "-c", f"import os; [os.close(i) for i in range(3)]; os._exit({status})"])
    return waiter.ended
try:
    child(0)
    child(5)
except Exception as error:
    assert "5" in str(error), error
""",
    )


@ON_ALL
def test_results_are_not_leaked(loop):
    program(
        loop,
        """
class Value: pass
@wait_for(timeout=10)
def give(value): return value
@run_in_reactor
def eventual(value): return value
refs = []
for fn in (give, lambda v: eventual(v).wait(10)):
    value = Value()
    refs.append(weakref.ref(value))
    fn(value)
    del value
@wait_for(timeout=10)
def nothing(): pass
nothing(); nothing()
gc.collect()
assert [each() for each in refs] == [None, None]
""",
    )


# ---- a loop with futures and tasks of its own, as PySide6's QtAsyncio has them

OWN_FUTURES = '''
class Future:
    """Follows asyncio's protocol without its classes."""
    _asyncio_future_blocking = False
    def __init__(self, loop):
        self._future = asyncio.Future(loop=loop)
    def add_done_callback(self, fn, *, context=None):
        self._future.add_done_callback(lambda done: fn(self), context=context)
    def __await__(self):
        if not self.done():
            self._asyncio_future_blocking = True
            yield self
        return self.result()
    __iter__ = __await__
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._future, name)
class Task(Future):
    def __init__(self, task):
        self._future = task
class Loop(asyncio.SelectorEventLoop):
    def create_future(self):
        return Future(self)
    def create_task(self, coroutine, **names):
        return Task(asyncio.Task(coroutine, loop=self, **names))
'''


def test_results_of_loops_with_their_own_kind_of_futures_are_waited_for():
    run(
        PROLOGUE.format(loop="asyncio")
        + OWN_FUTURES
        + """
setup(Loop())
@wait_for(timeout=10)
async def coroutine(value):
    await asyncio.sleep(0.01)
    return value
@wait_for(timeout=10)
async def fails():
    await asyncio.sleep(0.01)
    raise ValueError("inside")
@wait_for(timeout=10)
def future(value):
    made = asyncio.get_running_loop().create_future()
    later(0.01, made.set_result, value)
    return made
cancelled = threading.Event()
@wait_for(timeout=0.01)
async def is_cancelled_by_its_timeout():
    try:
        await asyncio.sleep(100)
    finally:
        cancelled.set()
@wait_for(timeout=10)
async def takes_it_back():
    asyncio.current_task().cancel()
    await asyncio.sleep(100)
assert coroutine(6) == 6
assert future(7) == 7
assert "in fails" in "".join(traceback.format_exception(raises(ValueError, fails)))
raises(TimeoutError, is_cancelled_by_its_timeout)
assert cancelled.wait(10)
raises(asyncio.CancelledError, takes_it_back)
result = run_in_reactor(coroutine.__wrapped__)(8)
assert result.wait(10) == 8 and result.original_failure() is None
"""
    )


def test_txaio_accepts_a_loops_own_kind_of_futures():
    run(
        PROLOGUE.format(loop="asyncio")
        + OWN_FUTURES
        + """
from interloop import txaio
txaio.use_asyncio()
loop = txaio.config.loop = Loop()
asyncio.set_event_loop(loop)
async def value(it): return it
async def never(): await asyncio.sleep(100)
def turn():
    for _ in range(5):
        loop.call_soon(loop.stop)
        loop.run_forever()
made = loop.create_future()
assert txaio.is_future(made) and not txaio.is_future(Loop) and not txaio.is_future(object())
assert txaio.as_future(lambda: made) is made
task = txaio.as_future(value, 3)
assert type(task) is Task and txaio.is_future(task)
seen = []
txaio.add_callbacks(made, seen.append, None)
txaio.resolve(made, 2)
turn()
assert seen == [2] and txaio.is_called(made)
gathered = txaio.gather([task, value(4), loop.create_future(), txaio.as_future(value, 5)])
turn()
assert not gathered.done()
gathered.cancel()
turn()
raises(asyncio.CancelledError, gathered.result)
stopped = txaio.as_future(never)
txaio.cancel(stopped)
for consume in (True, False):
    gathered = txaio.gather([txaio.as_future(value, 6), stopped, value(7)], consume_exceptions=consume)
    turn()
    if consume:
        first, second, third = gathered.result()
        assert (first, type(second), third) == (6, asyncio.CancelledError, 7), gathered
    else:
        raises(asyncio.CancelledError, gathered.result)
loop.close()
"""
    )


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_asyncios_debug_mode_names_a_decorated_function_that_was_slow(loop):
    program(
        loop,
        """
import functools
said = []
logging.getLogger("asyncio").addHandler(type("Handler", (logging.Handler,), {"emit": lambda self, record: said.append(record.getMessage())})())
@run_in_reactor
def debug():
    asyncio.get_running_loop().set_debug(True)
    asyncio.get_running_loop().slow_callback_duration = 0
def is_slow(value): return value
debug().wait(10)
assert wait_for(timeout=10)(functools.partial(is_slow, 5))() == 5
assert run_in_reactor(lambda: 6)().wait(10) == 6
assert run_in_reactor(abs)(-7).wait(10) == 7  # by now the loop has reported the earlier ones
line = f"<is_slow() at <string>:{is_slow.__code__.co_firstlineno} in the reactor's thread>"
assert any("Executing <" in each and line in each for each in said), said
assert any("<<lambda>() at <string>:" in each for each in said), said
assert not any("_Job" in each for each in said), said
""",
    )


# ---- threads of the loop's own pool


@ON_ALL
def test_threads_of_the_loops_pool_that_wait_for_the_loop_do_not_exhaust_it(loop):
    program(
        loop,
        """
def in_pool(fn, *args):
    if LOOP == "twisted":
        from twisted.internet.threads import deferToThread
        return deferToThread(fn, *args)
    return asyncio.get_running_loop().run_in_executor(None, fn, *args)
@wait_for(timeout=50)
def nested(depth): return in_pool(deeper, depth)
def deeper(depth): return depth and 1 + nested(depth - 1)
@run_in_reactor
def pool(size=None):
    from interloop.crochet import _main
    if LOOP == "twisted":
        found, limit = _main._reactor.getThreadPool(), "max"
        size and _main._reactor.suggestThreadPoolSize(size)
    else:
        found, limit = _main._reactor.threadpool, "_max_workers"
        size and setattr(found, limit, size)
    return found and getattr(found, limit)
assert nested(0) == 0  # now there is a pool
pool(6).wait(10)
assert nested(40) == 40
results = [run_in_reactor(lambda: in_pool(deeper, 5))() for _ in range(12)]
assert [each.wait(50) for each in results] == [5] * 12
assert pool().wait(10) == 6
# A limit that its owner sets meanwhile stays.
begun, go = threading.Event(), threading.Event()
@wait_for(timeout=50)
def change():
    begun.set()
    return in_pool(go.wait, 50)
result = run_in_reactor(lambda: in_pool(change))()
assert begun.wait(50)
while pool().wait(10) != 7: time.sleep(0.001)  # the thread waits, or is about to
assert pool(20).wait(10) == 20
go.set()
assert result.wait(50) is True and pool().wait(10) == 20
""",
    )


# ---- results that nobody waits for any more


@ON_ALL
def test_a_failure_after_a_wait_that_timed_out_is_logged_with_what_to_do(loop):
    program(
        loop,
        """
said = []
logging.getLogger().addHandler(type("Handler", (logging.Handler,), {"emit": lambda self, record: said.append(record.getMessage())})())
futures = []
@run_in_reactor
def fails_later():
    futures.append(pending())
    return futures[-1]
@run_in_reactor
def fail(future):
    error = ValueError("later")
    future.errback(error) if LOOP == "twisted" else future.set_exception(error)
def wait_and_drop(when):
    result = fails_later()
    error = raises(TimeoutError, result.wait, 0.01)
    assert "The function is still running: wait again, or call cancel()" in str(error), error
    if when == "before":
        del result
    gc.collect()
    fail(futures.pop()).wait(10)
for when in ("before", "after"):
    wait_and_drop(when)
    gc.collect()
def told(): return [each for each in said if "Unhandled error in EventualResult. A wait for it had timed out: call cancel()" in each]
end = time.monotonic() + 10
while len(told()) < 2 and time.monotonic() < end:
    time.sleep(0.01)
assert len(told()) == 2, said
""",
    )


def test_a_timeout_of_twisteds_http_client_is_not_logged():
    """Its cancellation arrives as ResponseNeverReceived."""
    program(
        "twisted",
        """
import socket
said = []
logging.getLogger().addHandler(type("Handler", (logging.Handler,), {"emit": lambda self, record: said.append(record.getMessage())})())
from twisted.internet import reactor
from twisted.web.client import Agent
with socket.create_server(("127.0.0.1", 0)) as silent:
    url = b"http://127.0.0.1:%d/" % silent.getsockname()[1]
    @run_in_reactor
    def begin(): return Agent(reactor).request(b"GET", url)
    result = begin()
    raises(TimeoutError, result.wait, 0.2)
    result.cancel()
    raises(Exception, result.wait, 10)
    failed = threading.Event()
    @wait_for(timeout=0.2)
    def fetch():
        request = Agent(reactor).request(b"GET", url)
        request.addErrback(lambda failure: (failed.set(), failure)[1])
        return request
    raises(TimeoutError, fetch)
    assert failed.wait(10)
run_in_reactor(gc.collect)().wait(10)
run_in_reactor(int)().wait(10)  # by now the log has received it
time.sleep(0.1)
assert said == [], said
""",
    )
