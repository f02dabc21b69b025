"""Videos and pictures as numpy arrays, by ffmpeg and ffprobe. A module, not a script."""

import json
import subprocess

import numpy as np

FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]


def facts(file):
    """-> width, height, frames a second as "30000/1001"."""
    words = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json"]
    words += ["-show_entries", "stream=width,height,r_frame_rate", str(file)]
    stream = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["streams"][0]
    return stream["width"], stream["height"], stream["r_frame_rate"]


def rate(file):
    count, seconds = facts(file)[2].split("/")
    return int(count) / int(seconds)


def read(file, size=None, scaling="lanczos"):
    """All frames, uint8 [T,H,W,3]; scaled by ffmpeg where a size (width, height) is given."""
    width, height = size or facts(file)[:2]
    scale = ["-vf", f"scale={width}:{height}:flags={scaling}"] if size else []
    words = [*FFMPEG, "-i", str(file), *scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(words, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def write(frames, file, rate=8, more=()):
    """Frames uint8 [T,H,W,3], without loss; `more` are options of ffmpeg for the output."""
    words = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    words += ["-s", f"{frames.shape[2]}x{frames.shape[1]}", "-r", str(rate), "-i", "-", "-c:v", "ffv1", *more]
    subprocess.run([*words, str(file)], input=frames.tobytes(), check=True)


def psnr(a, b):
    """dB of 8-bit frames; 88 at most, for frames that are alike."""
    return float(-10 * np.log10(max(np.mean((a.astype(np.float64) - b) ** 2), 1e-4) / 65025))
