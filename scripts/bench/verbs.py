#!/usr/bin/env python3
"""How the verbs meet the clips that they are given: joints, given frames, remix by strength, measured through the program.

    python scripts/bench/verbs.py CLIP... [--model models/default] [--seconds 2] [--prompt TEXT] [--json]

For every clip (any file ffmpeg reads; its first --take frames are used), losslessly:

- joint: mean absolute difference of the first new frame to the given one beside it, over the median difference of the clip's own
  neighbouring frames; worst: the same of the largest step inside the new part. A bar of 1.5 is what a viewer does not see.
  animate makes a clip of the model's own rate (say 8 frames a second), so its steps are also set beside the clip's over as long a time
  (joint, worst) and beside its own median (own); beside the clip's neighbouring frames, often 30 a second: quick.
- given: PSNR of the given frames in the result against the clip (extend, connect), or of the first frame against the image (animate).
- remix: PSNR against the clip at strengths 0 to 1; at 0 it is the autoencoder's round trip, and it must fall from there.

connect goes from each clip to the next one given. Needs ffmpeg and numpy.
"""
import argparse
import json
import os
import subprocess
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRENGTHS = (0, .25, .5, .75, 1)


def facts(file):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height,r_frame_rate", "-of", "json", file],
                         check=True, capture_output=True).stdout
    s = json.loads(out)["streams"][0]
    return s["width"], s["height"], s["r_frame_rate"]


def read(file):
    """All frames of a video or picture, uint8 [T,H,W,3]."""
    w, h, _ = facts(file)
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, h, w, 3)


def rate(file):
    num, den = facts(file)[2].split("/")
    return int(num) / int(den)


def median_step(frames, apart=1): return float(np.median([step(a, b) for a, b in zip(frames, frames[apart:])]))


def step(a, b): return float(np.abs(a.astype(np.int16) - b).mean())


def psnr(a, b): return float(-10 * np.log10(max(np.mean((a.astype(np.float64) - b) ** 2), 1e-4) / 65025))


class Bench:
    def __init__(self, options, folder):
        self.o, self.folder = options, folder

    def run(self, *words):
        out = self.folder + "/out.mkv"
        more = ["--prompt", self.o.prompt] if self.o.prompt else []
        if self.o.threads: more += ["--threads", str(self.o.threads)]
        subprocess.run([self.o.program, *words, "--model", self.o.model, "--seed", str(self.o.seed), "--codec", "ffv1", "--overwrite", "-q", "-o", out, *more], check=True)
        return read(out)

    def measure(self, clip, following):
        frames = read(clip); n = len(frames)
        median = median_step(frames)
        inside = lambda part: max(step(a, b) for a, b in zip(part, part[1:])) / median
        length = ["--seconds", str(self.o.seconds)]
        rows = {}

        out = self.run("extend", clip, *length)
        rows["extend"] = dict(joint=step(out[n - 1], out[n]) / median, worst=inside(out[n:]), given=psnr(out[:n], frames))
        out = self.run("extend", clip, "--backward", *length); new = len(out) - n
        rows["extend --backward"] = dict(joint=step(out[new - 1], out[new]) / median, worst=inside(out[:new]), given=psnr(out[new:], frames))
        out = self.run("loop", clip)
        rows["loop"] = dict(joint=step(out[n - 1], out[n]) / median if len(out) > n else None, closing=step(out[-1], out[0]) / median, worst=inside(out[n:]) if len(out) > n + 1 else None)
        still = self.folder + "/still.png"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", clip, "-frames:v", "1", still], check=True)
        out = self.run("animate", still, "--res", "%dx%d" % (frames.shape[2] // 2 * 2, frames.shape[1] // 2 * 2))
        apart = max(1, round(rate(clip) / rate(self.folder + "/out.mkv"))); slow = median_step(frames, min(apart, n - 1))
        if out.shape[1:] == frames.shape[1:]:
            first = step(out[0], out[1])
            rows["animate"] = dict(joint=first / slow, worst=inside(out[1:]) * median / slow, own=first / median_step(out), quick=first / median, given=psnr(out[:1], frames[:1]))
        if following:
            out = self.run("connect", clip, following, *length); after = len(out) - len(read(following))
            rows["connect"] = dict(joint=step(out[n - 1], out[n]) / median, closing=step(out[after - 1], out[after]) / median, worst=inside(out[n:after]))
        rows["remix"] = {}
        for s in STRENGTHS:
            out = self.run("remix", clip, "--strength", str(s), *([] if self.o.prompt else ["--prompt", ""]))
            rows["remix"]["%g" % s] = psnr(out[:n], frames[:len(out)])
        return dict(clip=os.path.basename(clip), frames=n, median=median, rows=rows)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("clips", nargs="+"); ap.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen"); ap.add_argument("--model", default=ROOT + "/models/default")
    ap.add_argument("--seconds", type=float, default=2); ap.add_argument("--take", type=int, default=24); ap.add_argument("--prompt", default="")
    ap.add_argument("--seed", type=int, default=7); ap.add_argument("--threads", type=int); ap.add_argument("--json", action="store_true")
    o = ap.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        short = []
        for i, c in enumerate(o.clips):
            short.append(folder + "/clip%d.mkv" % i)
            subprocess.run(["ffmpeg", "-v", "error", "-i", c, "-an", "-frames:v", str(o.take), "-vf", "scale=iw*sar:ih,setsar=1", "-c:v", "ffv1", short[-1]], check=True)
        bench = Bench(o, folder)
        for i, c in enumerate(short):
            r = bench.measure(c, short[i + 1] if i + 1 < len(short) else None); r["clip"] = os.path.basename(o.clips[i]); results.append(r)
            if o.json: continue
            print("%s: %d frames, median step %.2f" % (r["clip"], r["frames"], r["median"]))
            for verb, row in r["rows"].items(): print("  %-18s" % verb, "  ".join("%s %.2f" % (k, v) for k, v in row.items() if v is not None), flush=True)
    if o.json: print(json.dumps(results, indent=1))


if __name__ == "__main__": main()
