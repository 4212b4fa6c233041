# SPDX-License-Identifier: MIT
"""Declarations as the headers write them: found by the line that Doxygen gives, without bodies."""

import re
import textwrap
from dataclasses import dataclass

BOUNDARY = re.compile(r"^\s*(?://|#|$)|^(?!\s*requires\b).*[;{}]\s*(?://.*)?$|^\s*(?:public|protected|private):")

# What comes before the braces of a requires-expression, as against those of a function.
REQUIREMENTS = re.compile(r"(?:\brequires|=|&&|\|\||!|\()\s*requires\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?$")


@dataclass(frozen=True)
class Declaration:
    text: str
    first: int  # number of its first line, from 1
    last: int  # of the line where the declared thing ends, body included
    own_paragraph: bool  # an empty line, a comment, or the beginning of a class comes before it


def start_of(lines: list[str], line: int) -> int:
    """The first line of the declaration that `line` belongs to, `template` and attributes included."""
    first = line
    while first > 1 and not BOUNDARY.search(lines[first - 2]):
        first -= 1
    return first


def scan(text: str, whole: bool) -> tuple[int, int]:
    """Where the declaration at the beginning of `text` ends, and where what it declares ends, body included.

    whole: braces belong to the declaration, as in an initialiser or an enumeration.
    """
    depth = 0
    shown = None
    position = 0
    while position < len(text):
        rest = text[position:]
        if skipped := re.match(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', rest, re.DOTALL):
            position += skipped.end()
            continue
        character = text[position]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "{":
            if depth == 0 and shown is None and not whole and not REQUIREMENTS.search(text[:position]):
                shown = position
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0 and shown is not None and not text[position + 1 :].lstrip(" ").startswith((";", "{", ",")):
                return shown, position + 1
        elif character == ";" and depth == 0:
            return (position + 1 if shown is None else shown), position + 1
        elif character == ":" and depth == 0 and shown is None and not whole:
            if text[position : position + 2] == "::":
                position += 2
                continue
            if re.search(r"\)\s*(?:noexcept(?:\(.*?\))?\s*)?$", text[:position], re.DOTALL):
                shown = position  # a constructor's initialisers
        position += 1
    return (len(text) if shown is None else shown), len(text)


def declaration(lines: list[str], line: int, whole: bool = False) -> Declaration:
    """The declaration at `line` of a header's lines."""
    first = start_of(lines, line)
    text = "\n".join(lines[first - 1 :])
    end, after = scan(text, whole)
    # What the end of the line says of it, unless it is a contract.
    if remark := re.match(r"[ \t]*//(?!/)[^\n]*", text[end:]):
        end += remark.end()
    before = lines[first - 2].strip() if first > 1 else ""
    shown = textwrap.dedent(text[:end]).rstrip()
    return Declaration(
        shown if remark or shown.endswith((";", "}")) else shown + ";",
        first,
        first + text[:after].count("\n"),
        not before or before.startswith("//") or before.endswith(("{", ":")),
    )
