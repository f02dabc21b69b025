"""Writes tests/data/pipeline: tiny Wan checkpoints with random weights, and what diffusers makes of them.

Run from anywhere: python scripts/goldens/pipeline.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, ftfy, sentencepiece.

Each variant is a model folder in the diffusers layout with `cases.json` beside its parts: one entry a run
(prompt, size, steps, ...) and the safetensors file with its tensors: the initial `noise`, `prompt_embeds`,
`negative_prompt_embeds` (with guidance; of both only the rows before the zeros), `noise_pred_0`, `latents`,
`video` [F, H, W, 3] in 0..1.
"""

import shutil

import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, WanPipeline
from golden import (
    first_noise,
    keep_first_prediction,
    keep_latents,
    output_folder,
    plain,
    save_case,
    save_cases,
    save_pipeline,
    size_of,
)
from tiny_networks import text_encoder, tokenizer, transformer, unipc, vae21, vae22

OUT = output_folder("pipeline")
DIRTY = "  The  lighthouse&amp;amp; in a “storm”…\twaves\u00a0and rain \ufb01n "
VARIANTS = {
    "wan21": {
        "parts": lambda v: dict(vae=vae21(1), transformer=transformer(2, 4, 24), scheduler=unipc(3.0)),
        "text_dim": 24,
        "cases": [
            dict(
                prompt="a red ball rolls over the hill",
                negative_prompt="rain",
                width=48,
                height=32,
                frames=9,
                steps=3,
                guidance=4.0,
                seed=7,
            ),
            dict(prompt=DIRTY, width=80, height=48, frames=5, steps=2, guidance=1.0, seed=1),
            dict(prompt="", width=32, height=64, frames=1, steps=1, guidance=6.5, seed=0),
            dict(
                prompt="снег над городом ночью 静かな 湖 🚀 zzz",
                width=32,
                height=32,
                frames=13,
                steps=4,
                guidance=2.0,
                seed=4294967295,
            ),
        ],
    },
    "ti2v": {
        "parts": lambda v: dict(
            vae=vae22(11),
            transformer=transformer(12, 6, 16, heads=3, head_dim=14, layers=1, cross_attn_norm=True),
            scheduler=unipc(5.0),
            expand_timesteps=True,
        ),
        "text_dim": 16,
        "shard": True,
        "cases": [
            dict(
                prompt="the camera pans left over a mountain lake at sunset " * 80,
                width=96,
                height=64,
                frames=5,
                steps=3,
                guidance=5.0,
                seed=3,
            ),
            dict(prompt="birds fly", width=64, height=32, frames=1, steps=2, guidance=1.0, seed=5),
        ],
    },
    "a14b": {
        "parts": lambda v: dict(
            vae=vae21(21),
            transformer=transformer(22, 4, 24, cross_attn_norm=False),
            transformer_2=transformer(23, 4, 24, cross_attn_norm=False),
            scheduler=unipc(8.0),
            boundary_ratio=0.875,
        ),
        "text_dim": 24,
        "bf16": True,
        "cases": [
            dict(
                prompt="neon street, wet asphalt",
                negative_prompt="a lake",
                width=48,
                height=48,
                frames=5,
                steps=6,
                guidance=4.0,
                guidance_2=3.0,
                seed=9,
            ),
            dict(prompt="waves", width=32, height=48, frames=5, steps=4, guidance=3.0, seed=2),
        ],
    },
}
SCHEDULERS = {
    "euler": lambda s: FlowMatchEulerDiscreteScheduler(shift=s),
    "dpm++": lambda s: DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=s, final_sigmas_type="zero"
    ),
}
VARIANTS["wan21"]["cases"] += [dict(VARIANTS["wan21"]["cases"][0], scheduler=name) for name in SCHEDULERS]


def prompt_embeds(pipe, prompt):
    """[1, L, D], without the rows of zeros"""
    embeds = pipe.encode_prompt(prompt, None, False, max_sequence_length=512, device="cpu")[0]  # [1, 512, D]
    length = int(embeds.abs().sum(-1).ne(0).sum())
    assert embeds[:, length:].abs().max().item() == 0 if length < 512 else True
    return embeds[:, :length]


def run(pipe, case, shift):
    arguments = dict(case)
    seed, frames, steps = arguments.pop("seed"), arguments.pop("frames"), arguments.pop("steps")
    pipe.scheduler = SCHEDULERS[arguments.pop("scheduler")](shift) if "scheduler" in case else unipc(shift)
    names = {"guidance": "guidance_scale", "guidance_2": "guidance_scale_2"}
    arguments = {names.get(key, key): value for key, value in arguments.items()}
    tensors = {}
    keep_first_prediction(pipe, tensors)
    tensors["prompt_embeds"] = prompt_embeds(pipe, case["prompt"])
    if case["guidance"] > 1:
        tensors["negative_prompt_embeds"] = prompt_embeds(pipe, case.get("negative_prompt", ""))
    tensors["noise"] = first_noise(pipe, case, pipe.transformer.config.in_channels)
    video = pipe(
        num_frames=frames,
        num_inference_steps=steps,
        generator=torch.Generator().manual_seed(seed),
        output_type="pt",
        callback_on_step_end=keep_latents(tensors),
        **arguments,
    ).frames
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return plain(tensors)


def make_model(index, name, variant):
    """Writes the folder of a variant; -> the pipeline that a user gets from it, and its flow shift"""
    folder = OUT / name
    made = tokenizer(folder / "tokenizer")
    parts = variant["parts"](variant)
    encoder = text_encoder(len(made), variant["text_dim"], 100 + index)
    pipe = WanPipeline(tokenizer=made, text_encoder=encoder, **parts)
    if variant.get("bf16"):
        for part in (pipe.transformer, pipe.transformer_2, pipe.text_encoder):
            part.to(torch.bfloat16)
    save_pipeline(pipe, folder, **({"max_shard_size": "120KB"} if variant.get("shard") else {}))
    # The reference is what a user gets: the folder loaded in fp32. (Casting the networks above back would
    # keep rotary tables that were rounded to bf16.)
    pipe = WanPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.tokenizer = made
    pipe.set_progress_bar_config(disable=True)
    return pipe, parts["scheduler"].config.flow_shift


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    for index, (name, variant) in enumerate(VARIANTS.items()):
        folder = OUT / name
        pipe, shift = make_model(index, name, variant)
        cases = [
            save_case(folder, number, case, run(pipe, case, shift))
            for number, case in enumerate(variant["cases"])
        ]
        save_cases(folder, cases)
        print(name, size_of(folder))


if __name__ == "__main__":
    main()
