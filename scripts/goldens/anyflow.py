"""Writes tests/data/anyflow: tiny AnyFlow networks, and what diffusers' pipeline makes with them.

Run from anywhere: python scripts/goldens/anyflow.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, pillow 13.0.0, ftfy, sentencepiece.

The VAE, the text encoder and the tokenizer are those of tests/data/pipeline/wan21, and are not written again.
transformer is told the timestep that a step leads to (deltatime_type r), transformer_interval how far that
lies below its beginning (t-r), with another gate. Cases with an image hold that as a PNG beside them. Tensors
of a case: the initial `noise`, `noise_pred_0`, `latents`, `video` [F, H, W, 3] in 0..1.

schedules.safetensors: `N.S.timesteps`, where each of N steps with shift S begins and where the last one ends,
and `N.S.sigmas`, the same as noise levels.
"""

import shutil

import torch
from diffusers import (
    AnyFlowPipeline,
    AnyFlowTransformer3DModel,
    AutoencoderKLWan,
    FlowMapEulerDiscreteScheduler,
)
from golden import (
    DATA,
    first_noise,
    keep_first_prediction,
    output_folder,
    plain,
    save_case,
    save_cases,
    saved_tokenizer,
    size_of,
)
from image_pipeline import VERSIONS, picture
from safetensors.torch import save_file
from tiny_networks import randomise
from transformers import UMT5EncoderModel

OUT = output_folder("anyflow")
PARTS = DATA / "pipeline/wan21"
Z, TEXT = 4, 24


def transformer(seed, **more):
    return randomise(
        AnyFlowTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=20,
            in_channels=Z,
            out_channels=Z,
            text_dim=TEXT,
            freq_dim=24,
            ffn_dim=40,
            num_layers=2,
            **more,
        ),
        seed,
    )


def case(prompt, width, height, frames, steps, seed, guidance=1.0, **more):
    return dict(
        prompt=prompt, width=width, height=height, frames=frames, steps=steps, guidance=guidance, seed=seed
    ) | dict(more)


CASES = [
    case("a red ball rolls", 32, 32, 5, 1, seed=1),
    case("birds fly", 80, 48, 5, 4, seed=2),
    case("neon street", 48, 32, 9, 7, seed=3, guidance=3.5, negative_prompt="rain"),
    case("waves", 48, 32, 5, 4, seed=4, image=(61, 45)),
    case("a lake", 32, 48, 9, 3, seed=5, image=(50, 70), transformer="transformer_interval"),
]


def run(pipe, case, image):
    """The tensors of a case; the pipeline's own have time before the channels."""
    tensors = {"noise": first_noise(pipe, case, Z)}
    keep_first_prediction(pipe, tensors)
    common = dict(
        prompt=case["prompt"],
        negative_prompt=case.get("negative_prompt"),
        width=case["width"],
        height=case["height"],
        num_frames=case["frames"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        video=[image] if image else None,
    )

    def made(kind):
        return pipe(**common, generator=torch.Generator().manual_seed(case["seed"]), output_type=kind).frames

    tensors["latents"] = made("latent")
    tensors["noise_pred_0"] = tensors["noise_pred_0"].transpose(1, 2)
    tensors["video"] = made("pt")[0].permute(0, 2, 3, 1)
    return plain(tensors)


def schedules():
    tensors = {}
    for steps in (1, 2, 4, 7, 20, 50):
        for shift in (1, 5, 12):
            scheduler = FlowMapEulerDiscreteScheduler(shift=shift)
            scheduler.set_timesteps(steps)
            tensors[f"{steps}.{shift}.sigmas"] = scheduler.sigmas
            tensors[f"{steps}.{shift}.timesteps"] = scheduler.sigmas * scheduler.config.num_train_timesteps
    return plain(tensors)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    torch.set_num_threads(1)
    networks = {
        "transformer": transformer(91),
        "transformer_interval": transformer(92, gate_value=0.4, deltatime_type="t-r"),
    }
    parts = dict(
        tokenizer=saved_tokenizer(PARTS),
        text_encoder=UMT5EncoderModel.from_pretrained(PARTS / "text_encoder"),
        vae=AutoencoderKLWan.from_pretrained(PARTS / "vae"),
    )
    cases = []
    for number, each in enumerate(CASES):
        network = networks[each.get("transformer", "transformer")]
        pipe = AnyFlowPipeline(
            **parts, transformer=network, scheduler=FlowMapEulerDiscreteScheduler(shift=5.0)
        )
        pipe.set_progress_bar_config(disable=True)
        if number == 0:
            pipe.save_config(OUT)
            pipe.scheduler.save_pretrained(OUT / "scheduler")
        files = {}
        image = picture(*each["image"], seed=each["seed"]) if "image" in each else None
        if image:
            files["image"] = f"image{number}.png"
            image.save(OUT / files["image"])
        cases.append(save_case(OUT, number, each | files, run(pipe, each, image), VERSIONS))
    for name, network in networks.items():
        network.save_pretrained(OUT / name, safe_serialization=True)
    save_cases(OUT, cases, VERSIONS)
    save_file(schedules(), OUT / "schedules.safetensors", metadata=VERSIONS)
    print(size_of(OUT))


if __name__ == "__main__":
    main()
