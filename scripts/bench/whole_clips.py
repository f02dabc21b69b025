#!/usr/bin/env python3
"""Whether the whole result of each verb holds, and not only its seams, measured through the program.

    python scripts/bench/whole_clips.py [--model models/default] [--clips 6] [--verbs loop,connect]

Makes a clip of each prompt below (128x128, the model's own length, lossless), puts every verb to it, and
prints a line for each result:

- largest: the largest mean absolute step between neighbouring frames over the median step of the result, and
  the frame that it leads to. More than 2.5 is a jump.
- frozen: steps under 0.15 of the median: a frame that is shown twice. Not counted where nothing moves (a
  median under 0.3 of 255).
- colour, detail: saturation, and the mean step between neighbouring pixels, of the frame that is farthest
  from what was given (beside two clips, from a mean of both by its place between them), as a ratio; for a
  video from a prompt, from its first frame.
- given: PSNR of the first and the last frame against the pictures that they are to show.
- away: of remix, the mean absolute difference from the input, from strength 0 on.

Needs ffmpeg and numpy.
"""

import argparse
import os
import subprocess
import tempfile

import numpy as np
from verbs import psnr, read, step

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROMPTS = (
    ("a red balloon over a mountain lake at sunset", 1),
    ("a green car driving right on a desert road in daylight", 2),
    ("a white boat moving left on the sea at night", 3),
    ("a blue ball bouncing in a forest in daylight", 4),
    ("a person in purple walking right in a city street at night in the rain", 5),
    ("a yellow bird flying left over snowy hills in daylight", 6),
)
FROZEN, STILL = 0.15, 0.3
STRENGTHS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)


def steps_of(frames):
    return np.array([step(a, b) for a, b in zip(frames, frames[1:])])


def saturation(frame):
    high, low = frame.max(-1).astype(float), frame.min(-1).astype(float)
    return float(((high - low) / np.maximum(high, 1)).mean())


def detail(frame):
    luma = frame @ np.array([0.299, 0.587, 0.114])
    return float(np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean())


def farthest(values, expected):
    ratios = np.asarray(values) / np.asarray(expected)
    return float(ratios[np.abs(np.log(ratios)).argmax()])


def measures(frames, fresh, before=None, after=None, closes=False):
    """Of a result whose frames fresh[0] .. fresh[1] - 1 are new, between frames that were given."""
    shown = np.concatenate([frames, frames[:1]]) if closes else frames
    steps = steps_of(shown)
    median = float(np.median(steps))
    first, end = fresh
    row = dict(
        largest=float(steps.max() / median),
        at=int(steps.argmax()) + 1,
        frozen=int((steps < FROZEN * median).sum()) if median > STILL else 0,
    )
    for name, measure in (("colour", saturation), ("detail", detail)):
        ends = [np.mean([measure(f) for f in part]) for part in (before, after) if part is not None]
        ends = ends or [measure(frames[0])]
        expected = np.linspace(ends[0], ends[-1], end - first)
        row[name] = farthest([measure(f) for f in frames[first:end]], expected)
    return row


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def run(self, name, *words):
        out = f"{self.folder}/{name}.mkv"
        fixed = ["--model", self.options.model, "--codec", "ffv1", "--overwrite", "-q", "-o", out]
        if "--seed" not in words:
            fixed += ["--seed", "7"]
        subprocess.run([self.options.program, *words, *fixed], check=True)
        return out

    def picture(self, clip, frame):
        out = clip.replace(".mkv", f"-{frame}.png")
        select = f"select=eq(n\\,{frame})"
        command = ["ffmpeg", "-v", "error", "-y", "-i", clip, "-vf", select, "-frames:v", "1", out]
        subprocess.run(command, check=True)
        return out

    def rows(self, number, clip, other, words):
        """Of one clip, for each verb that is asked for: its name and measures."""
        wanted = self.options.verbs
        frames, following = read(clip), read(other)
        n = len(frames)
        name = f"{number}-"
        if "loop" in wanted:
            out = read(self.run(name + "loop", "loop", clip))
            yield "loop CLIP", measures(out, (n, len(out)), frames[-5:], frames[:5], closes=True)
        if "loop-odd" in wanted:
            out = read(self.run(name + "loop-odd", "loop", clip, "--frames", "22"))
            yield "loop CLIP, 22 frames", measures(out, (n, len(out)), frames[-5:], frames[:5], closes=True)
        if "loop-prompt" in wanted:
            out = read(self.run(name + "loop-prompt", "loop", "--prompt", words, "--res", "128x128"))
            yield "loop of a prompt", measures(out, (0, len(out)), closes=True)
        if "loop-prompt-odd" in wanted:
            ask = ["--prompt", words, "--res", "128x128", "--frames", "27"]
            out = read(self.run(name + "loop-prompt-odd", "loop", *ask))
            yield "loop of a prompt, 27 frames", measures(out, (0, len(out)), closes=True)
        if "extend" in wanted:
            out = read(self.run(name + "extend", "extend", clip, "--seconds", "4"))
            yield "extend, 4 s", measures(out, (n, len(out)), frames)
        if "backward" in wanted:
            out = read(self.run(name + "backward", "extend", clip, "--backward", "--seconds", "5"))
            yield "extend --backward, 5 s", measures(out, (0, len(out) - n), frames)
        if "connect" in wanted:
            out = read(self.run(name + "connect", "connect", clip, other, "--seconds", "3"))
            end = len(out) - len(following)
            yield "connect, 3 s", measures(out, (n, end), frames[-5:], following[:5])
        if "animate" in wanted:
            first, last = self.picture(clip, 0), self.picture(other, 0)
            for title, end in (("own end", self.picture(clip, n - 1)), ("another's", last)):
                ask = ["--last-image", end, "--prompt", words, "--res", "128x128"]
                out = read(self.run(name + "animate-" + title.split()[0], "animate", first, *ask))
                a, b = read(first), read(end)
                row = measures(out, (0, len(out)), a, b)
                yield f"animate, {title}", row | dict(given=(psnr(out[:1], a), psnr(out[-1:], b)))
        if "shots" in wanted:
            picture = self.picture(clip, n // 2)
            ask = ["--shot", "0:00 " + words, "--shot-image", "0:02 " + picture, "--res", "128x128"]
            out = read(self.run(name + "shots", "storyboard", *ask, "--seconds", "4"))
            row = measures(out, (0, len(out)))
            row["given"] = (max(psnr(out[i : i + 1], read(picture)) for i in range(13, 20)),)
            yield "storyboard --shot-image", row
        if "remix" in wanted:
            away = []
            for strength in STRENGTHS:
                ask = ["--prompt", "snowy hills at night in the snow", "--strength", str(strength)]
                away.append(read(self.run(f"{name}remix-{strength}", "remix", clip, *ask)))
            far = [float(np.abs(a.astype(np.int16) - away[0]).mean()) for a in away]
            yield "remix, " + " ".join(f"{s:g}" for s in STRENGTHS), dict(away=far)


def shown(row):
    parts = []
    for name, value in row.items():
        if isinstance(value, (list, tuple)):
            value = " ".join(f"{v:.1f}" for v in value)
        parts.append(f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}")
    return "  ".join(parts)


def summary(rows):
    """The worst of each measure over all clips."""
    worst = {}
    for row in rows:
        for name in ("largest", "frozen"):
            if name in row:
                worst[name] = max(worst.get(name, 0), row[name])
        for name in ("colour", "detail"):
            if name in row and abs(np.log(row[name])) >= abs(np.log(worst.get(name, 1))):
                worst[name] = row[name]
        if "given" in row:
            worst["given"] = [min(p) for p in zip(row["given"], worst.get("given", row["given"]))]
    return worst


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", default=ROOT + "/build/release/bin/sora-gen")
    ap.add_argument("--model", default=ROOT + "/models/default")
    ap.add_argument("--clips", type=int, default=len(PROMPTS))
    every = "loop,loop-odd,loop-prompt,loop-prompt-odd,extend,backward,connect,animate,shots,remix"
    ap.add_argument("--verbs", default=every, type=lambda text: text.split(","))
    ap.add_argument("--keep", help="folder for the videos; clips that lie there are taken as they are")
    options = ap.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or temporary
        os.makedirs(folder, exist_ok=True)
        bench = Bench(options, folder)
        clips = []
        for i, (words, seed) in enumerate(PROMPTS[: options.clips]):
            clips.append(f"{folder}/clip{i}.mkv")
            if not os.path.exists(clips[-1]):
                bench.run(f"clip{i}", "--prompt", words, "--seed", str(seed), "--res", "128x128")
        of = {}
        for i, clip in enumerate(clips):
            other = clips[(i + 1) % len(clips)]
            for verb, row in bench.rows(i, clip, other, PROMPTS[i][0]):
                of.setdefault(verb, []).append(row)
                print(f"{i} {verb:<28} {shown(row)}", flush=True)
        for verb, rows in of.items():
            if worst := summary(rows):
                print(f"worst of {len(rows)}: {verb:<28} {shown(worst)}")


if __name__ == "__main__":
    main()
