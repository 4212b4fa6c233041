#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs all benchmarks, compares interloop with its peers and with its requirements, and draws the comparison.

Usage: run.py [--quick] [--only PROGRAM] BUILD_FOLDER      (or: make bench)
       run.py --against OTHER_BUILD [--quick] [--only PROGRAM] BUILD_FOLDER      (see against.py)

Each program runs everything that it compares in one go, several times, in random order; the fastest time counts,
because other work on the machine can only add to it. Writes BUILD_FOLDER/../bench/: results.json, and ratios.svg if
matplotlib is found (in this Python or in build/venv). Exits with 0 even if a figure falls short: it measures, it does
not judge.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import against
from plot import written

PROGRAMS = (
    "futures call_soon memory timers post coroutines concurrency channels watch queues blocking blocking_outstanding "
    "blocking_idle throw_traces failures logging measuring postgres dns http wamp_codec wamp_router"
).split()

# Those whose single repetitions take long. The others have many short ones: what else the machine does comes in bursts, and
# 20 of 0.02 s found the same ratios on a busy machine within 7 percent where 5 of 0.1 s were up to 40 percent apart.
LONG = ["timers", "blocking", "blocking_outstanding", "wamp_router"]


@dataclass
class Row:
    """One line of the table. `peers`: benchmarks to compare with, of which the fastest counts; or a fixed limit."""

    what: str
    program: str
    ours: str
    peers: list[str] | float
    required: float  # at_least: that many times faster than the peer; otherwise: at most that many times the peer
    at_least: bool = False
    counter: str = ""


def named(results: dict[str, dict], program: str, pattern: str) -> list[str]:
    """What the group in `pattern` stands for in the names of a program's benchmarks, in their order."""
    found = (re.fullmatch(pattern, name) for name in results.get(program, {}))
    return list(dict.fromkeys(match[1] for match in found if match))


def rows(results: dict[str, dict]) -> list[Row]:
    """The requirements, for the loops and peers that were measured."""
    table = []
    for loop in named(results, "futures", r"interloop_future<on_(\w+)>"):
        ours = f"interloop_future<on_{loop}>"
        posted = [f"post_and_promise<{library}>" for library in ("standard", "of_boost")]
        table.append(Row(f"future, 2 callbacks, {loop}: boost post + future", "futures", ours, posted, 3, True))
        if f"native_posts<on_{loop}>" in results["futures"]:
            posts = [f"native_posts<on_{loop}>"]
            table.append(Row(f"future, 2 callbacks, {loop}: native posts", "futures", ours, posts, 3, True))
        table.append(Row(f"future, 2 callbacks, {loop}: hand-written", "futures", ours, [f"hand_written<on_{loop}>"], 1.3))
    native = ["<native<on_asio>>"]
    for loop in named(results, "call_soon", r"many_a_turn<soon<on_(asio\w*)>>"):
        for shape, required, at_least in (("many_a_turn", 7, True), ("one_a_turn", 1, False)):
            peers = [shape + name for name in native]
            table.append(
                Row(f"call_soon {shape}, {loop}: asio::post", "call_soon", f"{shape}<soon<on_{loop}>>", peers, required, at_least)
            )
    table.append(
        Row("allocations: future + first callbacks", "memory", "future_with_first_callbacks", 1, 1, counter="allocations")
    )
    table.append(Row("allocations: queued callable", "memory", "queued_callable", 0, 1, counter="allocations"))
    for what, peer in (("its frame alone", "asio_awaitable_frame"), ("spawned", "asio_spawned")):
        name = f"bytes: suspended coroutine, with its future: Asio's, {what}"
        table.append(Row(name, "memory", "suspended_coroutine", [peer], 0.5, counter="malloced"))
    for peer in named(results, "timers", r"timers<(\w+)_timer, timed::move>/\d+"):
        for what in "schedule cancel fire move postpone".split():
            for count in (10_000, 100_000, 1_000_000):
                suffix = f", timed::{what}>/{count}"
                due = "" if f"timers<{peer}_timer{suffix}" in results["timers"] else "_due"
                table.append(
                    Row(
                        f"timers, {what}, {count:,}: {peer}",
                        "timers",
                        f"timers<interloop_call_at{suffix}",
                        [f"timers<{peer}_timer{due}{suffix}"],
                        {"move": 4 if peer == "asio" else 1, "postpone": 7, "fire": 1.5}.get(what, 1.2),
                        True,
                    )
                )
        for count in (10_000, 100_000, 1_000_000):
            ours = f"timers<idle_timeouts, timed::postpone>/{count}"
            peers = [f"timers<{peer}_timer, timed::postpone>/{count}"]
            table.append(Row(f"idle_timeout, postpone, {count:,}: {peer}", "timers", ours, peers, 7, True))
    for count in (10_000, 100_000, 1_000_000):
        ours = f"timers<idle_timeouts, timed::postpone>/{count}"
        table.append(Row(f"idle_timeout, postpone, {count:,}: 10 ns", "timers", ours, 10.0, 1))
        suffix = f", timed::schedule>/{count}"
        for what, peer, required in (("expires_after", "asio_timer_after", 1.5), ("expires_at", "asio_timer", 1)):
            ours, peers = f"timers<interloop_call_later{suffix}", [f"timers<{peer}{suffix}"]
            table.append(Row(f"timers, call_later, {count:,}: Asio's {what}", "timers", ours, peers, required, True))
    table.append(Row("bytes: timer + 8 of captures", "memory", "interloop_timer", 128 + 8, 1, counter="malloced"))
    table.append(
        Row("bytes: future + 16 of captures", "memory", "future_with_first_callbacks", 96 + 16, 1, counter="malloced")
    )
    for loop in named(results, "post", r"until_run<interloop_post<on_(asio\w*)>>"):
        for shape in "until_run poster_alone".split():
            peers = [f"{shape}<asio_post>", f"{shape}<asio_post_hint_1>"]
            ours = f"{shape}<interloop_post<on_{loop}>>"
            table.append(Row(f"post, {shape}, {loop}: asio::post", "post", ours, peers, 5, True))
    table.append(Row("co_await, ready: 1 ns", "coroutines", "ready", 1.0, 1))
    for shape in "made_before deferred".split():
        peers = [f"handles_{shape}"]
        table.append(Row(f"co_await, {shape}: queue of handles", "coroutines", f"interloop_{shape}", peers, 1.5))
    for loop in named(results, "coroutines", r"(\w+)_post_to_awaitable"):
        for what, ours, peer in (
            ("future to use_awaitable", "future_to_awaitable", "post_to_awaitable"),
            ("operation by use_future", "post_to_future", "post_to_awaitable"),
            ("operation there and back", "post_to_future_to_awaitable", "post_to_awaitable_to_awaitable"),
        ):
            peers = [f"{loop}_{peer}"]
            table.append(Row(f"{what}, {loop}: async_initiate over post", "coroutines", f"{loop}_{ours}", peers, 1))
    table.append(Row("with_timeout, answer in the next turn: 60 ns", "concurrency", "with_timeout<on_manual>", 60, 1))
    for loop in named(results, "concurrency", r"with_timeout<on_(asio\w*)>"):
        peers = ["asio_or_timer"]
        what = f"with_timeout, answer in the next turn, {loop}: asio || timer"
        table.append(Row(what, "concurrency", f"with_timeout<on_{loop}>", peers, 20, True))
    for loop in named(results, "concurrency", r"grouped<on_(\w+)>"):
        peers = [f"gathered<on_{loop}>"]
        table.append(Row(f"task_group, 1,000 tasks, {loop}: gather", "concurrency", f"grouped<on_{loop}>", peers, 1.3))
    for shape in "handed_over buffered".split():
        ours = f"channel_{shape}"
        table.append(Row(f"channel, {shape.replace('_', ' ')}: 25 ns", "channels", ours, 25.0, 1))
        peers = [f"asio_channel_{shape}", f"asio_channel_{shape}_callbacks"]
        table.append(Row(f"channel, {shape.replace('_', ' ')}: Asio", "channels", ours, peers, 5, True))
    table.append(Row("mutex, uncontended: 3 ns", "channels", "mutex_uncontended", 3.0, 1))
    table.append(Row("mutex, handed over: 20 ns", "channels", "mutex_handed_over", 20.0, 1))
    for loop in named(results, "watch", r"bare_(\w+)"):
        table.append(
            Row(f"byte there and back, {loop}: bare", "watch", f"interloop_watch<on_{loop}>", [f"bare_{loop}"], 1.05)
        )
        plain = [f"interloop_watch<on_{loop}>"]
        table.append(Row(f"the same by glue that is told, {loop}: watch", "watch", f"glue_told<on_{loop}>", plain, 1.05))
    for loop in named(results, "blocking", r".*/interloop_(\w+)"):
        for case, required, at_least in (
            ("asleep/two_cores", 1.6, True),
            ("back_to_back/two_cores", 5, True),
            ("asleep/one_core", 0.95, False),
            ("back_to_back/one_core", 0.95, False),
        ):
            peers = [f"{case}/asio_post_promise"]
            what = f"wait_for, {case.replace('_', ' ').replace('/', ', ')}, {loop}: asio::post + promise"
            table.append(Row(what, "blocking", f"{case}/interloop_{loop}", peers, required, at_least))
        ours = f"interloop_run_in_reactor<{loop}>/real_time"
        what = f"run_in_reactor, 1,000 outstanding, {loop}: asio::use_future"
        table.append(Row(what, "blocking_outstanding", ours, ["asio_use_future/real_time"], 3, True))
        ours = f"idle_after_setup<{loop}>/iterations:1/real_time"
        table.append(Row(f"wake-ups, idle for 10 s, {loop}", "blocking_idle", ours, 0, 1, counter="wake_ups"))
    table.append(Row("throw, 20 frames: what noting it adds, 1,500 ns", "throw_traces", "capture", 1500, 1))
    for peer in "glibc boost_stacktrace backward_cpp".split():
        peers = [f"thrown<by_hand<of_{peer}>>"]
        table.append(Row(f"throw noted, 20 frames: {peer}", "throw_traces", "thrown<interloop_target>", peers, 1))
    for peer in "boost_stacktrace backward_cpp".split():
        table.append(Row(f"its text: {peer}", "throw_traces", "text_by_interloop", [f"text<of_{peer}>"], 1))
    table.append(Row("failure in a handler, 20 frames: what they add, 500 ns", "failures", "stack_of_a_handler", 500, 1))
    for peer in "glibc boost_stacktrace backward_cpp".split():
        table.append(Row(f"failure in a handler: {peer}", "failures", "in_a_handler", [f"stack<of_{peer}>"], 1))
    table.append(Row("log, disabled: 1.2 ns", "logging", "disabled_interloop", 1.2, 1))
    table.append(Row("log, disabled: qCDebug", "logging", "disabled_interloop_called", ["disabled_qt"], 1))
    table.append(Row("log, disabled: spdlog", "logging", "disabled_interloop", ["disabled_spdlog"], 4, True))
    nulls = [f"null_spdlog<spdlog::sinks::null_sink_{kind}>" for kind in ("st", "mt")]
    table.append(Row("log, 2 fields, null sink: spdlog", "logging", "null_interloop<text_only_sink>", nulls, 0.7))
    two = [f"threads_{name}/real_time/threads:2" for name in ("interloop", "spdlog")]
    table.append(Row("log, 2 fields, null sink, 2 threads: spdlog", "logging", two[0], two[1:], 1))
    for loop in named(results, "dns", r"interloop_dns<on_(\w+)>"):
        what = f"1,000 DNS lookups, 100 at once, {loop}: c-ares over poll"
        table.append(Row(what, "dns", f"interloop_dns<on_{loop}>", ["by_hand"], 0.95, True))
    for loop in named(results, "http", r"interloop_http<on_(\w+)>/process_time"):
        ours = f"interloop_http<on_{loop}>/process_time"
        for peer, name, required in (("curl_multi_poll", "by_hand", 0.95), ("cpp-httplib, threads", "httplib_threads", 2)):
            what = f"1,000 HTTP requests, 100 at once, {loop}: {peer}"
            table.append(Row(what, "http", ours, [f"{name}/process_time"], required, True))
    for ours, what in (("encode_call", "CALL written"), ("decode_result", "RESULT read"), ("rawsocket_call", "both, by RawSocket")):
        peers = [f"{ours}_by_msgpack_cxx"]
        table.append(Row(f"WAMP, MessagePack, {what}: msgpack-cxx by hand", "wamp_codec", ours, peers, 0.8, True))
    # The best of Autobahn|Python on each loop of Python's, by whatever transport and serializer.
    for loop in named(results, "wamp_router", r"interloop<on_(\w+)>/rs_msgpack/iterations:2"):
        ours = f"interloop<on_{loop}>/rs_msgpack/iterations:2"
        for python, required in (("asyncio", 15), ("uvloop", 8)):
            ways = named(results, "wamp_router", rf"autobahn_{python}/(\w+)/iterations:2")
            peers = [f"autobahn_{python}/{way}/iterations:2" for way in ways]
            what = f"WAMP, the caller's time for a call, {loop}: Autobahn on {python}"
            table.append(Row(what, "wamp_router", ours, peers, required, True))
    table.append(Row("bytes: a pending WAMP call", "wamp_router", "pending_call", 600, 1, counter="malloced"))
    for loop in named(results, "postgres", r"interloop_postgres<on_(\w+)>/real_time"):
        what = f"PostgreSQL, 64 pipelined SELECT 1, {loop}: libpq over poll"
        table.append(Row(what, "postgres", f"interloop_postgres<on_{loop}>/real_time", ["by_hand/real_time"], 0.95, True))
    table.append(Row("log, 2 fields, file: spdlog", "logging", "file_interloop", ["file_spdlog"], 0.6))
    return table


def run(program: Path, quick: bool, repetitions: int = 0, which: str = ".") -> dict[str, dict]:
    """The fastest run of each benchmark of a program: `ns` per item, and its counters. `which`: a regular expression."""
    command = [program, "--benchmark_format=json", f"--benchmark_filter={which}"]
    if program.name not in ("memory", "blocking_idle"):
        seconds, usual = (0.05, 5) if program.name in LONG else (0.02, 20)
        repetitions = repetitions or (2 if quick else usual)
        command += [
            f"--benchmark_min_time={seconds}",
            f"--benchmark_repetitions={repetitions}",
            "--benchmark_enable_random_interleaving=true",
        ]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    fastest: dict[str, dict] = {}
    for each in json.loads(output)["benchmarks"]:
        if each.get("run_type") == "aggregate":
            continue
        if each.get("error_occurred"):
            sys.exit(f"run.py: {each['name']}: {each.get('error_message')}")
        name = each["run_name"].removesuffix("/manual_time").removesuffix("/iterations:1")
        each["ns"] = 1e9 / each["items_per_second"] if "items_per_second" in each else None
        if name not in fastest or (each["ns"] or 0) < (fastest[name]["ns"] or 0):
            fastest[name] = each
    return fastest


def compare(row: Row, results: dict[str, dict]) -> dict | None:
    """The row's figures, or None if one of them was not measured."""
    measured = results.get(row.program, {})
    figure = row.counter or "ns"
    peers = [row.peers] if not isinstance(row.peers, list) else [measured[p][figure] for p in row.peers if p in measured]
    if row.ours not in measured or not peers:
        return None
    ours, peer = measured[row.ours][figure], min(peers)
    if row.at_least:
        ratio = peer / ours
        met = ratio >= row.required
        required = f">= {row.required:g}x faster" if row.required != 1 else "faster"
    else:
        ratio = ours / peer if peer else ours
        # A fraction below that is a share of a block that the program allocated at its start, not an allocation.
        met = ours <= peer * row.required + (0.02 if row.counter else 0)
        required = f"<= {row.required:g}x" if isinstance(row.peers, list) else f"<= {peer:g}"
    return {"what": row.what, "interloop": ours, "peer": peer, "ratio": ratio, "required": required, "met": met}


def show(table: list[dict]) -> None:
    width = max(len(each["what"]) for each in table)
    print(f"\n{'what (ns each, or as named): peer':{width}}  {'interloop':>9} {'peer':>9} {'ratio':>6}  required")
    for each in table:
        figures = f"{each['interloop']:9.2f} {each['peer']:9.2f} {each['ratio']:6.2f}"
        print(f"{each['what']:{width}}  {figures}  {each['required']:14} {'ok' if each['met'] else 'SHORT'}")
    print(f"\n{sum(each['met'] for each in table)} of {len(table)} as required")


def compare_builds(options: argparse.Namespace, present: list[str]) -> None:
    both = [p for p in present if (options.against / "bench" / p).exists() and p not in ("memory", "blocking_idle")]
    names = {p: dict.fromkeys(listed(options.build / "bench" / p), {"ns": 1.0}) for p in both}
    peers: dict[str, set[str]] = {}
    for row in rows(names):
        if isinstance(row.peers, list):
            peers.setdefault(row.program, set()).update(row.peers)

    def measure(program: Path, which: str) -> dict[str, dict]:
        return run(program.resolve(), options.quick, 1, which)

    folders = (options.build.resolve(), options.against.resolve())
    against.compare(both, folders, peers, measure, rounds=3 if options.quick else 7)


def listed(program: Path) -> list[str]:
    """The names of a program's benchmarks."""
    command = [program.resolve(), "--benchmark_list_tests=true"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [line.removesuffix("/manual_time").removesuffix("/iterations:1") for line in output.split("\n") if line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--quick", action="store_true", help="a rough look")
    parser.add_argument("--only", choices=PROGRAMS, action="append")
    parser.add_argument("--against", type=Path, metavar="OTHER_BUILD", help="compare with another build instead of peers")
    options = parser.parse_args()
    present = [p for p in options.only or PROGRAMS if (options.build / "bench" / p).exists()]
    if options.against:
        return compare_builds(options, present)
    missing = [p for p in options.only or PROGRAMS if p not in present]
    results: dict[str, dict] = {}
    broken = []
    for number, program in enumerate(present, 1):
        print(f"[{number}/{len(present)}] {program}", file=sys.stderr, flush=True)
        try:
            results[program] = run((options.build / "bench" / program).resolve(), options.quick)
        except subprocess.CalledProcessError as ended:  # the others are measured, and their figures kept
            broken.append(f"{program} (status {ended.returncode})")
    table = [each for each in (compare(row, results) for row in rows(results)) if each]
    if not table:
        sys.exit(f"run.py: nothing measured; is there a build in {options.build}/bench? (make build-release)")
    show(table)
    if missing:
        print(f"not built, so not measured: {' '.join(missing)}")

    folder = options.build.parent / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "results.json"
    raw.write_text(json.dumps({"machine": os.uname().machine, "table": table, "results": results}, indent=1))
    print(written(raw, folder / "ratios.svg"))
    if broken:
        sys.exit(f"run.py: a benchmark has failed: {', '.join(broken)}")


if __name__ == "__main__":
    main()
