"""Every call that changes a file fails once, in a run of its own: one video, a batch, a stream.

    scripts/stress/failing_writes.py [--first N] [--step N] [--scene batch]

Whatever fails: the exit code is 73 or 74, the message has the cause, nothing under a final name is not whole, no
temporary is left, and the batch, run again, ends with the bytes of an unbroken run. Two failures may pass, as long
as the videos are whole: a save of latents (a warning: they only spare work), and closing the journal or the lock,
whose every line was synced before.
"""

import os
import shutil
import subprocess
import sys

import program

CAUSES = ("No space left on device", "Input/output error", "Permission denied")
o = program.arguments(__doc__.splitlines()[0], step=1, first=1, scene="", steps=2)
bad = runs = 0


def wrong(what, call, result):
    global bad
    bad += 1
    print(
        f"WRONG: {what}, when this failed: {call}\n  exit {result.returncode}, {result.stderr.strip()[-300:]}"
    )


with program.Place() as place:
    shim = place.path("fail_call.so")
    subprocess.run(
        [
            "cc",
            "-O1",
            "-shared",
            "-fPIC",
            "-Wall",
            "-o",
            shim,
            os.path.dirname(os.path.abspath(__file__)) + "/fail_call.c",
            "-ldl",
        ],
        check=True,
    )
    out = place.path("out")
    prompts = place.write("prompts.txt", "a red ball\na blue ball\na green ball\n")
    common = [
        o.program,
        "--model",
        o.model,
        "--frames",
        "5",
        "--res",
        "64x48",
        "--steps",
        str(o.steps),
        "--threads",
        "1",
        "-q",
        "--seed",
        "1",
    ]
    scenes = {
        "one video": common
        + [
            "--prompt",
            "a red ball",
            "-o",
            out + "/a.mp4",
            "--thumbnail",
            out + "/a.png",
            "--contact-sheet",
            out + "/sheet.png",
            "--sidecar",
        ],
        "a batch": common + ["--prompts", prompts, "--out-dir", out, "--index", "--checkpoint-every", "1"],
        "a stream": common + ["--prompt", "a red ball", "-o", "-"],
    }
    for scene, command in scenes.items():
        if o.scene not in scene:
            continue

        def run(at):
            if scene != "a batch" or at == 0:
                shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out, exist_ok=True)
            log = place.path("calls")
            if os.path.exists(log):
                os.remove(log)
            stream = open(out + "/stream.mp4.data", "wb") if scene == "a stream" else subprocess.PIPE
            result = subprocess.run(
                command,
                env=dict(place.env, LD_PRELOAD=shim, FAIL_UNDER=out, FAIL_AT=str(at), FAIL_LOG=log),
                stdout=stream,
                stderr=subprocess.PIPE,
                text=True,
                timeout=120,
            )
            if scene == "a stream":
                stream.close()
            if not os.path.exists(log):
                return result, []
            with open(log) as file:
                return result, file.read().splitlines()

        result, calls = run(0)
        if result.returncode != 0:
            sys.exit(f"{scene}: the unbroken run ends with {result.returncode}: {result.stderr}")
        whole, total = program.digests(out), len(calls)
        at, before = o.first, runs
        while True:
            shutil.rmtree(out)
            print(f"\r{scene}: {at} of about {total}", end="", file=sys.stderr, flush=True)
            result, calls = run(at)
            if len(calls) < at:  # no such call: all of them have failed once
                break
            runs += 1
            call = calls[at - 1]
            harmless = ".safetensors" in call or (
                " close " in call and "/.sora-gen/" in call and ".part" not in call
            )
            if harmless and result.returncode == 0:
                if program.digests(out) != whole:
                    wrong("other bytes", call, result)
            elif result.returncode not in (73, 74):
                wrong("not 73 or 74", call, result)
            elif not any(cause in result.stderr for cause in CAUSES):
                wrong("the cause is not told", call, result)
            if any(whole.get(name) != digest for name, digest in program.digests(out).items()):
                wrong("a file is not whole", call, result)
            if program.left_over(out):
                wrong("a temporary is left", call, result)
            if scene == "a batch":
                again, _ = run(-1)
                if again.returncode != 0 or program.digests(out) != whole:
                    wrong("run again it does not end as an unbroken run", call, again)
            at += o.step
        print(f"\r{scene}: {runs - before} of {total} calls failed in turn")
print(f"{runs} runs, {bad} wrong")
sys.exit(bad > 0)
