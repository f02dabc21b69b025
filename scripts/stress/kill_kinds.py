"""What kills.py kills: how each kind of run is begun, and begun again. A module, not a script."""

import json
import os
import subprocess


class Kind:
    """A run that makes the files `outputs` in `folder`; begun again, it makes those that are missing."""

    def __init__(self, options, place):
        self.program, self.model, self.place = options.program, options.model, place
        self.folder, self.input = place.path("out"), ""
        self.prepare()

    def prepare(self):
        """Makes what the run reads."""

    def usual(self, *more):
        return [*more, "--model", self.model, "--steps", "2", "--threads", "1", "--device", "cpu"]

    def make(self, name, *words):
        """A file for the runs to read."""
        path = self.place.path(name)
        command = [self.program, *self.usual(*words), "--frames", "9", "--res", "64x64", "--seed", "1", "-q"]
        subprocess.run([*command, "-o", path], env=self.place.env, check=True)
        return path

    def there(self, name):
        return os.path.exists(os.path.join(self.folder, name))


class Batch(Kind):
    jobs = 5
    outputs = tuple(f"{i}.mp4" for i in range(1, jobs + 1))

    def prepare(self):
        self.prompts = self.place.write("prompts.txt", "".join(f"a red ball {i}\n" for i in range(self.jobs)))

    def command(self):
        more = ["--prompts", self.prompts, "--out-dir", self.folder, "--name", "{index}.{ext}", "--seed", "1"]
        how = ["--frames", "5", "--res", "64x64", "-q", "--checkpoint-every", "1"]
        return [self.program, *self.usual(*more), *how]


class Serve(Kind):
    """A queue of requests: who sends them sends those again whose files are not there."""

    outputs = tuple(f"{i}.mp4" for i in range(1, 6))

    def command(self):
        how = {"seed": 1, "frames": 5, "res": "64x64"}
        missing = [name for name in self.outputs if not self.there(name)]
        requests = [{"id": name, "prompt": f"a red ball {name}", "output": name, **how} for name in missing]
        self.input = "".join(json.dumps(request) + "\n" for request in requests)
        return [self.program, *self.usual("serve", "--stdio")]


class Single(Kind):
    outputs = ("video.mp4",)
    words = ()

    def command(self):
        output = os.path.join(self.folder, self.outputs[0])
        how = ["--seed", "1", "-q", "-o", output, "--checkpoint-every", "1"]
        return [self.program, *self.usual(*self.words), *how]


class ExtendCopy(Single):
    def prepare(self):
        self.words = ("extend", self.make("clip.mp4", "--prompt", "a red ball"), "--copy", "--frames", "9")


class Storyboard(Single):
    def prepare(self):
        story = self.place.write("story.txt", "0:00 a red ball\n0:03 a blue box\n")
        self.words = ("storyboard", story, "--seconds", "6", "--res", "64x64")


class Finish(Single):
    def prepare(self):
        draft = self.make("draft.mp4", "--prompt", "a red ball", "--draft")
        self.words = ("finish", draft, "--res", "256x256")


KINDS = {
    "batch": Batch,
    "serve": Serve,
    "extend --copy": ExtendCopy,
    "storyboard": Storyboard,
    "finish": Finish,
}
