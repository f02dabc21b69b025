#!/usr/bin/env python3
"""Writes tests/data/media: JPEGs of printing inks, which no tool that the tests run can make.

    usage: scripts/goldens/media.py [FOLDER]

Made with Pillow 13.0.0. tests/media/read/reader_look_test.cpp holds what Pillow reads back from them;
everything else that the readers are tested with is made by ffmpeg or byte by byte when the tests run.

    cmyk.jpg           with Adobe's marker: numbers stand for paper, 255 is no ink
    cmyk-unmarked.jpg  without it
    ycck.jpg           the same kind of inks, coded as YCCK
"""

import pathlib
import sys

from PIL import Image

SIDE = 16


def jpeg(path: pathlib.Path, colour) -> bytearray:
    """A CMYK JPEG whose pixel at x, y is colour(x, y), of Pillow's inks: 255 is all ink."""
    image = Image.new("CMYK", (SIDE, SIDE))
    for y in range(SIDE):
        for x in range(SIDE):
            image.putpixel((x, y), colour(x, y))
    image.save(path, quality=95)
    return bytearray(path.read_bytes())


def quarters(x: int, y: int):
    if y < SIDE // 2:
        return (255, 0, 0, 0) if x < SIDE // 2 else (0, 255, 0, 0)
    return (0, 0, 255, 64) if x < SIDE // 2 else (0, 0, 0, 128)


def without_marker(data: bytearray) -> bytearray:
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def as_ycck(data: bytearray) -> bytearray:
    """Says that the four components are Y, Cb, Cr and K: by Adobe's marker and by their numbers."""
    data[data.index(b"Adobe") + 11] = 2
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for i in range(4):
        data[frame + 10 + 3 * i] = i + 1
        data[scan + 5 + 2 * i] = i + 1
    return data


def main() -> None:
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/data/media"
    folder.mkdir(parents=True, exist_ok=True)
    jpeg(folder / "cmyk.jpg", quarters)
    inverted = jpeg(folder / "cmyk-unmarked.jpg", lambda x, y: tuple(255 - ink for ink in quarters(x, y)))
    (folder / "cmyk-unmarked.jpg").write_bytes(without_marker(inverted))

    def mixed(x: int, y: int):
        if x < SIDE // 2:
            return (100, 110, 140, 20)
        return (155, 128, 128, 90) if y < SIDE // 2 else (60, 140, 120, 0)

    (folder / "ycck.jpg").write_bytes(as_ycck(jpeg(folder / "ycck.jpg", mixed)))
    for path in sorted(folder.glob("*.jpg")):
        picture = Image.open(path).convert("RGB")
        print(path.name, [picture.getpixel(at) for at in ((4, 4), (12, 4), (4, 12), (12, 12))])


if __name__ == "__main__":
    main()
