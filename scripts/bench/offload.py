#!/usr/bin/env python3
"""Runs sora-gen on a checkpoint of Wan 2.1 1.3B's dimensions with random bf16 weights, and measures it.

    scripts/bench/offload.py --folder /tmp/full-size [--ways stored,stream] [--steps 2] [--keep]

The checkpoint (2.8 GB, a VAE of full size, a text encoder of one layer) is written into the folder once, and
removed at the end unless --keep is given. For each way to keep weights (--offload) the program runs as a
process of its own; printed are the time until the first step, the bytes of weights it read in that time, the
seconds of each step and of decoding, the peak of resident memory (ru_maxrss), and what the plan had said.

Needs diffusers, torch and transformers, for names and shapes only.
"""

import argparse
import json
import math
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import program

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/data/pipeline/wan21"


def write_random(path, shapes, torch):
    """bf16 values of deviation 0.02, the same 16 MB over and over: what they are does not matter."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    block = (torch.randn(8 << 20) * 0.02).to(torch.bfloat16).view(torch.uint8).numpy().tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for at in range(0, end, len(block)):
            out.write(block[: end - at])


def shapes_of(module):
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def write_model(folder):
    import torch
    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("case*", "*.safetensors"))
    with torch.device("meta"):
        transformer = WanTransformer3DModel(
            num_attention_heads=12, attention_head_dim=128, num_layers=30, ffn_dim=8960, text_dim=4096
        )
        vae = AutoencoderKLWan()
        config = json.loads((TINY / "text_encoder/config.json").read_text())
        config.update(d_model=4096, d_ff=256, num_layers=1)
        text = UMT5EncoderModel(UMT5Config(**config))
    for name, module in (("transformer", transformer), ("vae", vae)):
        module.save_config(folder / name)
        write_random(folder / name / "diffusion_pytorch_model.safetensors", shapes_of(module), torch)
    (folder / "text_encoder/config.json").write_text(json.dumps(config))
    shapes = {name: shape for name, shape in shapes_of(text).items() if name != "encoder.embed_tokens.weight"}
    write_random(folder / "text_encoder/model.safetensors", shapes, torch)


def command(arguments, model, way):
    return [
        arguments.program, "--model", str(model), "--prompt", "a lighthouse in a storm",
        "--res", arguments.res, "--frames", str(arguments.frames),
        "--steps", str(arguments.steps), "--guidance", "1", "--seed", "7",
        "--device", "cpu", "--threads", str(arguments.threads), "--offload", way, "--text-cache", "off",
    ]  # fmt: skip


def step_times(run):
    """-> seconds until the first step, and those of each step after it"""
    times = []
    for _, line in run.lines:
        event = json.loads(line)
        if event.get("event") == "error":
            sys.exit(event["message"])
        if event.get("event") == "progress" and event["phase"] == "denoise" and event["step"] >= len(times):
            times.append(event["elapsed"])
    return times[0], [after - before for before, after in zip(times, times[1:])]


def run(arguments, model, way):
    plan = json.loads(subprocess.check_output(command(arguments, model, way) + ["--dry-run", "--json"]))
    output = ["-o", str(arguments.folder / "video.mp4"), "--overwrite", "--progress", "json"]
    done = program.measured(command(arguments, model, way) + output)
    loaded, steps = step_times(done)
    program.must(done, [arguments.program])
    weights, peak = plan["model"]["weight_bytes"] / 1e9, done.peak_mb * 1024 * 1024 / 1e9
    each_step = " ".join(f"{step:.1f}" for step in steps)
    phases = ", ".join(f"{phase} {value['ram_gb']:.2f}" for phase, value in plan["memory"].items())
    print(
        f"{way:7} loads {loaded:.2f} s ({weights / loaded:.2f} GB/s of {weights:.2f} GB), "
        f"steps {each_step} s, all {done.seconds:.1f} s, "
        f"CPU {done.cpu_seconds:.0f} s ({done.system_seconds:.0f} system), "
        f"peak {peak:.2f} GB = {peak / weights:.2f} x the weights; "
        f"the plan said {plan['peak_memory_gb']:.2f} GB: {phases}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the checkpoint is written")
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/sora-gen"))
    parser.add_argument("--ways", default="auto", help="values of --offload, joined by commas")
    parser.add_argument("--res", default="256x256")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--keep", action="store_true", help="leave the checkpoint in the folder")
    arguments = parser.parse_args()
    model = arguments.folder / "wan-1.3b"
    if not model.exists():
        write_model(model)
    try:
        for way in arguments.ways.split(","):
            run(arguments, model, way)
    finally:
        if not arguments.keep:
            shutil.rmtree(model)


if __name__ == "__main__":
    main()
