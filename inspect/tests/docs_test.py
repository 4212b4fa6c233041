# SPDX-License-Identifier: MIT
"""What the tools print of the hang in docs/looking-inside.md. Usage: docs_test.py PROGRAM PS SCRIPT FOLDER [--update]

FOLDER has what they are expected to print; the page shows those files. Numbers that differ in each run are replaced.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM, PS, SCRIPT, FOLDER = sys.argv[1:5]


def same_in_each_run(text: str, process: int) -> str:
    text = re.sub(r"0x[0-9a-f]+", "0x55a4c1e0aeb0", text)
    return text.replace(f"process {process} ", "process 4711 ")


def same_of_each_compiler(text: str) -> str:
    """Compilers name different lines of an expression, and lambdas in their own ways."""
    return re.sub(r"(timer due in \S+ \S+): .*", r"\1", re.sub(r"\.cpp:\d+", ".cpp", text))


failed = False
with subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shop:
    for line in shop.stdout:
        if line == "ready\n":
            break
    printed = {}
    for name, command in {"list": [PS], "tree": [PS, "--tree"]}.items():
        done = subprocess.run([*command, str(shop.pid)], capture_output=True, text=True, timeout=60)
        printed[name] = same_in_each_run(done.stdout + done.stderr, shop.pid)
    if shutil.which("gdb") and SCRIPT != "none":
        command = ["gdb", "-nx", "-batch", "-ex", f"source {SCRIPT}", "-ex", "interloop bt", "-p", str(shop.pid)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL)
        if "ptrace:" not in done.stdout + done.stderr:  # gdb must be allowed to attach
            printed["gdb"] = "".join(each + "\n" for each in done.stdout.splitlines() if re.match(r"#\d+  [a-z]", each)
                                     and " in " not in each.split("(")[0])
    shop.stdin.close()

for name, text in printed.items():
    path = Path(FOLDER) / f"{name}.txt"
    if "--update" in sys.argv:
        path.write_text(text)
    elif same_of_each_compiler(path.read_text()) != same_of_each_compiler(text):
        print(f"{path} differs; {sys.argv[0]} ... --update writes it anew. It is now:\n{text}")
        failed = True
sys.exit(failed)
