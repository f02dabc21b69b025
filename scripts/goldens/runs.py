"""Writes tests/data/runs: what diffusers makes with step caches, listed noise levels, steps with fresh noise
and guidance in a part of the steps, on the tiny models of tests/data/pipeline.

Run from anywhere, after pipeline.py: python scripts/goldens/runs.py [OUTPUT_FOLDER]

cases.json has one entry a run: the model, the prompt, the options, how many calls of the transformer
computed all of its blocks (`computed`, both branches together), and the file with its tensor `latents`.
EasyCache is not in diffusers: easy_cache() follows its paper and the rule in its authors' code.
"""

import shutil
import tempfile

import numpy as np
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    FlowMatchLCMScheduler,
    UniPCMultistepScheduler,
    WanPipeline,
)
from diffusers.hooks import FirstBlockCacheConfig, apply_first_block_cache
from diffusers.hooks.mag_cache import MagCacheConfig, apply_mag_cache
from golden import DATA, keep_latents, output_folder, plain, save_case, save_cases, size_of
from tiny_networks import unipc
from transformers import T5Tokenizer

OUT = output_folder("runs")
BASE = dict(
    prompt="a red ball rolls over the hill",
    negative_prompt="rain",
    width=48,
    height=32,
    frames=9,
    steps=12,
    guidance=4.0,
    seed=7,
)
RATIOS = [1.0, 1.2, 1.05, 0.99, 0.98, 0.985, 0.97, 0.96, 0.94, 0.9]
LEVELS = [1.0, 0.94, 0.83, 0.63, 0.3]
CASES = [
    dict(model="wan21", cache="first-block:0.5"),
    dict(model="wan21", cache="first-block:0.6", guidance=1.0),
    dict(model="a14b", cache="first-block:0.5", guidance_2=3.0),
    dict(model="ti2v", cache="easy:3", width=96, height=64, frames=5),
    dict(model="wan21", cache="mag:0.08", ratios=RATIOS),
    dict(model="wan21", cache="mag:0.3", ratios=RATIOS, guidance=1.0, steps=16),
    dict(model="wan21", cache="easy:0.3"),
    dict(model="wan21", cache="easy:1.5", guidance=1.0, steps=20),
    dict(model="wan21", guidance_range="0:0.5"),
    dict(model="wan21", guidance_range="0.25:0.8"),
    dict(model="wan21", sigmas=LEVELS),
    dict(model="wan21", sigmas=LEVELS, scheduler="euler"),
    dict(model="wan21", sigmas=LEVELS, scheduler="lcm", guidance=1.0),
    dict(
        model="ti2v", sigmas=[1.0, 0.757, 0.522], scheduler="lcm", guidance=1.0, width=96, height=64, frames=5
    ),
]


def easy_cache(transformer, threshold, steps, branches):
    """Replaces transformer.forward. -> a list to which each call adds whether it was computed"""
    first, original, calls = int(0.2 * steps + 0.5), transformer.forward, []
    state = dict(step=0, error=0.0, rate=None, before=None, input=None, output=None, difference={})

    def mean(x):
        return x.abs().mean()

    def forward(hidden_states, timestep, encoder_hidden_states, **more):
        branch = len(calls) % branches
        if branch == 0:
            computes = True
            if first <= state["step"] < steps - 1 and state["rate"] is not None:
                change = mean(hidden_states - state["before"])
                state["error"] += state["rate"] * change / mean(state["output"])
                computes = not state["error"] < threshold
            if computes:
                state["error"] = 0.0
            state.update(computes=computes, before=hidden_states, step=state["step"] + 1)
        calls.append(state["computes"])
        if not state["computes"]:
            return (hidden_states + state["difference"][branch],)
        output = original(hidden_states, timestep, encoder_hidden_states, **more)[0]
        state["difference"][branch] = output - hidden_states
        if branch == 0:
            if state["output"] is not None:
                state["rate"] = mean(output - state["output"]) / mean(hidden_states - state["input"])
            state.update(input=hidden_states, output=output)
        return (output,)

    transformer.forward = forward
    return calls


def count_last_blocks(pipe):
    """-> a list to which each call that computes the last block adds True"""
    computed = []
    for transformer in (pipe.transformer, pipe.transformer_2):
        if transformer is not None:
            feed_forward = transformer.blocks[-1].ffn
            feed_forward.register_forward_hook(lambda *_: computed.append(True))
    return computed


def add_cache(pipe, case):
    method, threshold = case["cache"].split(":")
    steps, branches = case["steps"], 2 if case["guidance"] > 1 else 1
    if method == "easy":
        return easy_cache(pipe.transformer, float(threshold), steps, branches)
    computed = count_last_blocks(pipe)
    for transformer in (pipe.transformer, pipe.transformer_2):
        if transformer is None:
            continue
        if method == "first-block":
            apply_first_block_cache(transformer, FirstBlockCacheConfig(threshold=float(threshold)))
        else:
            config = MagCacheConfig(
                threshold=float(threshold),
                max_skip_steps=4,
                retention_ratio=0.2,
                num_inference_steps=steps,
                mag_ratios=case["ratios"],
            )
            apply_mag_cache(transformer, config)
    return computed


def scheduler_of(case, shift, generator):
    levels, name = case.get("sigmas"), case.get("scheduler", "unipc")
    if levels is None:
        return unipc(shift)
    made = {
        "unipc": lambda: UniPCMultistepScheduler.from_config(unipc(shift).config, flow_shift=1.0),
        "euler": lambda: FlowMatchEulerDiscreteScheduler(shift=1.0),
        "lcm": lambda: FlowMatchLCMScheduler(shift=1.0),
    }[name]()
    set_timesteps, step = made.set_timesteps, made.step
    made.set_timesteps = lambda count, device=None: set_timesteps(sigmas=np.array(levels), device=device)
    if name == "lcm":  # the pipeline has no generator for it
        made.step = lambda *arguments, **more: step(*arguments, generator=generator, **more)
    return made


def in_range(pipe, case, callback):
    """Turns guidance on and off as a guider of diffusers with these `start` and `stop` does."""
    start, stop = (int(float(share) * case["steps"]) for share in case["guidance_range"].split(":"))

    def set_guidance(step):
        pipe._guidance_scale = case["guidance"] if start <= step < stop else 1.0

    original = pipe.transformer.forward
    pipe.transformer.forward = lambda *a, **k: (set_guidance(pipe._step), original(*a, **k))[1]
    pipe._step = 0

    def ended(pipe, i, t, kwargs):
        pipe._step = i + 1
        return callback(pipe, i, t, kwargs)

    return ended


def run(case):
    folder = DATA / "pipeline" / case["model"]
    with tempfile.TemporaryDirectory() as scratch:  # of the same file as that of pipeline.py
        shutil.copy(folder / "tokenizer/spiece.model", scratch)
        made = T5Tokenizer.from_pretrained(scratch, extra_ids=0)
    pipe = WanPipeline.from_pretrained(folder, tokenizer=made, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(case["seed"])
    pipe.scheduler = scheduler_of(case, pipe.scheduler.config.flow_shift, generator)
    tensors = {}
    callback = keep_latents(tensors)
    computed = add_cache(pipe, case) if "cache" in case else []
    if "guidance_range" in case:
        callback = in_range(pipe, case, callback)
    more = {"guidance_scale_2": case["guidance_2"]} if "guidance_2" in case else {}
    pipe(
        prompt=case["prompt"],
        negative_prompt=case["negative_prompt"],
        width=case["width"],
        height=case["height"],
        num_frames=case["frames"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        generator=generator,
        output_type="latent",
        callback_on_step_end=callback,
        **more,
    )
    return plain({"latents": tensors["latents"]}), sum(computed)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    torch.set_num_threads(1)
    saved = []
    for number, options in enumerate(CASES):
        case = BASE | options
        if "sigmas" in case:
            case["steps"] = len(case["sigmas"])
        tensors, computed = run(case)
        calls = case["steps"] * (2 if case["guidance"] > 1 else 1)
        print(number, options, f"{computed} of {calls}", float(tensors["latents"].abs().mean()))
        saved.append(save_case(OUT, number, case | {"computed": computed}, tensors))
    save_cases(OUT, saved)
    print(size_of(OUT))


if __name__ == "__main__":
    main()
