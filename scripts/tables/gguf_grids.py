"""Writes src/checkpoint/blocks/grids.txt: the codebooks of GGUF's IQ2 and IQ3 types, from the gguf package.

    python scripts/tables/gguf_grids.py

A line begins with a type's name and the values that its digits stand for; entries follow, a digit a value.
The codebooks are part of the format: ggml (MIT), ggml-common.h.
"""

import importlib.metadata
import pathlib
import textwrap

from gguf import quants

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/checkpoint/blocks/grids.txt"


def entries(kind):
    """[count, width] of digits"""
    kind.init_grid()
    digit = {value: number for number, value in enumerate(kind.grid_map)}
    return ["".join(str(digit[int(value)]) for value in row) for row in kind.grid.reshape(kind.grid_shape)]


def main():
    lines = []
    for name in ("IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"):
        kind = getattr(quants, name)
        lines.append(" ".join([name, *map(str, kind.grid_map)]))
        lines += textwrap.wrap(" ".join(entries(kind)), 108)
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{OUT.stat().st_size} bytes, gguf {importlib.metadata.version('gguf')}")


if __name__ == "__main__":
    main()
