#!/usr/bin/env python3
"""A long video to a pipe: its first pictures come before the last window is denoised, and all frames decode.

    scripts/stress/stream.py [--frames 300]

Prints both and ends with 1 where one is not so.
"""

import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import probe
import program

HEADER = 4096  # bytes: what comes later holds pictures


def make(command, place):
    """-> the time of the last step of denoising, and pieces (time, bytes) of the video."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=place.env, stdin=pipe, stdout=pipe, stderr=pipe)
    process.stdin.write(b"a red ball\n")
    process.stdin.close()
    pieces = []

    def read():
        while piece := os.read(process.stdout.fileno(), 65536):
            pieces.append((time.time(), piece))

    reader = threading.Thread(target=read)
    reader.start()
    last_step = 0.0
    for line in process.stderr:
        if line.startswith(b"{") and json.loads(line).get("phase") == "denoise":
            last_step = time.time()
    reader.join()
    if process.wait() != 0:
        sys.exit(f"ended with {process.returncode}")
    return last_step, pieces


def main():
    options = program.arguments(__doc__.splitlines()[0], frames=300)
    command = [options.program, "--prompt", "-", "-o", "-", "--model", options.model]
    command += ["--frames", str(options.frames), "--steps", "2", "--res", "64x48", "--progress", "json"]
    with program.Place() as place:
        last_step, pieces = make(command, place)
    received, first = 0, None
    for when, piece in pieces:
        received += len(piece)
        if received > HEADER:
            first = when
            break
    decoded = probe.decoded_frames(data=b"".join(piece for _, piece in pieces))
    print(f"first pictures {last_step - first:.2f} s before the last step of denoising")
    print(f"frames that decode: {decoded} of {options.frames}")
    sys.exit(not (first < last_step and decoded == options.frames))


if __name__ == "__main__":
    main()
