# SPDX-License-Identifier: MIT
"""Writes the reference of the C++ names: a page for each public header, from Doxygen's XML and the header itself.

A page has the header's first comment, then each name in the header's order with its declaration and its contract. The
declarations are those of the header, because they are formatted there. A declaration without a comment that follows
another without an empty line between belongs to that one's contract, as in the headers.
"""

import html
import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from functools import cache

from declarations import declaration
from public import HEADERS, OUT, PAGES, Header, headers, rooms

LABEL = re.compile(r"(?:^|(?<=[.;:)] ))(Thread safety|Errors|Lifetime|Source|Cost): (?=\S)")
KINDS = {"function", "variable", "typedef", "enum", "friend", "define"}
# Searching for a name finds its contract before the pages that mention it.
FOUND_FIRST = ["---", "search:", "  boost: 4", "---", ""]
OPERATORS = {
    "==": "equal", "!=": "unequal", "<=>": "compare", "<": "less", "<<": "output", "=": "assign", "()": "call",
    "[]": "at", "->": "arrow", "*": "star", "+": "plus", "-": "minus", "|": "or", "&": "and", "!": "not",
    "|=": "or-assign", "&=": "and-assign", "~": "complement", "++": "next", "+=": "add",
}  # fmt: skip


@dataclass
class Name:
    """A public name: a class, a function with one or more declarations, a type, a value, a macro."""

    kind: str
    name: str  # as its parent's members call it
    qualified: str
    header: str
    line: int
    description: list[ElementTree.Element] = field(default_factory=list)
    members: list["Name"] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    @property
    def documented(self) -> bool:
        return any("".join(part.itertext()).strip() for part in self.description)


def anchor(qualified: str) -> str:
    """The HTML id of a name: the name itself, without what is not allowed there."""
    scope, operator, symbol = qualified.partition("operator")
    if operator and symbol and not (symbol[0].isalnum() or symbol[0] == "_"):
        symbol = "-" + OPERATORS.get(symbol.strip(), re.sub(r"\W+", "-", symbol).strip("-"))
    return re.sub(r"[^\w:~-]+", "-", re.sub(r"<.*>", "", scope) + operator + symbol)


def is_public(member: ElementTree.Element) -> bool:
    if member.get("prot") not in ("public", "protected") or member.get("kind") not in KINDS:
        return False
    if member.get("kind") == "friend":  # declared here and nowhere else: operators
        return (member.findtext("type") or "") not in ("class", "struct") and "operator" in (member.findtext("name") or "")
    return not (member.findtext("name") or "").startswith("@")


def descriptions(element: ElementTree.Element) -> list[ElementTree.Element]:
    return [part for tag in ("briefdescription", "detaileddescription") if (part := element.find(tag)) is not None]


def located(element: ElementTree.Element) -> tuple[str, int]:
    location = element.find("location")
    if location is None:
        return "", 0
    # Where it is declared, which Doxygen calls the location if the definition is elsewhere.
    return (
        location.get("declfile") or location.get("file") or "",
        int(location.get("declline") or location.get("line") or 0),
    )


@cache
def top_level() -> list[Name]:
    """The public names outside of classes, with their members, as Doxygen has found them."""
    compounds = {}
    for path in sorted((OUT / "xml").glob("*.xml")):
        if path.name.startswith(("class", "struct", "namespace", "concept", "union")) or path.name.endswith("_8hpp.xml"):
            compound = ElementTree.parse(path).getroot().find("compounddef")
            if compound is not None:
                compounds[compound.get("id")] = compound
    found: list[Name] = []

    def members(compound: ElementTree.Element, scope: str) -> list[Name]:
        result = []
        for member in compound.iter("memberdef"):
            if not is_public(member):
                continue
            name = (member.findtext("name") or "").strip()
            header, line = located(member)
            result.append(
                Name(
                    member.get("kind", ""), name, f"{scope}::{name}" if scope else name, header, line, descriptions(member),
                    values=[value.findtext("name") or "" for value in member.findall("enumvalue")],
                )
            )  # fmt: skip
        for inner in compound.findall("innerclass"):
            if inner.get("prot") in ("public", "protected") and inner.get("refid") in compounds:
                result.append(class_name(compounds[inner.get("refid")], scope))
        return sorted(result, key=lambda one: (one.header, one.line))

    def class_name(compound: ElementTree.Element, scope: str) -> Name:
        qualified = re.sub(r"\s+", " ", compound.findtext("compoundname") or "")
        header, line = located(compound)
        name = re.sub(r"\s*([<>])\s*", r"\1", qualified.removeprefix(scope + "::"))
        result = Name(compound.get("kind", ""), name, qualified, header, line, descriptions(compound))
        result.members = members(compound, qualified)
        return result

    for compound in compounds.values():
        kind, name = compound.get("kind"), compound.findtext("compoundname") or ""
        if kind == "namespace" and name.startswith("interloop") and "detail" not in name:
            found += members(compound, name)
        elif kind == "concept" and "detail" not in name:
            header, line = located(compound)
            found.append(Name("concept", name.rpartition("::")[2], name, header, line, descriptions(compound)))
        elif kind == "file":
            found += [one for one in members(compound, "") if one.kind == "define"]
    return sorted(found, key=lambda one: (one.header, one.line))


def by_header() -> dict[str, list[Name]]:
    result: dict[str, list[Name]] = {}
    for name in top_level():
        result.setdefault(name.header, []).append(name)
    return result


class Writer:
    """Writes the page of one header."""

    def __init__(self, header: Header, names: list[Name], links: dict[str, str]) -> None:
        self.header = header
        self.names = names
        self.links = links  # where names that may be linked from anywhere have their contract: page#anchor
        self.lines = (HEADERS / header.included).read_text().splitlines()
        self.out: list[str] = []
        self.used: set[str] = set()

    # Contracts.

    def link(self, code: str, scope: str) -> str | None:
        """The address of what `code` names, as seen from this page."""
        name = re.sub(r"\((?:…|\.\.\.)?\)$|<…>$", "", code).removeprefix("interloop::")
        if not re.fullmatch(r"[\w:]+", name):
            return None
        target = self.links.get(f"{scope}::{name}") or self.links.get(f"interloop::{name}")
        parent = scope
        while target is None and "::" in parent:
            parent = parent.rpartition("::")[0]
            target = self.links.get(f"{parent}::{name}")
        if target is None:
            return None
        page, _, fragment = target.partition("#")
        relative = os.path.relpath(page, os.path.dirname(self.header.page)).removesuffix(".md") + ".html"
        return f"#{fragment}" if page == self.header.page else f"{relative}#{fragment}"

    def inline(self, element: ElementTree.Element, scope: str) -> str:
        parts = [html.escape(element.text or "", quote=False)]
        for child in element:
            if child.tag == "computeroutput":
                text = "".join(child.itertext())
                code = f"<code>{html.escape(text, quote=False)}</code>"
                target = self.link(text, scope)
                parts.append(f'<a href="{target}">{code}</a>' if target else code)
            elif child.tag == "ulink":
                parts.append(f'<a href="{html.escape(child.get("url", ""))}">{self.inline(child, scope)}</a>')
            elif child.tag in ("emphasis", "bold"):
                tag = {"emphasis": "em", "bold": "strong"}[child.tag]
                parts.append(f"<{tag}>{self.inline(child, scope)}</{tag}>")
            elif child.tag in ("ndash", "mdash"):
                parts.append({"ndash": "–", "mdash": "—"}[child.tag])
            elif child.tag == "linebreak":
                parts.append("<br>")
            elif "".join(child.itertext()):  # of another form, which the words can do without
                parts.append(self.inline(child, scope))
            else:
                raise ValueError(f"{self.header.source}: a contract has <{child.tag}>, which has no form on the site")
            parts.append(html.escape(child.tail or "", quote=False))
        return re.sub(r"\s+", " ", "".join(parts)) if element.tag == "para" else "".join(parts)

    def text(self, words: str) -> None:
        """A paragraph, parted where a label such as `Errors:` stands."""
        pieces = LABEL.split(words.strip())
        if pieces[0].strip():
            self.out += [f"<p>{pieces[0].strip()}</p>", ""]
        for label, contract in zip(pieces[1::2], pieces[2::2]):
            if label == "Source":  # other libraries' names
                contract = re.sub(r"</?a\b[^>]*>", "", contract)
            self.out += [f'<p class="contract"><span class="label">{label}</span> {contract.strip()}</p>', ""]

    def paragraph(self, para: ElementTree.Element, scope: str) -> None:
        """A `para`: text, and between it lists, code and the like."""
        flow = ElementTree.Element("para")
        flow.text = para.text

        def flush() -> None:
            if words := self.inline(flow, scope).strip():
                self.text(words)
            flow.clear()

        for child in para:
            if child.tag in ("parameterlist", "simplesect", "itemizedlist", "orderedlist", "verbatim", "programlisting", "table"):
                flush()
                self.block(child, scope)
                flow.text = child.tail
            else:
                flow.append(child)
        flush()

    def block(self, element: ElementTree.Element, scope: str) -> None:
        if element.tag == "parameterlist":
            template = " template" if element.get("kind") == "templateparam" else ""
            self.out.append(f'<dl class="parameters{template}">')
            for item in element.findall("parameteritem"):
                name = ", ".join(html.escape("".join(one.itertext())) for one in item.iter("parametername"))
                words = " ".join(self.inline(para, scope).strip() for para in item.find("parameterdescription") or [])
                self.out.append(f"<dt><code>{name}</code></dt><dd>{words}</dd>")
            self.out += ["</dl>", ""]
        elif element.tag == "simplesect":
            words = " ".join(self.inline(para, scope).strip() for para in element.findall("para"))
            self.out += [f'<p class="contract"><span class="label">Returns</span> {words}</p>', ""]
        elif element.tag in ("itemizedlist", "orderedlist"):
            tag = "ul" if element.tag == "itemizedlist" else "ol"
            items = (" ".join(self.inline(para, scope).strip() for para in item) for item in element.findall("listitem"))
            self.out += [f"<{tag}>", *(f"<li>{item}</li>" for item in items), f"</{tag}>", ""]
        elif element.tag == "table":
            self.out.append("<table>")
            for row in element.findall("row"):
                cells = []
                for entry in row.findall("entry"):
                    tag = "th" if entry.get("thead") == "yes" else "td"
                    cells.append(f"<{tag}>{' '.join(self.inline(para, scope).strip() for para in entry)}</{tag}>")
                self.out.append(f"<tr>{''.join(cells)}</tr>")
            self.out += ["</table>", ""]
        else:
            self.code("".join(element.itertext()).strip("\n"))

    def code(self, text: str) -> None:
        self.out += ["```cpp", *text.splitlines(), "```", ""]

    def contract(self, name: Name) -> None:
        scope = name.qualified if name.kind in ("class", "struct", "union") else name.qualified.rpartition("::")[0]
        for description in name.description:
            for para in description.findall("para"):
                self.paragraph(para, scope)

    # Names.

    def id_of(self, name: Name) -> str | None:
        """The name's id on the page; None if an overload has it already."""
        identifier = anchor(name.qualified)
        if identifier in self.used:
            return None
        self.used.add(identifier)
        return identifier

    def shown(self, name: Name) -> str:
        if name.kind == "define":
            return self.lines[name.line - 1].strip()
        return declaration(self.lines, name.line, name.kind in ("enum", "variable", "typedef", "concept")).text

    def groups(self, names: list[Name]) -> tuple[list[list[Name]], list[Name]]:
        """What shares a contract, and what has none and needs none."""
        together: list[list[Name]] = []
        others: list[Name] = []
        for name in names:
            own = name.kind == "define" or declaration(self.lines, name.line).own_paragraph
            if name.documented or name.members or name.kind in ("class", "struct", "enum", "concept"):
                together.append([name])
            elif not own and together and not together[-1][-1].members and together[-1][-1].name != "":
                together[-1].append(name)
            else:
                others.append(name)
        return together, others

    def entry(self, group: list[Name], level: int) -> None:
        first = group[0]
        titles = list(dict.fromkeys(one.name for one in group))
        identifier = self.id_of(first)
        attributes = f" {{ #{identifier} }}" if identifier else f" {{ #{anchor(first.qualified)}-{first.line} }}"
        kind = f"{first.kind} " if first.kind in ("class", "struct", "enum", "concept") else ""
        self.out += [f"{'#' * level} {kind}" + ", ".join(f"`{title}`" for title in titles) + attributes, ""]
        ids = [identifier for one in group[1:] if (identifier := self.id_of(one))]
        ids += [f"{anchor(one.qualified)}::{value}" for one in group for value in one.values]
        self.out += ["".join(f'<span id="{one}"></span>' for one in ids), ""] if ids else []
        self.code("\n".join(self.shown(one) for one in group))
        self.contract(first)
        if first.members:
            self.names_of(first.members, level + 1)

    def names_of(self, names: list[Name], level: int) -> None:
        together, others = self.groups(names)
        for group in together:
            self.entry(group, level)
        if others:
            ids = [identifier for one in others if (identifier := self.id_of(one))]
            self.out += ['<p class="also">' + "".join(f'<span id="{one}"></span>' for one in ids) + "Also:</p>", ""]
            self.code("\n".join(self.shown(one) for one in others))

    def first_comment(self) -> str:
        lines = []
        for line in self.lines[1:]:
            if not line.startswith("//") or line.startswith("///"):
                break
            lines.append(line[2:].removeprefix(" "))
        return "\n".join(lines)

    def overview(self) -> None:
        """The header's first comment: paragraphs, indented code, lists."""
        for piece in re.split(r"\n\s*\n", self.first_comment()):
            if piece.startswith("    "):
                self.code("\n".join(line.removeprefix("    ") for line in piece.splitlines()))
            elif piece.strip():
                words = html.escape(re.sub(r"\s+", " ", piece), quote=False)
                words = re.sub(r"`([^`]+)`", r"<code>\1</code>", words)
                self.text(re.sub(r"(?<!\w)\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", words))

    def page(self) -> str:
        self.out = [*FOUND_FIRST, f"# {self.header.title}", ""]
        self.code(f"#include <{self.header.included}>")
        self.overview()
        self.names_of(self.names, 2)
        return "\n".join(self.out) + "\n"


@cache
def links() -> dict[str, str]:
    """Where each public name has its contract: `page#anchor`, by qualified name. The first declaration wins."""
    result: dict[str, str] = {}
    pages = {header.included: header.page for header in headers()}

    def note(name: Name) -> None:
        if name.header in pages:
            result.setdefault(name.qualified, f"{pages[name.header]}#{anchor(name.qualified)}")
        for member in name.members:
            note(member)

    for name in top_level():
        note(name)
    return result


def write() -> list[tuple[str, list[Header]]]:
    """Writes the pages; returns the groups of headers that have any."""
    names = by_header()
    groups: dict[str, list[Header]] = {}
    for header in headers():
        page = Writer(header, names.get(header.included, []), links()).page()
        target = PAGES / header.page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page)
        groups.setdefault(header.group, []).append(header)
    index = ["# C++ reference", "", "Every public name, by header. `<interloop/interloop.hpp>` includes the rooms of the core.", ""]
    for group, members in groups.items():
        about = rooms().get(group.removeprefix("core: "), "")
        index += [f"## {group}", "", f"{about.capitalize()}." if about else "", "", "| header | names |", "| --- | --- |"]
        for header in members:
            page = os.path.relpath(header.page, "reference/cpp")
            listed = dict.fromkeys(name.name for name in names.get(header.included, []))
            own = {name.name: name for name in reversed(names.get(header.included, []))}
            cells = " · ".join(f"[`{one}`]({page}#{anchor(own[one].qualified)})" for one in listed)
            index.append(f"| [{header.title}]({page}) | {cells or 'includes others'} |")
        index.append("")
    (PAGES / "reference/cpp/index.md").write_text("\n".join(index) + "\n")
    return list(groups.items())


if __name__ == "__main__":
    write()
