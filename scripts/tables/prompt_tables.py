#!/usr/bin/env python3
"""Writes the data that prompt cleaning needs: html_entities.txt and ftfy.txt in src/models/t5/text.

    python scripts/tables/prompt_tables.py

The sets of characters and the patterns are those of ftfy (Apache-2.0, https://github.com/rspeer/python-ftfy),
read from its compiled regular expressions; the entities are html.entities.html5 of the standard library. The
versions stand at the head of each file.
"""

import codecs
import html.entities
import pathlib
import re._parser as sre
import sys
import textwrap

import ftfy
import ftfy.badness
from ftfy import chardata

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/models/t5/text"
VERSIONS = f"ftfy {ftfy.__version__}, Python {sys.version.split()[0]}"
HEADER = f"# Written by scripts/tables/prompt_tables.py from {VERSIONS}.\n"


def code_points(text):
    return "+".join(f"{ord(char):X}" for char in text)


def record(words):
    """A line; what is too long goes on in the next, which begins with a space."""
    return (
        textwrap.fill(
            " ".join(words), 110, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False
        )
        + "\n"
    )


def ranges(points):
    """Sorted inclusive ranges over a set of numbers: "41-5A", "20"."""
    found = []
    for point in sorted(points):
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return [f"{first:X}" if first == last else f"{first:X}-{last:X}" for first, last in found]


class Sets:
    """Numbers each distinct set of characters."""

    def __init__(self):
        self.numbers = {}

    def number(self, points):
        return str(self.numbers.setdefault(tuple(ranges(points)), len(self.numbers)))

    def lines(self):
        return "".join(record(["set", *key]) for key in self.numbers)


CATEGORIES = {
    sre.CATEGORY_SPACE: lambda: {c for c in range(0x110000) if chr(c).isspace()},
    sre.CATEGORY_WORD: lambda: {c for c in range(0x110000) if chr(c).isalnum() or c == ord("_")},
}


def character_set(op, value):
    if op == sre.LITERAL:
        return {value}
    if op == sre.ANY:
        return set(range(0x110000)) - {ord("\n")}
    assert op == sre.IN, op
    points, negate = set(), False
    for kind, item in value:
        if kind == sre.NEGATE:
            negate = True
        elif kind == sre.LITERAL:
            points.add(item)
        elif kind == sre.RANGE:
            points.update(range(item[0], item[1] + 1))
        elif kind == sre.CATEGORY:
            points |= CATEGORIES[item]()
        else:
            raise ValueError(kind)
    return set(range(0x110000)) - points if negate else points


def alternatives(pattern):
    """A regular expression as a list of (anchored at the start, [(set, optional), ...])."""
    parsed = list(sre.parse(pattern.pattern, pattern.flags & ~256))
    branches = len(parsed) == 1 and parsed[0][0] == sre.BRANCH
    parsed = parsed[0][1][1] if branches else [parsed]
    result = []
    for branch in parsed:
        at_start, steps = False, []
        for op, value in branch:
            if op == sre.AT:
                assert value == sre.AT_BEGINNING and not steps
                at_start = True
            elif op == sre.MAX_REPEAT:
                low, high, body = value
                assert (low, high) == (0, 1) and len(body) == 1
                steps.append((character_set(*body[0]), True))
            else:
                steps.append((character_set(op, value), False))
        result.append((at_start, steps))
    return result


def ftfy_table():
    sets = Sets()
    body = ""
    for name, pattern in (
        ("badness", ftfy.badness.BADNESS_RE),
        ("altered_utf8", chardata.ALTERED_UTF8_RE),
        ("lossy_utf8", chardata.LOSSY_UTF8_RE),
    ):
        for at_start, steps in alternatives(pattern):
            words = [sets.number(points) + "?" * optional for points, optional in steps]
            body += record([name, *["^"] * at_start, *words])

    for name in ("first_of_2", "first_of_3", "first_of_4", "continuation", "continuation_strict"):
        points = character_set(*sre.parse(f"[{chardata.UTF8_CLUES['utf8_' + name]}]")[0])
        body += record([name, sets.number(points)])

    for encoding in chardata.CHARMAP_ENCODINGS:
        upper = [f"{ord(codecs.decode(bytes([b]), encoding)):X}" for b in range(0x80, 0x100)]
        substitute = ord(codecs.decode(b"\x1a", encoding))
        assert substitute == (0xFFFD if encoding.startswith("sloppy") else 0x1A)
        body += record(["charmap", encoding, *upper])

    for char in sorted(chardata.LIGATURES):
        body += record(["ligature", f"{char:X}", code_points(chardata.LIGATURES[char])])

    return (
        HEADER
        + "# Character sets and patterns: Copyright 2023 Robyn Speer, Apache License 2.0.\n"
        + "# prompt_tables.h says what the lines mean. A line that begins with a space goes on.\n"
        + sets.lines()
        + body
    )


def html_table():
    names = {}  # text: its names
    for name, text in html.entities.html5.items():
        if name.endswith(";"):
            bare = "*" * (name[:-1] in html.entities.html5)
            names.setdefault(text, []).append(name[:-1] + bare)
        else:
            assert name + ";" in html.entities.html5
    for name, text in chardata.HTML_ENTITIES.items():
        if name[1:] not in html.entities.html5:
            assert name[0] == "&" and name[-1] == ";"
            names.setdefault(text, []).append(name[1:-1] + "^")
    return (
        HEADER
        + "# A text, as code points, and its names. *: also without semicolon. ^: an addition of ftfy's.\n"
        + "".join(record([code_points(text), *sorted(names[text])]) for text in sorted(names))
    )


if __name__ == "__main__":
    (OUT / "ftfy.txt").write_text(ftfy_table())
    (OUT / "html_entities.txt").write_text(html_table())
