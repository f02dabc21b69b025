#!/usr/bin/env python3
"""Every call that changes a file fails once, in a run of its own: one video, a batch, a stream.

    scripts/stress/failing_writes.py [--first N] [--step N] [--scene batch]

Whatever fails: the exit code is 73 or 74, the message has the cause, nothing under a final name is not whole,
no temporary is left, and the batch, run again, ends with the bytes of an unbroken run. Two failures may pass,
as long as the videos are whole: a save of latents (a warning: they only spare work), and closing the journal
or the lock, whose every line was synced before. Needs a C compiler; ends with 1 where anything is wrong.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

CAUSES = ("No space left on device", "Input/output error", "Permission denied")


def commands(options, place, out):
    """What is run, by the name of its scene."""
    prompts = place.write("prompts.txt", "a red ball\na blue ball\na green ball\n")
    common = [options.program, "--model", options.model, "--frames", "5", "--res", "64x48"]
    common += ["--steps", str(options.steps), "--threads", "1", "-q", "--seed", "1"]
    pictures = ["--thumbnail", out + "/a.png", "--contact-sheet", out + "/sheet.png", "--sidecar"]
    batch = ["--prompts", prompts, "--out-dir", out, "--index", "--checkpoint-every", "1"]
    return {
        "one video": [*common, "--prompt", "a red ball", "-o", out + "/a.mp4", *pictures],
        "a batch": [*common, *batch],
        "a stream": [*common, "--prompt", "a red ball", "-o", "-"],
    }


class Scene:
    """A command whose calls fail one after another."""

    def __init__(self, name, command, place, shim, out):
        self.name, self.command, self.place, self.shim, self.out = name, command, place, shim, out
        self.runs = self.wrong = 0

    def run(self, at):
        """Call number `at` fails: 0 and -1 stand for none; only 0 and other than batches begin from nothing.
        -> the run, and the calls that it made."""
        if self.name != "a batch" or at == 0:
            shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out, exist_ok=True)
        log = self.place.path("calls")
        if os.path.exists(log):
            os.remove(log)
        env = dict(self.place.env, LD_PRELOAD=self.shim, FAIL_UNDER=self.out, FAIL_AT=str(at), FAIL_LOG=log)
        with open(self.out + "/stream.mp4.data" if self.name == "a stream" else os.devnull, "wb") as stdout:
            result = subprocess.run(
                self.command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120
            )
        if not os.path.exists(log):
            return result, []
        with open(log) as file:
            return result, file.read().splitlines()

    def complain(self, what, call, result):
        self.wrong += 1
        print(f"WRONG: {what}, when this failed: {call}")
        print(f"  exit {result.returncode}, {result.stderr.strip()[-300:]}")

    def check(self, call, result, whole):
        """`whole`: the digests of an unbroken run."""
        journal = " close " in call and "/.sora-gen/" in call and ".part" not in call
        found = program.digests(self.out)
        if result.returncode == 0 and (journal or ".safetensors" in call):
            if found != whole:
                self.complain("other bytes", call, result)
        elif result.returncode not in (73, 74):
            self.complain("not 73 or 74", call, result)
        elif not any(cause in result.stderr for cause in CAUSES):
            self.complain("the message has no cause", call, result)
        if any(whole.get(name) != digest for name, digest in found.items()):
            self.complain("a file is not whole", call, result)
        if program.left_over(self.out):
            self.complain("a temporary is left", call, result)
        if self.name == "a batch":
            again, _ = self.run(-1)
            if again.returncode != 0 or program.digests(self.out) != whole:
                self.complain("run again it does not end as an unbroken run", call, again)

    def fail_each(self, first, step):
        result, calls = self.run(0)
        if result.returncode != 0:
            sys.exit(f"{self.name}: the unbroken run ends with {result.returncode}: {result.stderr}")
        whole, total = program.digests(self.out), len(calls)
        at = first
        while True:
            shutil.rmtree(self.out)
            print(f"\r{self.name}: {at} of about {total}", end="", file=sys.stderr, flush=True)
            result, calls = self.run(at)
            if len(calls) < at:  # no such call: all of them have failed once
                break
            self.runs += 1
            self.check(calls[at - 1], result, whole)
            at += step
        print(f"\r{self.name}: {self.runs} of {total} calls failed in turn")


def main():
    options = program.arguments(__doc__.splitlines()[0], step=1, first=1, scene="", steps=2)
    source = os.path.dirname(os.path.abspath(__file__)) + "/fail_call.c"
    runs = wrong = 0
    with program.Place() as place:
        shim, out = place.path("fail_call.so"), place.path("out")
        compile_shim = ["cc", "-O1", "-shared", "-fPIC", "-Wall", "-o", shim, source, "-ldl"]
        subprocess.run(compile_shim, check=True)
        for name, command in commands(options, place, out).items():
            if options.scene in name:
                scene = Scene(name, command, place, shim, out)
                scene.fail_each(options.first, options.step)
                runs, wrong = runs + scene.runs, wrong + scene.wrong
    print(f"{runs} runs, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
