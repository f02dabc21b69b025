"""Odd and hostile media files, made with ffmpeg and byte by byte, and how the verbs are to end on each.

A module, not a script: media.py calls make_all().
"""

import os
import random
import struct
import subprocess
import zlib

DATA = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests/data/media"
)
OK, BAD, MISSING = 0, 65, 66


class Files:
    """Makes the files in a folder.

    `cases` lists (name, path, exit codes of inspect, animate and extend, frames); None as an exit code is 0
    or 65, and None as a count of frames is any."""

    def __init__(self, folder):
        self.folder = folder
        self.cases = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def ffmpeg(self, name, arguments, frames=8, size="64x48", rate=8):
        source = f"-f lavfi -i testsrc=size={size}:rate={rate} -frames:v {frames} "
        command = "ffmpeg -nostdin -v error -y " + (
            arguments if arguments.startswith("-f") or "-i " in arguments else source + arguments
        )
        subprocess.run(command.split() + [self.path(name)], check=True, cwd=self.folder)
        return self.path(name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def add(self, what, name, inspect, animate, extend, frames=None):
        """`frames`: of the clip, where extending it works."""
        self.cases.append((what, self.path(name), inspect, animate, extend, frames))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, more=b""):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + more
        + png_chunk(b"IDAT", rows)
        + png_chunk(b"IEND", b"")
    )


def zeros(count):
    """A zlib stream of zeros, made piece by piece: a thousandth of their size."""
    packer = zlib.compressobj(9)
    out = b"".join(packer.compress(bytes(min(1 << 20, count - at))) for at in range(0, count, 1 << 20))
    return out + packer.flush()


def gif(width, height, frames, disposal):
    """Frames of two colours, each in another corner."""
    out = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0, 0, 0) + bytes((200, 30, 30, 30, 30, 200))
    side = min(width, height, 8)
    for number in range(frames):
        out += b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2, 12, 0, 0)
        out += b"\x2c" + struct.pack("<HHHHB", (number * 4) % max(1, width - side), 0, side, side, 0)
        # LZW without compression: a clear code before every pixel pair.
        bits, value = [], number & 1
        for at in range(side * side):
            if at % 2 == 0:
                bits += [0, 0, 1]  # clear (4), least bit first
            bits += [value, 0, 0]
        bits += [1, 0, 1]  # end (5)
        data = bytearray((len(bits) + 7) // 8)
        for at, bit in enumerate(bits):
            data[at // 8] |= bit << at % 8
        out += b"\x02"
        for at in range(0, len(data), 255):
            part = bytes(data[at : at + 255])
            out += bytes([len(part)]) + part
        out += b"\x00"
    return out + b"\x3b"


def boxes(data, kind):
    """Where boxes of a kind begin in an MP4."""
    at = data.find(kind)
    while at >= 0:
        yield at - 4
        at = data.find(kind, at + 4)


def changed(data, kind, offset, value):
    """`value` at an offset behind the name of the first box of a kind."""
    at = next(boxes(data, kind)) + 8 + offset
    return data[:at] + value + data[at + len(value) :]


def no_media(files):
    files.write("empty.mp4", b"")
    files.add("no bytes", "empty.mp4", BAD, BAD, BAD)
    files.write("text.mp4", b"#!/bin/sh\nrm -rf /\n" * 100)
    files.add("text", "text.mp4", BAD, BAD, BAD)
    files.write("random.mp4", random.Random(1).randbytes(100_000))
    files.add("random bytes", "random.mp4", BAD, BAD, BAD)
    files.write("zeros.mkv", bytes(1_000_000))
    files.add("a megabyte of zeros", "zeros.mkv", BAD, BAD, BAD)
    files.write("archive.png", b"PK\x03\x04" + random.Random(2).randbytes(5000))
    files.add("an archive named .png", "archive.png", BAD, BAD, BAD)
    files.write("document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(2000))
    files.add("a document named .jpg", "document.jpg", BAD, BAD, BAD)
    files.write(
        "drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    )
    files.add("a drawing that names a file", "drawing.png", BAD, BAD, BAD)
    files.write(
        "list.mp4",
        b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
        b"file:///etc/passwd\n#EXT-X-ENDLIST\n",
    )
    files.add("a playlist named .mp4", "list.mp4", BAD, BAD, BAD)
    files.write("script.mkv", b"ffconcat version 1.0\nfile /etc/passwd\nfile http://127.0.0.1:9/x.mp4\n")
    files.add("a concat script named .mkv", "script.mkv", BAD, BAD, BAD)
    files.write(
        "manifest.mp4",
        b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        b'<AdaptationSet><Representation id="1"><BaseURL>http://127.0.0.1:9/</BaseURL></Representation>'
        b"</AdaptationSet></Period></MPD>",
    )
    files.add("a DASH manifest", "manifest.mp4", BAD, BAD, BAD)
    files.write(
        "session.mp4",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5000 RTP/AVP 96\n"
        b"a=rtpmap:96 H264/90000\n",
    )
    files.add("a session description", "session.mp4", BAD, BAD, BAD)
    os.mkdir(files.path("folder.mp4"))
    files.add("a folder", "folder.mp4", BAD, BAD, BAD)
    os.mkfifo(files.path("pipe.mp4"))
    files.add("a pipe that nobody writes to", "pipe.mp4", BAD, BAD, BAD)
    os.symlink("loop.mp4", files.path("loop.mp4"))
    files.add("a link to itself", "loop.mp4", MISSING, MISSING, MISSING)
    files.add("nothing at all", "nothing.mp4", MISSING, MISSING, MISSING)


def sound(files):
    files.ffmpeg("tone.mp4", "-f lavfi -i sine=duration=1 -c:a aac")
    files.add("sound without pictures", "tone.mp4", BAD, BAD, BAD)
    files.ffmpeg("cover.png", "-c:v png", frames=1)
    files.ffmpeg(
        "song.mp3",
        "-f lavfi -i sine=duration=1 -i cover.png -map 0 -map 1 -c:a libmp3lame -c:v copy "
        "-disposition:v attached_pic",
    )
    files.add("a song with a cover", "song.mp3", BAD, BAD, BAD)
    files.ffmpeg(
        "long-sound.mkv",
        "-f lavfi -i testsrc=size=64x48:rate=8:duration=1 -f lavfi -i sine=duration=5 "
        "-c:v libx264 -pix_fmt yuv420p -c:a libopus",
    )
    files.add("sound that goes on after the pictures", "long-sound.mkv", OK, OK, OK, 8)
    files.ffmpeg(
        "late-sound.mp4",
        "-f lavfi -i testsrc=size=64x48:rate=8:duration=1 -itsoffset 0.5 -f lavfi -i sine=duration=0.5 "
        "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    )
    files.add("sound that begins late", "late-sound.mp4", OK, OK, OK, 8)


def shapes(files):
    x264 = "-c:v libx264 -pix_fmt yuv420p"
    files.ffmpeg("good.mp4", x264)
    files.add("a clip with nothing wrong", "good.mp4", OK, OK, OK, 8)
    files.ffmpeg("one.mp4", x264, frames=1)
    files.add("one frame", "one.mp4", OK, OK, OK, 1)
    files.ffmpeg("odd.mkv", "-c:v ffv1 -pix_fmt yuv444p", size="33x17")
    files.add("odd sides", "odd.mkv", OK, OK, OK, 8)
    files.write("dot.png", png(1, 1, 8, 2, zlib.compress(b"\0\x80\x40\x20")))
    files.add("one pixel", "dot.png", OK, OK, BAD)
    files.ffmpeg("strip.mkv", "-c:v ffv1", size="2000x16")
    files.add("a strip of 125 to 1", "strip.mkv", OK, OK, OK, 8)
    files.ffmpeg("picture.png", "-c:v png", frames=1)
    os.rename(files.path("picture.png"), files.path("picture.mp4"))
    files.add("a PNG named .mp4", "picture.mp4", OK, OK, BAD)
    files.write("video.jpg", files.read("good.mp4"))
    files.add("an MP4 named .jpg", "video.jpg", OK, OK, OK, 8)
    files.ffmpeg(
        "vfr.mkv",
        "-f lavfi -i testsrc=size=64x48:rate=24:duration=1 -vf select=not(mod(n\\,3))+eq(n\\,4)+eq(n\\,5) "
        "-vsync vfr -c:v libx264 -pix_fmt yuv420p",
    )
    files.add("frames at uneven times", "vfr.mkv", OK, OK, OK, None)
    files.ffmpeg(
        "turned.mp4",
        "-display_rotation 90 -i good.mp4 -c copy"
        if newer_ffmpeg()
        else "-i good.mp4 -c copy -metadata:s:v rotate=90",
    )
    files.add("turned by a mark", "turned.mp4", OK, OK, OK, 8)
    files.ffmpeg("interlaced.mpg", "-c:v mpeg2video -flags +ildct+ilme -r 25", rate=25)
    files.add("interlaced MPEG-2", "interlaced.mpg", OK, OK, OK, None)
    files.ffmpeg("deep.mp4", "-c:v libx264 -pix_fmt yuv420p10le")
    files.add("ten bits", "deep.mp4", OK, OK, OK, 8)
    files.ffmpeg(
        "hdr.mkv",
        "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le -color_primaries bt2020 "
        "-color_trc smpte2084 -colorspace bt2020nc",
    )
    files.add("HDR (PQ)", "hdr.mkv", OK, OK, OK, 8)
    files.ffmpeg("grey.mkv", "-c:v ffv1 -pix_fmt gray")
    files.add("grey", "grey.mkv", OK, OK, OK, 8)
    files.ffmpeg("glass.mov", "-c:v qtrle -pix_fmt argb")
    files.add("video with transparency", "glass.mov", OK, OK, OK, 8)
    files.ffmpeg("slow.mkv", x264, frames=3, rate="1/10")
    files.add("a frame every ten seconds", "slow.mkv", OK, OK, OK, None)
    files.ffmpeg("late.mkv", "-i good.mp4 -c copy -output_ts_offset 1000")
    files.add("times that begin at 1000 s", "late.mkv", OK, OK, OK, 8)
    files.ffmpeg("cut.mp4", "-ss 0.3 -i good.mp4 -c copy")
    files.add("cut by an edit list", "cut.mp4", OK, OK, OK, None)
    files.ffmpeg("noise.ts", "-i good.mp4 -c copy")
    files.write("noise.ts", random.Random(3).randbytes(700) + files.read("noise.ts"))
    files.add("garbage before a transport stream", "noise.ts", OK, OK, OK, None)


def newer_ffmpeg():
    said = subprocess.run(["ffmpeg", "-h", "full"], capture_output=True, text=True).stdout
    return "display_rotation" in said


def pictures(files):
    files.write("sixteen.png", png(9, 5, 16, 2, zlib.compress((b"\0" + bytes(range(54))) * 5)))
    files.add("a PNG of 16 bits", "sixteen.png", OK, OK, BAD)
    files.write(
        "palette.png",
        png(
            8,
            8,
            1,
            3,
            zlib.compress(b"\0\xaa" * 8),
            png_chunk(b"PLTE", bytes((255, 0, 0, 0, 0, 255))) + png_chunk(b"tRNS", b"\x00"),
        ),
    )
    files.add("a palette with a clear colour", "palette.png", OK, OK, BAD)
    for name in ("cmyk.jpg", "ycck.jpg", "cmyk-unmarked.jpg"):
        with open(os.path.join(DATA, name), "rb") as file:
            files.write(name, file.read())
    files.add("a CMYK JPEG", "cmyk.jpg", OK, OK, BAD)
    files.add("a YCCK JPEG", "ycck.jpg", OK, OK, BAD)
    files.add("a CMYK JPEG without a mark", "cmyk-unmarked.jpg", None, BAD, BAD)
    files.ffmpeg("plain.jpg", "-c:v mjpeg", frames=1)
    turned = (
        b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    )
    exif = b"Exif\x00\x00" + turned
    data = files.read("plain.jpg")
    files.write("turned.jpg", data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])
    files.add("a JPEG turned by Exif", "turned.jpg", OK, OK, BAD)
    for disposal in (1, 2, 3):
        files.write(f"disposal{disposal}.gif", gif(32, 24, 5, disposal))
        files.add(f"a GIF with disposal {disposal}", f"disposal{disposal}.gif", OK, OK, OK, None)
    files.ffmpeg("moving.png", "-f lavfi -i testsrc=size=64x48:rate=8 -frames:v 4 -c:v apng -f apng")
    files.add("an animated PNG", "moving.png", OK, OK, OK, 4)
    files.ffmpeg("moving.webp", "-f lavfi -i testsrc=size=64x48:rate=8 -frames:v 4 -c:v libwebp_anim")
    files.add("an animated WebP", "moving.webp", OK, BAD, BAD)


def damaged(files):
    files.ffmpeg("whole.mp4", "-c:v libx264 -pix_fmt yuv420p -movflags +faststart", frames=48, size="128x96")
    whole = files.read("whole.mp4")
    files.write("half.mp4", whole[: len(whole) // 2])
    files.add("the first half of an MP4", "half.mp4", OK, OK, BAD)
    files.write("header.mp4", whole[: next(boxes(whole, b"mdat"))])
    files.add("an MP4 without its data", "header.mp4", None, BAD, BAD)
    files.ffmpeg("tail.mp4", "-c:v libx264 -pix_fmt yuv420p")
    data = files.read("tail.mp4")
    files.write("tail.mp4", data[: next(boxes(data, b"moov"))])
    files.add("an MP4 whose index was not written", "tail.mp4", BAD, BAD, BAD)
    noisy = bytearray(whole)
    randomly = random.Random(4)
    for _ in range(200):
        noisy[randomly.randrange(next(boxes(whole, b"mdat")) + 2000, len(whole))] ^= 1 << randomly.randrange(
            8
        )
    files.write("noisy.mp4", bytes(noisy))
    files.add("bits flipped in the frames", "noisy.mp4", OK, OK, None)
    files.write("vast.mp4", changed(whole, b"avc1", 24, struct.pack(">HH", 65535, 65535)))
    files.add("a header that says 65535x65535", "vast.mp4", None, None, None)
    files.write("ages.mp4", changed(whole, b"mvhd", 16, struct.pack(">I", 0xFFFFFFF0)))
    files.add("a header that says 49 days", "ages.mp4", None, None, None)
    files.write("counts.mp4", changed(whole, b"stsz", 8, struct.pack(">I", 0x7FFFFFFF)))
    files.add("two thousand million samples", "counts.mp4", None, None, None)
    files.write("offsets.mp4", changed(whole, b"stco", 8, struct.pack(">I", 0xFFFFFFF0)))
    files.add("data beyond the end", "offsets.mp4", None, None, None)
    files.write(
        "deep-boxes.mp4",
        whole[: next(boxes(whole, b"moov"))]
        + b"".join(struct.pack(">I", 8 * n + 8) + b"moov" for n in range(20_000, 0, -1)),
    )
    files.add("boxes in boxes in boxes", "deep-boxes.mp4", BAD, BAD, BAD)
    files.ffmpeg(
        "fragments.mp4", "-c:v libx264 -pix_fmt yuv420p -g 8 -movflags +frag_keyframe+empty_moov", frames=48
    )
    data = files.read("fragments.mp4")
    files.write("fragments.mp4", data[: len(data) * 2 // 3])
    files.add("a fragmented MP4 that is cut", "fragments.mp4", OK, OK, BAD)
    files.ffmpeg("index.avi", "-c:v mpeg4", frames=48)
    data = files.read("index.avi")
    files.write("index.avi", data[: data.rfind(b"idx1")] + b"idx1" + struct.pack("<I", 160) + b"\xff" * 160)
    files.add("an AVI whose index is nonsense", "index.avi", OK, OK, None)
    streams = " ".join("-map 0:v" for _ in range(140))
    files.ffmpeg("streams.mkv", f"-f lavfi -i testsrc=size=16x16:rate=8 -frames:v 1 {streams} -c:v ffv1")
    files.add("140 streams", "streams.mkv", BAD, BAD, BAD)
    for name, encoder in (("cut.png", "png"), ("cut.jpg", "mjpeg")):
        files.ffmpeg(name, f"-c:v {encoder}", frames=1, size="320x240")
        data = files.read(name)
        files.write(name, data[: len(data) // 2])
        files.add(f"half of a picture ({encoder})", name, OK, BAD, BAD)
    files.write("header.y4m", b"YUV4MPEG2 W99999 H99999 F25:1 Ip C420\nFRAME\n" + bytes(1000))
    files.add("raw frames of 99999x99999", "header.y4m", BAD, BAD, BAD)


def bombs(files):
    files.write("bomb.png", png(30_000, 30_000, 8, 2, zeros(30_000 * 90_001)[: 3 << 20]))
    files.add("a PNG of 900 megapixels", "bomb.png", None, BAD, BAD)
    files.write("wide.png", png(2_000_000_000, 1, 1, 0, zlib.compress(bytes(1000))))
    files.add("a PNG two thousand million pixels wide", "wide.png", None, BAD, BAD)
    files.write("bomb.gif", gif(65_535, 65_535, 2, 1))
    files.add("a GIF of 65535x65535", "bomb.gif", None, BAD, BAD)
    text = png_chunk(b"zTXt", b"Comment\0\0" + zeros(300 << 20))
    files.write("text.png", png(2, 2, 8, 2, zlib.compress(b"\0123456" * 2), text))
    files.add("a PNG with 300 MB of packed text", "text.png", OK, OK, BAD)
    files.write("frames.gif", gif(16, 16, 5000, 1))
    files.add("a GIF of 5000 frames", "frames.gif", OK, OK, None)


def make_all(folder):
    files = Files(folder)
    for kind in (no_media, sound, shapes, pictures, damaged, bombs):
        kind(files)
    return files.cases
