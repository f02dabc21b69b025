#!/usr/bin/env python3
"""What finish adds to a draft that is merely enlarged, and what it costs.

    python scripts/bench/finish.py [--program build/release/bin/sora-gen] [--model default] [--draft 256x144]
        [--res 1280x720] [--strength S] [--steps N] [--keep DIR] [PROMPT ...]

For each prompt: drafts, enlarges the draft's file with Lanczos (by ffmpeg's scaler), finishes it, and prints

    gradient    mean squared difference of neighbouring pixels' luma, of the finished video over the Lanczos
                one
    laplacian   variance of the Laplacian of luma, likewise; both above 1: sharper than Lanczos
    psnr        of the finished video reduced to the draft's size (area) against the draft, in dB
    seams       mean difference of neighbouring rows and columns across the edges of the tiles in the first,
                third, ... step of the last stage, over that across the edges in the others, which are
                borders of the network's patches too; 1: no seam is to be seen
    seconds     wall time of draft and of finish
    peak GiB    of the finishing process

Both large videos are compared losslessly coded. Needs ffmpeg, and numpy in this Python.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPTS = [
    "a red hot-air balloon over a mountain lake at sunset",
    "a forest in daylight",
    "a city street at night in the rain",
    "a white boat on the sea, a lighthouse, at noon",
]


def run(command):
    """-> wall seconds, peak memory in GiB; the process's messages only if it fails."""
    start = time.time()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{errors.read()}\n{command[0]} failed")
    return time.time() - start, usage.ru_maxrss / 2**20


def frames(path, size, scale="lanczos"):
    """Frames of a video at a size, [n, H, W, 3]."""
    width, height = size
    out = subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            path,
            "-vf",
            f"scale={width}:{height}:flags={scale}",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-",
        ],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    return numpy.frombuffer(out, numpy.uint8).reshape(-1, height, width, 3)


def luma(video):
    return video.astype(numpy.float32) @ numpy.array([0.2126, 0.7152, 0.0722], numpy.float32)


def gradient(y):
    return float((numpy.diff(y, axis=2) ** 2).mean() + (numpy.diff(y, axis=1) ** 2).mean())


def laplacian(y):
    inner = y[:, 1:-1, 1:-1]
    return float((y[:, 1:-1, :-2] + y[:, 1:-1, 2:] + y[:, :-2, 1:-1] + y[:, 2:, 1:-1] - 4 * inner).var())


def seams(y, tiles, scale):
    """Tiles of `tiles` = (rows, columns) cells overlap by half, and every other step lies a quarter
    further."""
    shares = []
    for axis, cells in ((1, tiles[0]), (2, tiles[1])):
        change = numpy.abs(numpy.diff(y, axis=axis)).mean(axis=(0, 3 - axis))
        half = cells * scale // 2
        place = numpy.arange(1, len(change) + 1) % half
        shares.append(change[place == 0].mean() / change[place == half // 2].mean())
    return shares


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("prompts", nargs="*", default=PROMPTS)
    parser.add_argument("--program", default=ROOT / "build/release/bin/sora-gen")
    parser.add_argument("--model", default="default")
    parser.add_argument("--draft", default="256x144")
    parser.add_argument("--res", default="1280x720")
    parser.add_argument("--strength")
    parser.add_argument("--steps")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the videos")
    arguments = parser.parse_args()
    small, large = (tuple(map(int, size.split("x"))) for size in (arguments.draft, arguments.res))
    extra = [
        word
        for name in ("strength", "steps")
        if getattr(arguments, name)
        for word in ("--" + name, getattr(arguments, name))
    ]
    print(
        f"{'gradient':>9} {'laplacian':>9} {'psnr':>6} {'seams':>12} "
        f"{'draft s':>8} {'finish s':>8} {'peak GiB':>8}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for number, prompt in enumerate(arguments.prompts):
            draft, finished = folder / f"draft-{number}.mp4", folder / f"finished-{number}.mkv"
            drafted, _ = run(
                [
                    arguments.program,
                    "--draft",
                    "--prompt",
                    prompt,
                    "--seed",
                    5 + number,
                    "--res",
                    arguments.draft,
                    "--model",
                    arguments.model,
                    "--overwrite",
                    "-q",
                    "-o",
                    draft,
                ]
            )
            command = [
                arguments.program,
                "finish",
                draft,
                "--res",
                arguments.res,
                "--codec",
                "ffv1",
                "--pix-fmt",
                "bgr0",
                "--overwrite",
                "-q",
                "-o",
                finished,
                *extra,
            ]
            plan = json.loads(
                subprocess.run(
                    [str(word) for word in command] + ["--dry-run", "--json"],
                    check=True,
                    stdout=subprocess.PIPE,
                ).stdout
            )
            seconds, peak = run(command)
            made, enlarged = luma(frames(finished, large)), luma(frames(draft, large))
            error = (
                (frames(finished, small, "area").astype(numpy.float32) - frames(draft, small)) ** 2
            ).mean()
            tiles = plan["tiles"]
            scale = plan["model_width"] // plan["latents"][3]
            edge = seams(made, (tiles["rows"], tiles["columns"]), scale) if tiles else [1, 1]
            print(
                f"{gradient(made) / gradient(enlarged):9.2f} {laplacian(made) / laplacian(enlarged):9.2f} "
                f"{10 * numpy.log10(255**2 / error):6.2f} {edge[0]:5.3f} {edge[1]:5.3f}  {drafted:8.1f} "
                f"{seconds:8.1f} {peak:8.2f}  {prompt}",
                flush=True,
            )


if __name__ == "__main__":
    main()
