#!/usr/bin/env python3
"""How soon and how evenly a live film leaves the program.

    python scripts/bench/live.py [--model models/default] [--res 256x256] [--seconds 30]

Runs sora-gen live into a pipe of raw frames, with a new prompt every 5 seconds of the film, and reads them
as a player would that shows each at its time. Prints the seconds from the start of the process to the first
frame, the most that a frame came after its time on that player's clock (0: all were there in time), and the
rate at which frames are made when nobody holds them back (into a file).
"""

import argparse
import json
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/shared")
from program import DEFAULT_MODEL, PROGRAM, Place  # noqa: E402

WORDS = ["a lighthouse by the sea", "a lighthouse in the rain", "a boat on the sea", "waves on a beach"]


def lines(seconds):
    later = range(5, int(seconds), 5)
    return "".join(
        json.dumps({"prompt": WORDS[n % len(WORDS)], "after": at}) + "\n" for n, at in enumerate(later)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--res", default="256x256")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--fps", type=float, default=8, help="of the model")
    options = parser.parse_args()
    width, height = map(int, options.res.split("x"))
    words = [options.program, "live", "--prompt", "a lighthouse", "--seed", "1", "--model", options.model]
    words += ["--res", options.res, "--seconds", str(options.seconds)]
    with Place() as place:
        began = time.monotonic()
        run = subprocess.Popen(
            [*words, "-o", "-", "--format", "rgb24"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=place.env,
        )
        run.stdin.write(lines(options.seconds).encode())
        run.stdin.close()
        came = []
        while len(run.stdout.read(width * height * 3)) == width * height * 3:
            came.append(time.monotonic() - began)
        run.wait()
        late = max(at - came[0] - n / options.fps for n, at in enumerate(came))
        print(f"first frame after {came[0]:.2f} s, {len(came)} frames, at most {late:.2f} s late")
        done = place.run([*words, "-o", place.path("film.mp4"), "--overwrite"], input=lines(options.seconds))
        result = json.loads(done.stdout.splitlines()[-1])
        rates = [json.loads(line)["rate"] for line in done.stdout.splitlines() if '"block"' in line]
        rates = sorted(rates)[len(rates) // 2]
        print(f"into a file: {result['frames']} frames in {result['seconds']:.1f} s, {rates:.1f} a second")


if __name__ == "__main__":
    main()
