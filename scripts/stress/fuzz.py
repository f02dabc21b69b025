"""Builds the fuzz targets (preset `fuzz`, clang), runs them two at a time, and writes what they did into the
table of docs/robustness.md. What a target finds is kept as a file and named.

usage: python3 scripts/stress/fuzz.py --minutes 20 [--targets gguf planner] [--no-table] [--keep FOLDER]

The minutes are those of the clock, shared evenly by the targets; "per second" is of the processor's time, so
that other programs at work matter less. What a target learns stays in
build/fuzz/corpora and serves the next run. Exit code: 0 nothing was found, 1 something was, 2 it did not run.
"""

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build" / "fuzz"
TABLE = ROOT / "docs" / "robustness.md"
BEGIN, END = "<!-- fuzz.py writes this table -->", "<!-- end of the table -->"
HEAD = ["target", "executions", "per second", "edges", "features", "findings", "date"]

LONGEST = {  # bytes of an input
    "media": 16384,
    "planner": 768,
    "model_configs": 1536,
    "text": 768,
    "output_name": 256,
}
# Where libFuzzer's counting of rare features takes longer than the target: without it twice the inputs are
# tried in a time, which reach more of the code.
OPTIONS = {"planner": ["-entropic=0"]}
MEMORY_MB = 2048
# Freed memory that is watched for a later use: no input frees as much as this, and the sanitizer's own 256 MB
# cost a tenth of the time or more.
ASAN_OPTIONS = "quarantine_size_mb=16:thread_local_quarantine_size_kb=64"
SLOWEST = 10  # seconds of one input: an input that takes longer is a finding


def all_targets():
    return re.findall(r"^sora_fuzz\((\w+)", (TESTS / "CMakeLists.txt").read_text(), re.MULTILINE)


def build(targets):
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    programs = [f"fuzz_{target}" for target in targets]
    subprocess.run(["cmake", "--build", str(BUILD), "--target", *programs], cwd=ROOT, check=True)


def run(target, seconds, findings, memory):
    """One target: a dictionary with the columns of the table, and the files that it left."""
    learnt = BUILD / "corpora" / target
    kept = findings / target
    learnt.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    before = set(kept.iterdir())
    command = [
        str(BUILD / "fuzz" / f"fuzz_{target}"),
        f"-max_total_time={max(1, round(seconds))}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-timeout={SLOWEST}",
        f"-max_len={LONGEST.get(target, 8192)}",
        "-print_final_stats=1",
        f"-artifact_prefix={kept}/",
    ]
    words = TESTS / f"{target}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    command += OPTIONS.get(target, [])
    command += [str(learnt), str(TESTS / "corpus" / target)]
    log = kept / "log"
    with open(log, "w") as out:
        env = {
            **os.environ,
            "TMPDIR": memory,
            "ASAN_OPTIONS": ASAN_OPTIONS,
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace")
    states = re.findall(r"cov: (\d+) ft: (\d+)", said)
    executions = re.search(r"stat::number_of_executed_units: (\d+)", said)
    speed = int(executions[1]) / max(usage.ru_utime, 0.001) if executions else 0
    new = sorted(set(kept.iterdir()) - before - {log})
    if code != 0 and not new:
        new = [log]  # it ended without an input to blame
    return (
        {
            "target": target,
            "executions": int(executions[1]) if executions else 0,
            "per second": round(speed),
            "edges": int(states[-1][0]) if states else 0,
            "features": int(states[-1][1]) if states else 0,
            "findings": len(new),
            "date": datetime.date.today().isoformat(),
        },
        new,
        said,
    )


def rows_of(text):
    """The rows that are in the document, by target."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == len(HEAD) and cells[0] != HEAD[0]:
            rows[cells[0]] = cells
    return rows


def write_table(results, targets):
    text = TABLE.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    rows = rows_of(text[begin:end])
    for result in results:
        rows[result["target"]] = [
            f"{result[key]:,}" if isinstance(result[key], int) else result[key] for key in HEAD
        ]
    lines = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 2) + "---|"]
    lines += ["| " + " | ".join(rows[target]) + " |" for target in targets if target in rows]
    TABLE.write_text(text[:begin] + "\n\n" + "\n".join(lines) + "\n\n" + text[end:])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="of the clock, for all targets together")
    parser.add_argument("--targets", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--keep", type=Path, default=BUILD / "findings", help="folder for what is found")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--no-table", action="store_true", help="leave docs/robustness.md as it is")
    options = parser.parse_args()
    known = all_targets()
    for target in options.targets or []:
        if target not in known:
            parser.error(f"there is no target {target}; there are {', '.join(known)}")
    return options, known


def main():
    options, known = arguments()
    targets = options.targets or known
    try:
        build(targets)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"fuzz.py: the targets were not built: {error}", file=sys.stderr)
        return 2
    seconds = options.minutes * 60 * min(options.jobs, len(targets)) / len(targets)
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=place) as memory, ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run, target, seconds, options.keep, memory) for target in targets]
        done = []
        for each in runs:
            result, new, said = each.result()
            done.append(result)
            print("  ".join(f"{key} {result[key]}" for key in HEAD[:-1]), flush=True)
            for path in new:
                print(f"    {path}")
                for line in re.findall(r".*(?:what\(\)|ERROR: |runtime error: ).*", said)[-2:]:
                    print(f"        {line.strip()}")
    if not options.no_table:
        write_table(done, known)
    return 1 if any(result["findings"] for result in done) else 0


if __name__ == "__main__":
    sys.exit(main())
