#!/usr/bin/env python3
"""How the verbs meet the clips that they are given: joints, given frames, remix by strength, measured through
the program.

    python scripts/bench/verbs.py CLIP... [--model models/default] [--seconds 2] [--prompt TEXT] [--json]

For every clip (any file ffmpeg reads; its first --take frames are used), losslessly:

- joint: mean absolute difference of the first new frame to the given one beside it, over the median
  difference of the clip's own neighbouring frames; worst: the same of the largest step inside the new part. A
  bar of 1.5 is what a viewer does not see. animate makes a clip of the model's own rate (say 8 frames a
  second), so its steps are also set beside the clip's over as long a time (joint, worst) and beside its own
  median (own); beside the clip's neighbouring frames, often 30 a second: quick.
- given: PSNR of the given frames in the result against the clip (extend, connect), or of the first frame
  against the image (animate).
- remix: PSNR against the clip at strengths 0 to 1; at 0 it is the autoencoder's round trip, and it must fall
  from there.

connect goes from each clip to the next one given. Needs ffmpeg and numpy.
"""

import argparse
import json
import os
import subprocess
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRENGTHS = (0, 0.25, 0.5, 0.75, 1)


def facts(file):
    out = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=width,height,r_frame_rate",
            "-of",
            "json",
            file,
        ],
        check=True,
        capture_output=True,
    ).stdout
    stream = json.loads(out)["streams"][0]
    return stream["width"], stream["height"], stream["r_frame_rate"]


def read(file):
    """All frames of a video or picture, uint8 [T,H,W,3]."""
    w, h, _ = facts(file)
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True,
        capture_output=True,
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, h, w, 3)


def rate(file):
    num, den = facts(file)[2].split("/")
    return int(num) / int(den)


def median_step(frames, apart=1):
    return float(np.median([step(a, b) for a, b in zip(frames, frames[apart:])]))


def step(a, b):
    return float(np.abs(a.astype(np.int16) - b).mean())


def psnr(a, b):
    return float(-10 * np.log10(max(np.mean((a.astype(np.float64) - b) ** 2), 1e-4) / 65025))


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def run(self, *words):
        out = self.folder + "/out.mkv"
        more = ["--prompt", self.options.prompt] if self.options.prompt else []
        if self.options.threads:
            more += ["--threads", str(self.options.threads)]
        subprocess.run(
            [
                self.options.program,
                *words,
                "--model",
                self.options.model,
                "--seed",
                str(self.options.seed),
                "--codec",
                "ffv1",
                "--overwrite",
                "-q",
                "-o",
                out,
                *more,
            ],
            check=True,
        )
        return read(out)

    def measure(self, clip, following):
        frames = read(clip)
        count = len(frames)
        median = median_step(frames)

        def inside(part):
            return max(step(a, b) for a, b in zip(part, part[1:])) / median

        length = ["--seconds", str(self.options.seconds)]
        rows = {}

        out = self.run("extend", clip, *length)
        rows["extend"] = dict(
            joint=step(out[count - 1], out[count]) / median,
            worst=inside(out[count:]),
            given=psnr(out[:count], frames),
        )
        out = self.run("extend", clip, "--backward", *length)
        new = len(out) - count
        rows["extend --backward"] = dict(
            joint=step(out[new - 1], out[new]) / median,
            worst=inside(out[:new]),
            given=psnr(out[new:], frames),
        )
        out = self.run("loop", clip)
        rows["loop"] = dict(
            joint=step(out[count - 1], out[count]) / median if len(out) > count else None,
            closing=step(out[-1], out[0]) / median,
            worst=inside(out[count:]) if len(out) > count + 1 else None,
        )
        still = self.folder + "/still.png"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", clip, "-frames:v", "1", still], check=True)
        out = self.run("animate", still, "--res", f"{frames.shape[2] // 2 * 2}x{frames.shape[1] // 2 * 2}")
        apart = max(1, round(rate(clip) / rate(self.folder + "/out.mkv")))
        slow = median_step(frames, min(apart, count - 1))
        if out.shape[1:] == frames.shape[1:]:
            first = step(out[0], out[1])
            rows["animate"] = dict(
                joint=first / slow,
                worst=inside(out[1:]) * median / slow,
                own=first / median_step(out),
                quick=first / median,
                given=psnr(out[:1], frames[:1]),
            )
        if following:
            out = self.run("connect", clip, following, *length)
            after = len(out) - len(read(following))
            rows["connect"] = dict(
                joint=step(out[count - 1], out[count]) / median,
                closing=step(out[after - 1], out[after]) / median,
                worst=inside(out[count:after]),
            )
        rows["remix"] = {}
        unprompted = [] if self.options.prompt else ["--prompt", " "]
        for strength in STRENGTHS:
            out = self.run("remix", clip, "--strength", str(strength), *unprompted)
            rows["remix"][f"{strength:g}"] = psnr(out[:count], frames[: len(out)])
        return dict(clip=os.path.basename(clip), frames=count, median=median, rows=rows)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("clips", nargs="+")
    ap.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen")
    ap.add_argument("--model", default=ROOT + "/models/default")
    ap.add_argument("--seconds", type=float, default=2)
    ap.add_argument("--take", type=int, default=24)
    ap.add_argument("--prompt", default="")
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--threads", type=int)
    ap.add_argument("--json", action="store_true")
    options = ap.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        short = []
        for i, clip in enumerate(options.clips):
            short.append(f"{folder}/clip{i}.mkv")
            subprocess.run(
                [
                    "ffmpeg",
                    "-v",
                    "error",
                    "-i",
                    clip,
                    "-an",
                    "-frames:v",
                    str(options.take),
                    "-vf",
                    "scale=iw*sar:ih,setsar=1",
                    "-c:v",
                    "ffv1",
                    short[-1],
                ],
                check=True,
            )
        bench = Bench(options, folder)
        for i, clip in enumerate(short):
            result = bench.measure(clip, short[i + 1] if i + 1 < len(short) else None)
            result["clip"] = os.path.basename(options.clips[i])
            results.append(result)
            if options.json:
                continue
            print(f"{result['clip']}: {result['frames']} frames, median step {result['median']:.2f}")
            for verb, row in result["rows"].items():
                print(
                    f"  {verb:<18}",
                    "  ".join(f"{name} {value:.2f}" for name, value in row.items() if value is not None),
                    flush=True,
                )
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
