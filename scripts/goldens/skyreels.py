"""Writes tests/data/skyreels: tiny SkyReels-V2 checkpoints, and what diffusers makes of them.

Run from anywhere: python scripts/goldens/skyreels.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, pillow 13.0.0, ftfy, sentencepiece.

A folder for each family, as pipeline.py writes them: t2v, i2v, and df (diffusion forcing: a timestep for each
latent frame, all frames together, which are told that they are 24 a second). The published networks of 14B
parameters are not told: transformer_14b in df is such a one, for the cases that name it. Cases with an image
hold that as a PNG beside them. Tensors of a case: the initial `noise`, `noise_pred_0`, `latents`, `video` [F,
H, W, 3] in 0..1.
"""

import shutil

import torch
from diffusers import (
    SkyReelsV2DiffusionForcingImageToVideoPipeline,
    SkyReelsV2DiffusionForcingPipeline,
    SkyReelsV2ImageToVideoPipeline,
    SkyReelsV2Pipeline,
    SkyReelsV2Transformer3DModel,
)
from golden import first_noise, output_folder, plain, save_case, save_cases, save_pipeline, size_of
from image_pipeline import CLIP, TEXT, VERSIONS, Z, image_encoder, picture, processor
from tiny_networks import randomise, text_encoder, tokenizer, unipc, vae21

OUT = output_folder("skyreels")


def transformer(seed, channels=Z, **more):
    return randomise(
        SkyReelsV2Transformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=20,
            in_channels=channels,
            out_channels=Z,
            text_dim=TEXT,
            freq_dim=24,
            ffn_dim=40,
            num_layers=2,
            **more,
        ),
        seed,
    )


FAMILIES = {
    "t2v": {
        "kind": SkyReelsV2Pipeline,
        "parts": lambda: dict(vae=vae21(61), transformer=transformer(62), scheduler=unipc(8.0)),
        "cases": [
            dict(
                prompt="a red ball rolls",
                negative_prompt="rain",
                width=48,
                height=32,
                frames=9,
                steps=4,
                guidance=6.0,
                seed=1,
            )
        ],
    },
    "i2v": {
        "kind": SkyReelsV2ImageToVideoPipeline,
        "parts": lambda: dict(
            vae=vae21(71),
            transformer=transformer(72, channels=2 * Z + 4, **CLIP),
            scheduler=unipc(5.0),
            image_encoder=image_encoder(73),
            image_processor=processor(),
        ),
        "cases": [
            dict(
                prompt="waves",
                negative_prompt="",
                image=(61, 45),
                width=48,
                height=32,
                frames=9,
                steps=3,
                guidance=5.0,
                seed=2,
            )
        ],
    },
    "df": {
        "kind": SkyReelsV2DiffusionForcingPipeline,
        "parts": lambda: dict(
            vae=vae21(81), transformer=transformer(82, inject_sample_info=True), scheduler=unipc(8.0)
        ),
        "cases": [
            dict(
                prompt="neon street",
                negative_prompt="a lake",
                width=48,
                height=32,
                frames=13,
                steps=4,
                guidance=6.0,
                seed=3,
            ),
            dict(
                prompt="birds fly",
                negative_prompt="rain",
                image=(61, 45),
                width=48,
                height=32,
                frames=9,
                steps=3,
                guidance=5.0,
                seed=4,
                flow_shift=5.0,
            ),
            dict(
                prompt="waves",
                negative_prompt="",
                width=80,
                height=48,
                frames=5,
                steps=7,
                guidance=3.5,
                seed=5,
                transformer="transformer_14b",
            ),
            dict(
                prompt="a red ball rolls",
                negative_prompt="cars",
                image=(50, 70),
                width=32,
                height=48,
                frames=13,
                steps=6,
                guidance=5.0,
                seed=6,
                flow_shift=5.0,
                transformer="transformer_14b",
            ),
        ],
        "others": lambda: {"transformer_14b": transformer(83)},
    },
}


def run(pipe, case, image):
    forcing = "DiffusionForcing" in type(pipe).__name__
    shift = {"flow_shift": case["flow_shift"]} if "flow_shift" in case else {}
    pipe.scheduler = pipe.scheduler.from_config(pipe.scheduler.config, **shift)
    tensors = {}
    network = type(pipe.transformer).forward
    predictions = []

    def spy(self, *rest, **named):
        out = network(self, *rest, **named)
        predictions.append(out[0].clone())
        return out

    type(pipe.transformer).forward = spy
    tensors["noise"] = first_noise(pipe, case, Z)
    more = {"image": image} if image else {}
    if forcing:
        more |= {"ar_step": 0, "fps": 24, "base_num_frames": case["frames"]}
    common = dict(
        prompt=case["prompt"],
        negative_prompt=case["negative_prompt"],
        width=case["width"],
        height=case["height"],
        num_frames=case["frames"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        **more,
    )
    try:
        tensors["latents"] = pipe(
            **common, generator=torch.Generator().manual_seed(case["seed"]), output_type="latent"
        ).frames
        cond, uncond = predictions[:2]
        tensors["noise_pred_0"] = uncond + case["guidance"] * (cond - uncond)
        video = pipe(**common, generator=torch.Generator().manual_seed(case["seed"]), output_type="pt").frames
    finally:
        type(pipe.transformer).forward = network
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return plain(tensors)


def run_case(pipe, folder, number, case):
    """Writes the image and tensors of a case; -> its entry in cases.json"""
    pipe.set_progress_bar_config(disable=True)
    image = picture(*case["image"], seed=case["seed"]) if "image" in case else None
    files = {}
    if image:
        files["image"] = f"image{number}.png"
        image.save(folder / files["image"])
    return save_case(folder, number, case | files, run(pipe, case, image), VERSIONS)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    torch.set_num_threads(1)
    for index, (name, family) in enumerate(FAMILIES.items()):
        folder = OUT / name
        made = tokenizer(folder / "tokenizer")
        encoder = text_encoder(len(made), TEXT, 300 + index)
        parts = dict(tokenizer=made, text_encoder=encoder, **family["parts"]())
        pipe = family["kind"](**parts)
        save_pipeline(pipe, folder)
        others = family.get("others", dict)()
        for other, network in others.items():
            network.save_pretrained(folder / other, safe_serialization=True)
        cases = []
        for number, case in enumerate(family["cases"]):
            if name == "df":
                kind = SkyReelsV2DiffusionForcingImageToVideoPipeline if "image" in case else family["kind"]
                named = {"transformer": others[case["transformer"]]} if "transformer" in case else {}
                pipe = kind(**parts | named)
            cases.append(run_case(pipe, folder, number, case))
        save_cases(folder, cases, VERSIONS)
        print(name, size_of(folder))


if __name__ == "__main__":
    main()
