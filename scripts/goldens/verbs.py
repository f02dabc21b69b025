"""Writes tests/data/verbs: a picture, a short video, and what diffusers' image-to-video and video-to-video
pipelines make of them with the checkpoints of tests/data/pipeline (written by pipeline.py, which comes
first).

Run from anywhere: python scripts/goldens/verbs.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, ftfy, sentencepiece, Pillow, and ffmpeg for the
lossless video.

`cases.json` has one entry a run: verb, model, prompt, input, size, steps, ... and the safetensors file with
its tensors: the initial `noise`, `noise_pred_0`, `latents`, `video` [F, H, W, 3] in 0..1.
"""

import os
import shutil
import sys

import numpy
import torch
from diffusers import WanImageToVideoPipeline, WanPipeline, WanVideoToVideoPipeline
from golden import (
    DATA,
    first_noise,
    keep_first_prediction,
    output_folder,
    plain,
    save_case,
    save_cases,
)
from PIL import Image
from transformers import T5Tokenizer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../shared"))
import clips

OUT = output_folder("verbs")

CASES = [
    dict(
        verb="animate",
        model="ti2v",
        input="picture.png",
        prompt="the camera pans left over a mountain lake",
        negative_prompt="rain",
        width=96,
        height=64,
        frames=9,
        steps=3,
        guidance=5.0,
        seed=3,
    ),
    dict(
        verb="animate",
        model="ti2v",
        input="picture.png",
        prompt="birds fly",
        width=96,
        height=64,
        frames=5,
        steps=2,
        guidance=1.0,
        seed=8,
    ),
    dict(
        verb="remix",
        model="wan21",
        input="clip.mkv",
        prompt="a red ball rolls over the hill",
        negative_prompt="rain",
        strength=0.6,
        width=48,
        height=32,
        frames=9,
        steps=5,
        guidance=4.0,
        seed=7,
    ),
    dict(
        verb="remix",
        model="wan21",
        input="clip.mkv",
        prompt="snow",
        strength=1.0,
        width=48,
        height=32,
        frames=9,
        steps=2,
        guidance=1.0,
        seed=2,
    ),
]


def picture(width, height, shift=0.0):
    """Smooth colours with an edge that moves, so that frames differ and nothing is flat."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    red = 127 + 120 * numpy.sin(x / 9 + shift)
    green = 127 + 120 * numpy.cos(y / 7 - shift)
    blue = numpy.where(x + y > (width + height) / 2 + 4 * shift, 220, 30)
    return Image.fromarray(numpy.stack([red, green, blue], -1).round().astype(numpy.uint8))


def load(kind, model):
    folder = DATA / "pipeline" / model
    whole = WanPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    whole.tokenizer = T5Tokenizer.from_pretrained(str(folder / "tokenizer"), extra_ids=0)
    parts = dict(
        tokenizer=whole.tokenizer,
        text_encoder=whole.text_encoder,
        vae=whole.vae,
        scheduler=whole.scheduler,
        transformer=whole.transformer,
    )
    pipe = kind(**parts, expand_timesteps=True) if kind is WanImageToVideoPipeline else kind(**parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def run(case, frames):
    animate = case["verb"] == "animate"
    pipe = load(WanImageToVideoPipeline if animate else WanVideoToVideoPipeline, case["model"])
    tensors = {}
    keep_first_prediction(pipe, tensors)
    tensors["noise"] = first_noise(pipe, case, pipe.transformer.config.in_channels)
    common = dict(
        prompt=case["prompt"],
        negative_prompt=case.get("negative_prompt"),
        height=case["height"],
        width=case["width"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        generator=torch.Generator().manual_seed(case["seed"]),
    )
    more = (
        dict(image=frames[0], num_frames=case["frames"])
        if animate
        else dict(video=frames, strength=case["strength"])
    )
    latents = pipe(**common, **more, output_type="latent").frames
    common["generator"] = torch.Generator().manual_seed(case["seed"])
    tensors["latents"] = latents.clone()
    tensors["video"] = pipe(**common, **more, output_type="pt").frames[0].permute(0, 2, 3, 1)
    return plain(tensors)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    still = picture(96, 64)
    still.save(OUT / "picture.png")
    clip = [picture(48, 32, 0.3 * n) for n in range(9)]
    frames = numpy.stack([numpy.asarray(frame) for frame in clip])
    clips.write(frames, OUT / "clip.mkv", 16, ["-pix_fmt", "gbrp", "-bitexact"])
    cases = []
    for number, case in enumerate(CASES):
        given = [still] if case["verb"] == "animate" else clip
        cases.append(save_case(OUT, number, case, run(case, given)))
    save_cases(OUT, cases)


if __name__ == "__main__":
    main()
