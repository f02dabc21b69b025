#!/usr/bin/env python3
"""Makes docs/pictures/contact-sheet.png: fixed prompts, one seed, five frames of each video, nothing picked
by hand.

    python scripts/contact_sheet.py [--program build/release/bin/sora-gen] [--model models/default]

Needs numpy, opencv-python-headless and ffmpeg.
"""

import argparse
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROMPTS = [
    "a forest in daylight",
    "a red hot-air balloon over a mountain lake at sunset",
    "a city street at night in the rain",
    "a blue boat sailing on the sea by day",
    "snowy hills at night",
    "a green car driving on a desert road",
    "a white bird flying over the sea at sunset",
    "a yellow ball bouncing in the snow by day",
    "a mountain lake by day, the camera zooms in",
    "a person in red walking in the city at sunset",
    "a desert at night",
    "a purple balloon rising in a forest by day",
    "the sea with a lighthouse at night, the camera pans right",
    "a white car driving right in a city street by day",
    "a red bird flying right over a mountain lake by day",
    "a forest in the rain",
    "a green boat on the sea at sunset, the camera zooms out",
    "snowfall over snowy hills by day",
    "a blue ball moving left on a desert road at sunset",
    "a person in yellow walking left in the snow at sunset",
    "a city street by day under clouds",
    "a white hot-air balloon going down over the sea by day",
    "a purple car standing in a forest at night",
    "a mountain lake at night in the rain",
]
COLUMNS = 3
SIDE, FRAMES, CAPTION = 96, (0, 4, 8, 12, 16), 18


def strip(program, model, prompt, folder):
    out = pathlib.Path(folder, "clip.mkv")
    subprocess.run(
        [
            program,
            "--model",
            model,
            "--prompt",
            prompt,
            "--seed",
            "1",
            "--device",
            "cpu",
            "--codec",
            "ffv1",
            "--overwrite",
            "-q",
            "--res",
            "256x256",
            "-o",
            out,
        ],
        check=True,
    )
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", out, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"],
        check=True,
        capture_output=True,
    ).stdout
    video = np.frombuffer(raw, np.uint8).reshape(-1, 256, 256, 3)
    row = np.concatenate(
        [cv2.resize(video[f], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for f in FRAMES], 1
    )
    label = np.full((CAPTION, row.shape[1], 3), 24, np.uint8)
    cv2.putText(label, prompt, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (235, 235, 235), 1, cv2.LINE_AA)
    return np.concatenate([label, row], 0)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/sora-gen"))
    parser.add_argument("--model", default=str(ROOT / "models/default"))
    parser.add_argument("--output", default=str(ROOT / "docs/pictures/contact-sheet.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        strips = [strip(options.program, options.model, prompt, folder) for prompt in PROMPTS]
    rows = len(strips) // COLUMNS
    gap = np.full((rows * strips[0].shape[0], 8, 3), 24, np.uint8)
    columns = [np.concatenate(strips[i * rows : (i + 1) * rows], 0) for i in range(COLUMNS)]
    sheet = np.concatenate([part for column in columns for part in (gap, column)][1:], 1)
    pathlib.Path(options.output).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(options.output, sheet)


main()
