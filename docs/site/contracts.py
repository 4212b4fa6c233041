# SPDX-License-Identifier: MIT
"""Lays the public headers out for Doxygen under build/docs/headers, as they are included: <interloop/…>.

Two things are changed. The paragraphs of contracts are set apart: in the headers, the text of a `\\param`, `\\tparam` or
`\\return` goes on in lines that are indented, and a line that is not belongs to the contract as a whole; Doxygen needs an
empty line to see that. Specialisations of other libraries' templates, such as std::coroutine_traits, are hidden: they are
not names of interloop, and Doxygen cannot place them.
"""

import re
import shutil

from public import HEADERS, ROOT, headers

COMMENT = re.compile(r"^(\s*)///(?: (.*))?$")
COMMAND = re.compile(r"\\(?:param|tparam|return)\b")
LIST_ITEM = re.compile(r"(?:- |\d+\. )")


def paragraphs(lines: list[str]) -> list[str]:
    """The lines, with an empty comment line wherever a paragraph begins that Doxygen would take for a part of another."""
    result: list[str] = []
    in_command = in_list = False
    for line in lines:
        comment = COMMENT.match(line)
        text = (comment[2] or "") if comment else ""
        if comment is None or not text:
            in_command = in_list = False
        elif not text.startswith(" "):
            is_command, is_item = bool(COMMAND.match(text)), bool(LIST_ITEM.match(text))
            if (in_command and not is_command) or (in_list and not is_item):
                result.append(f"{comment[1]}///")
            in_command, in_list = is_command, is_item
        result.append(line)
    return result


SPECIALISATION = re.compile(r"(?:struct|class) (?!interloop)\w+::")


def hide_specialisations(lines: list[str]) -> list[str]:
    """The lines, with specialisations of templates in other namespaces between \\cond and \\endcond."""
    result: list[str] = []
    hidden = False
    for line in lines:
        if SPECIALISATION.match(line):
            start = len(result)
            while start > 0 and result[start - 1].strip():
                start -= 1
            result.insert(start, "/// \\cond")
            hidden = True
        result.append(line)
        if hidden and line.endswith("};"):
            result.append("/// \\endcond")
            hidden = False
    return result


def lay_out() -> None:
    shutil.rmtree(HEADERS, ignore_errors=True)
    for header in headers():
        target = HEADERS / header.included
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = (ROOT / header.source).read_text().splitlines()
        target.write_text("\n".join(hide_specialisations(paragraphs(lines))) + "\n")


if __name__ == "__main__":
    lay_out()
