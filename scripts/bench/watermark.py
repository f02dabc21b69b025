#!/usr/bin/env python3
"""How well the watermark in the pixels is found after what happens to videos, and how little it changes them.

    python scripts/bench/watermark.py [--program build/release/bin/sora-gen] [--model DIR] [--clips N]
        [--seconds S] [--compared N] [--others FOLDER]

The program makes N clips with the watermark and N without, of as many prompts. ffmpeg does to the marked ones
what sites, editors and screens do; `sora-gen detect` looks at each result. The table has, for each attack, in
how many clips the mark was found, in how many its 64 bits were read, and the median and least agreement (a
mark is found from about 6.1 on, and from 8.1 on where the picture was cropped and scaled). Then: clips
without a mark, and those in FOLDER, in which one was found. Of --compared clips the frames with and without
the mark are compared: PSNR over all channels, and SSIM of luma (Gaussian window of 11 pixels).
"""

import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

THINGS = [
    "a boat",
    "a lighthouse",
    "a red car",
    "a forest",
    "buildings",
    "waves",
    "a mountain",
    "a bird",
    "a ship",
]
PLACES = [
    "on a lake",
    "by the sea",
    "on a road",
    "in a city",
    "in the desert",
    "in the snow",
    "in the clouds",
]
TIMES = ["at sunset", "at night", "in daylight", "in the rain", "at noon"]

H264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-threads", "1"]
AGAIN = [*H264, "-crf", "23"]  # what an editor or a site writes after a change
ATTACKS = {  # name: (ending, options of ffmpeg)
    "as it was made": ("mp4", None),
    "H.264, CRF 28": ("mp4", [*H264, "-crf", "28"]),
    "VP9, CRF 37": ("webm", ["-c:v", "libvpx-vp9", "-crf", "37", "-b:v", "0", "-cpu-used", "4"]),
    "half the size": ("mp4", ["-vf", "scale=iw/2:ih/2", *AGAIN]),
    "twice the size": ("mp4", ["-vf", "scale=iw*2:ih*2", *AGAIN]),
    "crop to 80 % of each side": ("mp4", ["-vf", "crop=iw*.8:ih*.8:iw*.07:ih*.13", *AGAIN]),
    "crop to 80 % of the area": ("mp4", ["-vf", "crop=iw*.894:ih*.894:iw*.03:ih*.08", *AGAIN]),
    "another rate (12 fps)": ("mp4", ["-r", "12", *AGAIN]),
    "brightness and contrast + 10 %": ("mp4", ["-vf", "eq=brightness=.1:contrast=1.1", *AGAIN]),
    "brightness and contrast - 10 %": ("mp4", ["-vf", "eq=brightness=-.1:contrast=.9", *AGAIN]),
    "cut to 2 s": ("mp4", ["-ss", "1", "-t", "2", *AGAIN]),
    "one frame as PNG": ("png", ["-ss", "1.5", "-frames:v", "1"]),
    "crop to 80 % and back to the size": (
        "mp4",
        ["-vf", "crop=iw*.8:ih*.8:iw*.1:ih*.04,scale=256:256", *AGAIN],
    ),
    "screen: half the size, CRF 28": ("mp4", ["-vf", "scale=iw/2:ih/2", *H264, "-crf", "28"]),
}


def ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-threads", "1", *words], check=True)


def frames_of(path: str) -> np.ndarray:
    """[n, height, width, 3] of a y4m file"""
    with open(path, "rb") as file:
        head = file.readline().decode().split()
    width, height = (int(next(word[1:] for word in head if word[0] == key)) for key in "WH")
    words = ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def blurred(x: np.ndarray) -> np.ndarray:
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    across = sum(t * x[:, i : x.shape[1] - 10 + i] for i, t in enumerate(taps))
    return sum(t * across[i : across.shape[0] - 10 + i] for i, t in enumerate(taps))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    luma = np.array([0.2126, 0.7152, 0.0722])
    x, y = a @ luma, b @ luma
    mx, my = blurred(x), blurred(y)
    vx, vy, c = blurred(x * x) - mx * mx, blurred(y * y) - my * my, blurred(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * mx * my + c1) * (2 * c + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean())


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((a.astype(float) - b) ** 2))))


def make(options: object, folder: str, jobs: list) -> None:
    path = os.path.join(folder, "jobs.jsonl")
    with open(path, "w") as file:
        file.writelines(json.dumps(job) + "\n" for job in jobs)
    words = [options.program, "--prompts", path, "--out-dir", folder, "--model", options.model, "-q"]
    subprocess.run([*words, "--overwrite", "--no-credentials"], check=True)


def detect(options: object, files: list) -> list:
    words = [options.program, "detect", "--json", *files]
    lines = subprocess.run(words, stdout=subprocess.PIPE, check=False).stdout.decode().splitlines()
    return [json.loads(line).get("watermark") for line in lines]


def table(rows: list, head: list) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def row_of(name: str, found: list, wanted: list) -> list:
    count = len(found)
    there = [mark for mark in found if mark]
    read = sum(
        bool(mark and mark["payload"] and mark["payload"]["bits"] == w) for mark, w in zip(found, wanted)
    )
    agreement = sorted(mark["agreement"] for mark in there)
    median = f"{statistics.median(agreement):.1f}" if agreement else "-"
    least = f"{agreement[0]:.1f}" if agreement else "-"
    return [name, f"{len(there)} of {count}", f"{read}", median, least]


def main() -> None:
    options = program.arguments(
        __doc__, model=program.DEFAULT_MODEL, clips=20, seconds=4, compared=5, others=""
    )
    os.environ["SORA_GEN_WATERMARK"] = "on"
    chosen = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        prompts = [
            f"{chosen.choice(THINGS)} {chosen.choice(PLACES)} {chosen.choice(TIMES)}"
            for _ in range(options.clips)
        ]
        base = [{"prompt": p, "seed": 1000 + i, "seconds": options.seconds} for i, p in enumerate(prompts)]
        path = lambda name, i, ending: os.path.join(folder, f"{name}-{i}.{ending}")  # noqa: E731
        jobs = [dict(job, output=path("m", i, "mp4")) for i, job in enumerate(base)]
        jobs += [
            dict(job, output=path("u", i, "mp4"), seed=5000 + i, no_watermark=True)
            for i, job in enumerate(base)
        ]
        for i, job in enumerate(base[: options.compared]):
            jobs += [
                dict(job, output=path("mm", i, "y4m")),
                dict(job, output=path("mu", i, "y4m"), no_watermark=True),
            ]
        make(options, folder, jobs)
        marked = [path("m", i, "mp4") for i in range(options.clips)]
        wanted = [
            mark["payload"]["bits"] if mark and mark["payload"] else "" for mark in detect(options, marked)
        ]
        rows = []
        for name, (ending, words) in ATTACKS.items():
            files = marked
            if words is not None:
                files = [path("a", i, ending) for i in range(options.clips)]
                for before, after in zip(marked, files):
                    ffmpeg("-i", before, *words, after)
            rows.append(row_of(name, detect(options, files), wanted))
            print(rows[-1], file=sys.stderr, flush=True)
        table(rows, ["attack", "found", "64 bits read", "agreement", "least"])
        plain = [path("u", i, "mp4") for i in range(options.clips)]
        others = (
            [str(p) for p in sorted(pathlib.Path(options.others).rglob("*")) if p.is_file()]
            if options.others
            else []
        )
        alarms = sum(bool(mark) for mark in detect(options, plain + others))
        print(f"\nwithout a mark: {alarms} of {len(plain) + len(others)} found")
        pairs = [
            (frames_of(path("mm", i, "y4m")), frames_of(path("mu", i, "y4m")))
            for i in range(options.compared)
        ]
        quality = [(psnr(a, b), np.mean([ssim(x, y) for x, y in zip(a[::8], b[::8])])) for a, b in pairs]
        for kind, values in zip(("PSNR", "SSIM"), zip(*quality)):
            print(f"{kind} of {len(pairs)} clips: least {min(values):.4f}, mean {np.mean(values):.4f}")


if __name__ == "__main__":
    main()
