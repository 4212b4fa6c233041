# SPDX-License-Identifier: MIT
"""Prints the results of str.format for formats and values.

Usage: python_format.py FILE

Each line of the file is a Python expression: a format, and a dictionary of its fields. Each line of the output is the
text, its bytes in hexadecimal. python_format_test.cpp writes the one and reads the other.
"""

import sys
from typing import NamedTuple


class Point(NamedTuple):
    x: int
    label: str
    tags: dict[str, int]


for line in open(sys.argv[1]):
    text, fields = eval(line)
    print(text.format(**fields).encode().hex())
