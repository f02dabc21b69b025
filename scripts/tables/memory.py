#!/usr/bin/env python3
"""Writes the table of docs/memory.md: what the published models need of a GPU's memory.

    scripts/tables/memory.py [--tool build/release/tests/memory_table] [--check]

The sums are the plan's own, computed by memory_table (tests/bench/memory_table.cpp) from the shapes of the
networks; the last column is what others say, from the pages named in docs/memory.md. --check compares the
table in the file with them and changes nothing; it ends with 1 where they differ.
"""

import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/memory.md"
BEGIN, END = "<!-- written by scripts/tables/memory.py -->\n", "<!-- until here -->\n"
WAYS = ["none", "text", "stored", "stream"]

# (model, size) -> what its publishers or diffusers say, and the number of the source in docs/memory.md.
SAID = {
    ("wan2.1-t2v-1.3b", "832x480"): "8.19, the text encoder on the CPU [1]",
    ("wan2.1-t2v-14b", "832x480"): "about 13, offloaded layer by layer [3]",
    ("wan2.2-ti2v-5b", "1280x704"): "a GPU of 24, the text encoder on the CPU [2]",
    ("wan2.2-t2v-a14b", "1280x720"): "a GPU of 80, with offloading [2]",
    ("wan2.2-i2v-a14b", "1280x720"): "a GPU of 80, with offloading [2]",
}


def rows_of(lines: list) -> dict:
    """(model, size) -> its lines by --offload."""
    rows = {}
    for line in lines:
        rows.setdefault((line["model"], line["size"]), {})[line["offload"]] = line
    return rows


def number(gigabytes: float) -> str:
    return f"{gigabytes:.1f}"


def table(lines: list) -> str:
    head = [
        "model",
        "files, GB",
        "size, frames",
        *(f"`{way}`" for way in WAYS),
        "host, `stream`",
        "others say",
    ]
    text = "| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|\n"
    unknown = set(SAID) - set(rows_of(lines))
    if unknown:
        sys.exit(f"memory.py: figures for what there is not: {sorted(unknown)}")
    for (model, size), ways in rows_of(lines).items():
        any_way = ways["none"]
        cells = [f"`{model}`", number(any_way["weight_bytes"] / 1e9), f"{size}, {any_way['frames']}"]
        cells += [number(ways[way]["peak_gb"]) for way in WAYS]
        cells += [number(ways["stream"]["host_gb"]), SAID.get((model, size), "")]
        text += "| " + " | ".join(cells) + " |\n"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tool", default=ROOT / "build/release/tests/memory_table", help="the built memory_table"
    )
    parser.add_argument("--check", action="store_true", help="compare, and change nothing")
    args = parser.parse_args()
    out = subprocess.run([args.tool], capture_output=True, text=True, check=True).stdout
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + table([json.loads(line) for line in out.splitlines()]) + END + after
    if new == page:
        return 0
    if args.check:
        print(f"{PAGE} is not what memory_table says; scripts/tables/memory.py writes it", file=sys.stderr)
        return 1
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
