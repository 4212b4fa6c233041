#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks a file of the Trace Event format, and prints what is in it as `name=count` pairs.

Usage: check_trace.py FILE

Checked: it is JSON; slices of a thread lie in each other or apart; asynchronous slices begin and end once each; a flow
begins and ends once, where slices begin, and later than it begins. If events were lost,
what belongs together may be incomplete.
"""

import collections
import json
import sys


def nanoseconds(time: float) -> int:
    return round(time * 1000)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    counts: collections.Counter[str] = collections.Counter()
    slices = collections.defaultdict(list)
    pairs = {"b": {}, "e": {}, "s": {}, "f": {}}
    for event in document["traceEvents"]:
        phase = event["ph"]
        if phase == "M":
            counts["threads"] += 1
            continue
        begin = nanoseconds(event["ts"])
        assert begin >= 0, event
        if phase == "X":
            assert event["dur"] >= 0, event
            slices[event["tid"]].append((begin, begin + nanoseconds(event["dur"]), event["name"]))
            counts[event["cat"]] += 1
        else:
            assert event["id"] not in pairs[phase], f"twice: {event}"
            pairs[phase][event["id"]] = (begin, event["tid"], event["name"])

    for thread, all_of_it in slices.items():
        all_of_it.sort(key=lambda each: (each[0], -each[1]))
        around: list[tuple[int, int, str]] = []
        for each in all_of_it:
            while around and around[-1][1] <= each[0]:
                around.pop()
            assert not around or each[1] <= around[-1][1], f"thread {thread}: {each} is half inside {around[-1]}"
            around.append(each)

    lost = document["otherData"]["lost"]
    assert lost or pairs["b"].keys() == pairs["e"].keys(), pairs["b"].keys() ^ pairs["e"].keys()
    for key in pairs["b"].keys() & pairs["e"].keys():
        begin, _, name = pairs["b"][key]
        end, _, end_name = pairs["e"][key]
        assert begin <= end and name == end_name, (key, name, end_name)
    counts["coroutines"] = len(pairs["b"])

    assert pairs["s"].keys() == pairs["f"].keys(), pairs["s"].keys() ^ pairs["f"].keys()
    begins = {(thread, each[0]) for thread, all_of_it in slices.items() for each in all_of_it}
    for key, (begin, thread, _) in pairs["s"].items():
        end, end_thread, _ = pairs["f"][key]
        assert begin <= end, f"flow {key} goes back in time"
        assert lost or (thread, begin) in begins, f"flow {key} begins in no slice"
        assert (end_thread, end) in begins, f"flow {key} ends in no slice"
        counts["flows_between_threads" if thread != end_thread else "flows"] += 1
    counts["events"] = document["otherData"]["events"]
    counts["lost"] = lost
    print(" ".join(f"{name}={count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
