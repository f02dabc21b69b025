"""Shows inspect, animate and extend 50 and more odd or hostile media files: each gives a right result, or exit code 65
(66 where nothing is there) and one clear line, within limits of time and memory, and leaves nothing half-written.

usage: python3 scripts/stress/media.py [--program FILE] [--model FOLDER] [--only TEXT]
Needs ffmpeg and ffprobe.
"""

import os
import subprocess
import sys

from media_files import make_all
from program import Place, arguments, left_over, measured

MOST_SECONDS = 20.0  # of processor time: libtorch alone takes two
MOST_MEMORY = 1200  # MB, libtorch's own 300 among them
NEW = 4  # frames


def frames_of(path):
    said = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-count_frames",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            path,
        ],
        capture_output=True,
        text=True,
    )
    return int(said.stdout.strip().rstrip(",") or -1) if not said.stderr else -1


def main():
    options = arguments(__doc__.splitlines()[0], only="")
    problems, runs, slowest, largest = [], 0, ("", 0.0), ("", 0.0)
    with Place() as place:
        os.mkdir(place.path("files"))
        os.mkdir(place.path("out"))
        cases = [case for case in make_all(place.path("files")) if options.only in case[0]]
        for what, path, inspect, animate, extend, frames in cases:
            output = place.path("out/video.mp4")
            common = [
                "--model",
                options.model,
                "--prompt",
                "x",
                "--steps",
                "1",
                "--guidance",
                "1",
                "--seed",
                "1",
                "--device",
                "cpu",
                "--threads",
                "1",
                "-q",
                "-o",
                output,
            ]
            lines = [
                ("inspect", inspect, None, [options.program, "inspect", path]),
                (
                    "animate",
                    animate,
                    5,
                    [options.program, "animate", path, "--frames", "5", "--res", "64x48", *common],
                ),
                (
                    "extend",
                    extend,
                    frames and frames + NEW,
                    [options.program, "extend", path, "--frames", str(NEW), "--res", "64x48", *common],
                ),
            ]
            for verb, wanted, count, command in lines:
                code, said, seconds, memory = measured(place, command)
                runs += 1
                name = f"{verb} {what}"
                slowest, largest = (
                    max(slowest, (name, seconds), key=lambda x: x[1]),
                    max(largest, (name, memory), key=lambda x: x[1]),
                )

                def wrong(text):
                    problems.append(f"{name}: {text}; it says: {said.strip() or 'nothing'}")

                if code not in ((0, 65) if wanted is None else (wanted,)):
                    wrong(f"exit code {code}, expected {'0 or 65' if wanted is None else wanted}")
                errors = [line for line in said.splitlines() if "warning" not in line.lower()]
                if code != 0 and len(errors) != 1:
                    wrong(f"{len(errors)} lines of error, expected one")
                if seconds > MOST_SECONDS or memory > MOST_MEMORY:
                    wrong(
                        f"{seconds:.1f} s and {memory:.0f} MB, expected at most {MOST_SECONDS:.0f} s and {MOST_MEMORY} MB"
                    )
                if left_over(place.path("out")):
                    wrong("leaves " + ", ".join(left_over(place.path("out"))))
                if verb != "inspect":
                    if (code == 0) != os.path.exists(output):
                        wrong("the output " + ("is missing" if code == 0 else "is there"))
                    if os.path.exists(output):
                        found = frames_of(output)
                        if count is not None and found != count or found < 1:
                            wrong(f"{found} frames, expected {count}")
                        os.remove(output)
            print(
                f"{what}: {'wrong' if any(p.split(':')[0].endswith(what) for p in problems) else 'as it should be'}",
                flush=True,
            )
    for problem in problems:
        print(problem)
    print(
        f"{len(cases)} files, {runs} runs, {len(problems)} wrong; most time {slowest[1]:.1f} s ({slowest[0]}), most memory {largest[1]:.0f} MB ({largest[0]})"
    )
    sys.exit(1 if problems else 0)


main()
