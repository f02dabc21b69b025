#!/usr/bin/env python3
"""Shows inspect, animate and extend 50 and more odd or hostile media files.

    scripts/stress/media.py [--program FILE] [--model FOLDER] [--only TEXT]

Each gives a right result, or exit code 65 (66 where nothing is there) and one clear line, within limits of
time and memory, and leaves nothing half-written. Ends with 1 where it is not so. Needs ffmpeg and ffprobe.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import probe
import program
from media_files import make_all

MOST_SECONDS = 20.0  # of processor time: libtorch alone takes two
MOST_MEMORY = 1200  # MB, libtorch's own 300 among them
NEW = 4  # frames


class Findings:
    def __init__(self):
        self.problems, self.runs = [], 0
        self.slowest, self.largest = ("", 0.0), ("", 0.0)

    def count(self, name, run):
        self.runs += 1
        self.slowest = max(self.slowest, (name, run.cpu_seconds), key=lambda found: found[1])
        self.largest = max(self.largest, (name, run.peak_mb), key=lambda found: found[1])

    def complain(self, name, run, text):
        self.problems.append(f"{name}: {text}; it says: {run.said.strip() or 'nothing'}")


def commands(options, case, output):
    """[(verb, exit code or None for 0 or 65, frames of the output or None, words)]"""
    _, path, inspect, animate, extend, frames = case
    common = ["--model", options.model, "--prompt", "x", "--steps", "1", "--guidance", "1", "--seed", "1"]
    common += ["--res", "64x48", "--device", "cpu", "--threads", "1", "-q", "-o", output]
    longer = frames and frames + NEW
    return [
        ("inspect", inspect, None, [options.program, "inspect", path]),
        ("animate", animate, 5, [options.program, "animate", path, "--frames", "5", *common]),
        ("extend", extend, longer, [options.program, "extend", path, "--frames", str(NEW), *common]),
    ]


def wrong_with(run, wanted):
    """What is wrong with an ending, whatever it has made."""
    if run.code not in ((0, 65) if wanted is None else (wanted,)):
        yield f"exit code {run.code}, expected {'0 or 65' if wanted is None else wanted}"
    errors = [line for line in run.said.splitlines() if "warning" not in line.lower()]
    if run.code != 0 and len(errors) != 1:
        yield f"{len(errors)} lines of error, expected one"
    if run.cpu_seconds > MOST_SECONDS or run.peak_mb > MOST_MEMORY:
        limits = f"{MOST_SECONDS:.0f} s and {MOST_MEMORY} MB"
        yield f"{run.cpu_seconds:.1f} s and {run.peak_mb:.0f} MB, expected at most {limits}"


def wrong_with_output(run, output, count):
    if (run.code == 0) != os.path.exists(output):
        yield "the output " + ("is missing" if run.code == 0 else "is there")
    if os.path.exists(output):
        found = probe.decoded_frames(output)
        if (count is not None and found != count) or found < 1:
            yield f"{found} frames, expected {count}"
        os.remove(output)


def show(options, place, case, findings):
    """One file to all verbs."""
    output = place.path("out/video.mp4")
    before = len(findings.problems)
    for verb, wanted, count, command in commands(options, case, output):
        run = place.measured(command)
        name = f"{verb} {case[0]}"
        findings.count(name, run)
        for text in wrong_with(run, wanted):
            findings.complain(name, run, text)
        if program.left_over(place.path("out")):
            findings.complain(name, run, "leaves " + ", ".join(program.left_over(place.path("out"))))
        if verb != "inspect":
            for text in wrong_with_output(run, output, count):
                findings.complain(name, run, text)
    result = "wrong" if len(findings.problems) > before else "as it should be"
    print(f"{case[0]}: {result}", flush=True)


def main():
    options = program.arguments(__doc__.splitlines()[0], only="")
    findings = Findings()
    with program.Place() as place:
        os.mkdir(place.path("files"))
        os.mkdir(place.path("out"))
        cases = [case for case in make_all(place.path("files")) if options.only in case[0]]
        for case in cases:
            show(options, place, case, findings)
    for problem in findings.problems:
        print(problem)
    print(f"{len(cases)} files, {findings.runs} runs, {len(findings.problems)} wrong")
    for what, (name, value), unit in (
        ("time", findings.slowest, "s"),
        ("memory", findings.largest, "MB"),
    ):
        print(f"most {what}: {value:.1f} {unit} ({name})")
    sys.exit(1 if findings.problems else 0)


if __name__ == "__main__":
    main()
