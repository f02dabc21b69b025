"""Makes each prompt of a file as a task of Ray, and prints the JSON of each result.

python ray_jobs.py PROMPTS FOLDER [OPTION...]    options are those of sora-gen, as in --res 480p --steps 30
Needs ray (PyPI), and sora-gen on the PATH of every machine; FOLDER must be one that all of them see.
"""

import json
import subprocess
import sys
from pathlib import Path

import ray


@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=[RuntimeError])  # on GPUs: num_gpus=1
def make(number: int, prompt: str, folder: str, options: list[str]) -> dict:
    output = f"{folder}/{number:04}.mp4"
    command = [
        "sora-gen",
        "--prompt",
        prompt,
        "--seed",
        str(number),
        "-o",
        output,
        "--json",
        "-q",
        "--overwrite",
    ]
    run = subprocess.run(command + options, capture_output=True, text=True)
    if run.returncode < 0:  # killed, as for lack of memory: Ray tries again
        raise RuntimeError(f"{output}: killed by signal {-run.returncode}")
    if run.returncode > 0:
        return {"output": output, "exit_code": run.returncode, "error": run.stderr.strip()}
    return json.loads(run.stdout)


def main() -> int:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    prompts = [line for line in Path(sys.argv[1]).read_text().splitlines() if line.strip()]
    folder = Path(sys.argv[2]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    ray.init()
    waiting = [make.remote(i + 1, prompt, str(folder), sys.argv[3:]) for i, prompt in enumerate(prompts)]
    failed = 0
    while waiting:
        ready, waiting = ray.wait(waiting)
        try:
            result = ray.get(ready[0])
        except ray.exceptions.RayError as error:
            result = {"error": str(error)}
        failed += "error" in result
        print(json.dumps(result), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
