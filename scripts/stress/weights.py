#!/usr/bin/env python3
"""Weight files with hostile headers of 30 and 100 MB, written here one after another and inspected.

    scripts/stress/weights.py [--seconds 1] [--megabytes 150]

Each is refused with exit code 65 and one line, within limits of time and memory; ends with 1 where one is
not.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

FORMAT_LIMIT = 100_000_000  # bytes of a safetensors header


def write_many(file, piece, count):
    """In parts: what this process holds would be counted as the program's, which begins as a copy of it."""
    some = piece * 10_000
    for _ in range(count // 10_000):
        file.write(some)
    file.write(piece * (count % 10_000))


def safetensors(path, pieces, size):
    """A header that begins with the first piece, goes on with the second up to `size` bytes, and ends with
    the third."""
    begin, middle, end = pieces
    count = (size - len(begin) - len(end)) // len(middle)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(begin) + count * len(middle) + len(end)) + begin)
        write_many(file, middle, count)
        file.write(end)


def gguf(path, size):
    """A list of empty texts, one short."""
    count = size // 8
    with open(path, "wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a")
        file.write(struct.pack("<IIQ", 9, 8, count))
        write_many(file, bytes(8), count - 1)


HEADERS = {
    "spaces, then no JSON": (b"{", b" ", b"]"),
    "line breaks": (b"{", b"\n", b""),
    "a text without end": (b'{"', b"a", b""),
    "a name": (b'{"', b"a", b'":1}'),
    "a number": (b'{"a":{"data_offsets":[', b"1", b"]}}"),
    "dimensions": (b'{"a":{"shape":[', b"0,", b"0]}}"),
    "escapes": (b'{"__metadata__":{"a":"', b"\\\\", b'"}'),
    "nesting": (b'{"a":', b"[", b""),
}


def main():
    options = program.arguments(__doc__.splitlines()[0], seconds=1.0, megabytes=150.0)
    wrong, slowest, largest, count = [], ("", 0.0), ("", 0.0), 0
    with program.Place() as place:
        path = place.path("weights.safetensors")
        for size in (30_000_000, FORMAT_LIMIT):
            for name in [*HEADERS, "gguf: empty texts"]:
                if name in HEADERS:
                    safetensors(path, HEADERS[name], size)
                else:
                    gguf(path, size)
                run = place.measured([options.program, "inspect", path])
                name = f"{name}, {size // 1_000_000} MB"
                count += 1
                slowest = max(slowest, (name, run.cpu_seconds), key=lambda found: found[1])
                largest = max(largest, (name, run.peak_mb), key=lambda found: found[1])
                if run.code != 65 or len(run.said.splitlines()) != 1:
                    wrong.append(f"{name}: exit code {run.code}, {run.said[:300]!r}")
                # The time is that of 30 MB, and grows with the size.
                if run.cpu_seconds > options.seconds * size / 30_000_000 or run.peak_mb > options.megabytes:
                    wrong.append(f"{name}: {run.cpu_seconds:.2f} s and {run.peak_mb:.0f} MB")
                os.remove(path)
    print("\n".join(wrong + [f"{count} files, {len(wrong)} wrong"]))
    print(f"most time {slowest[1]:.2f} s ({slowest[0]}), most memory {largest[1]:.0f} MB ({largest[0]})")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
