"""A long video to a pipe: its first pictures arrive before the last window is denoised, and every frame decodes.

scripts/stress/stream.py [--frames 300]
"""

import json
import os
import subprocess
import sys
import threading
import time

import program

o = program.arguments(__doc__.splitlines()[0], frames=300)

with program.Place() as place:
    command = [
        o.program,
        "--prompt",
        "-",
        "-o",
        "-",
        "--model",
        o.model,
        "--frames",
        str(o.frames),
        "--steps",
        "2",
        "--res",
        "64x48",
        "--progress",
        "json",
    ]
    process = subprocess.Popen(
        command, env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
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
    sizes = [len(piece) for _, piece in pieces]
    pictures = next(
        when for i, (when, _) in enumerate(pieces) if sum(sizes[: i + 1]) > 4096
    )  # more than a header
    decoded = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            "-",
        ],
        input=b"".join(piece for _, piece in pieces),
        capture_output=True,
        check=True,
    )
print(
    f"first pictures {last_step - pictures:.2f} s before the last step of denoising; frames that decode: {decoded.stdout.decode().strip()} of {o.frames}{decoded.stderr.decode()}"
)
sys.exit(
    not (pictures < last_step and decoded.stdout.strip() == str(o.frames).encode() and not decoded.stderr)
)
