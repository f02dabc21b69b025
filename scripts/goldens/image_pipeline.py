"""Writes tests/data/image: tiny image-conditioned Wan checkpoints, and what diffusers and transformers make
of them.

Run from anywhere: python scripts/goldens/image_pipeline.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, pillow 13.0.0, ftfy, sentencepiece; no torchvision,
whose way of resizing is another.

A folder for each family, as pipeline.py writes them: i2v (Wan 2.1: an image encoder), flf2v (the same, with a
first and a last frame), i2v_a14b (Wan 2.2: two experts, no image encoder). Their cases name the images, PNG
files beside them, and hold two tensors more: `condition` (what is joined to the noisy latents) and
`image_embeds`. processor.safetensors: pictures of odd sizes (`image_N`), what CLIPImageProcessor makes of
them (`pixels_N`), and Pillow's resizing of them (`lanczos_N`, `bicubic_N`, `bilinear_N`, `box_N`,
`hamming_N`).
"""

import shutil

import numpy
import PIL
import torch
from diffusers import WanImageToVideoPipeline, WanTransformer3DModel
from golden import VERSIONS as COMMON_VERSIONS
from golden import (
    keep_first_prediction,
    keep_latents,
    output_folder,
    plain,
    save_case,
    save_cases,
    save_pipeline,
    size_of,
)
from PIL import Image
from safetensors.torch import save_file
from tiny_networks import randomise, text_encoder, tokenizer, unipc, vae21
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

OUT = output_folder("image")
VERSIONS = COMMON_VERSIONS | {"pillow": PIL.__version__}
Z, TEXT, IMAGE, SIDE, PATCH = 4, 24, 24, 30, 10
TOKENS = (SIDE // PATCH) ** 2 + 1


def picture(width, height, seed):
    """Shapes with soft and hard edges: what a resizing filter is seen by."""
    random = numpy.random.RandomState(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    planes = []
    for _ in range(3):
        wave = numpy.sin(x / width * random.uniform(3, 30) + random.uniform(0, 6)) * numpy.cos(
            y / height * random.uniform(3, 30)
        )
        edge = (x * random.uniform(-1, 1) + y * random.uniform(-1, 1)) > random.uniform(0, width / 3)
        planes.append(110 + 70 * wave + 60 * edge + random.uniform(-25, 25, (height, width)))
    return Image.fromarray(numpy.stack(planes, -1).clip(0, 255).astype(numpy.uint8), "RGB")


def image_encoder(seed, **more):
    config = CLIPVisionConfig(
        hidden_size=IMAGE,
        intermediate_size=36,
        num_hidden_layers=3,
        num_attention_heads=3,
        image_size=SIDE,
        patch_size=PATCH,
        **({"hidden_act": "gelu"} | more),
    )
    return randomise(CLIPVisionModel(config), seed)


def processor():
    return CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})


def transformer(seed, **more):
    return randomise(
        WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=20,
            in_channels=2 * Z + 4,
            out_channels=Z,
            text_dim=TEXT,
            freq_dim=24,
            ffn_dim=40,
            num_layers=2,
            **more,
        ),
        seed,
    )


CLIP = dict(image_dim=IMAGE, added_kv_proj_dim=40)
VARIANTS = {
    "i2v": {
        "parts": lambda: dict(
            vae=vae21(31),
            transformer=transformer(32, **CLIP),
            scheduler=unipc(3.0),
            image_encoder=image_encoder(33),
            image_processor=processor(),
        ),
        "cases": [
            dict(
                prompt="waves and rain",
                negative_prompt="a lake",
                image=(61, 45),
                width=48,
                height=32,
                frames=9,
                steps=3,
                guidance=5.0,
                seed=4,
            ),
            dict(
                prompt="birds fly",
                image=(50, 131),
                width=32,
                height=64,
                frames=1,
                steps=2,
                guidance=1.0,
                seed=8,
            ),
        ],
    },
    "flf2v": {
        "parts": lambda: dict(
            vae=vae21(41),
            transformer=transformer(42, pos_embed_seq_len=2 * TOKENS, **CLIP),
            scheduler=unipc(16.0),
            image_encoder=image_encoder(43, hidden_act="quick_gelu"),
            image_processor=processor(),
        ),
        "cases": [
            dict(
                prompt="neon street",
                image=(48, 32),
                last_image=(77, 52),
                width=48,
                height=32,
                frames=13,
                steps=3,
                guidance=5.5,
                seed=6,
            ),
        ],
    },
    "i2v_a14b": {
        "parts": lambda: dict(
            vae=vae21(51),
            transformer=transformer(52),
            transformer_2=transformer(53),
            scheduler=unipc(5.0),
            boundary_ratio=0.9,
        ),
        "cases": [
            dict(
                prompt="a red ball",
                image=(90, 60),
                width=48,
                height=32,
                frames=9,
                steps=5,
                guidance=3.5,
                seed=11,
            ),
            dict(
                prompt="a red ball",
                negative_prompt="rain",
                image=(90, 60),
                last_image=(33, 64),
                width=32,
                height=32,
                frames=5,
                steps=4,
                guidance=3.0,
                guidance_2=4.0,
                seed=12,
            ),
        ],
    },
}


def run(pipe, case, images):
    tensors = {}
    pipe.scheduler = pipe.scheduler.from_config(pipe.scheduler.config)
    keep_first_prediction(pipe, tensors)
    prepare, encode = pipe.prepare_latents, pipe.encode_image

    def keep_condition(*rest, **named):
        latents, condition = prepare(*rest, **named)
        tensors["noise"], tensors["condition"] = latents.clone(), condition.clone()
        return latents, condition

    def keep_embeds(*rest, **named):
        tensors["image_embeds"] = encode(*rest, **named)
        return tensors["image_embeds"]

    pipe.prepare_latents, pipe.encode_image = keep_condition, keep_embeds
    more = {"guidance_scale_2": case["guidance_2"]} if "guidance_2" in case else {}
    video = pipe(
        prompt=case["prompt"],
        negative_prompt=case.get("negative_prompt", ""),
        **images,
        width=case["width"],
        height=case["height"],
        num_frames=case["frames"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        generator=torch.Generator().manual_seed(case["seed"]),
        output_type="pt",
        callback_on_step_end=keep_latents(tensors),
        **more,
    ).frames
    pipe.prepare_latents, pipe.encode_image = prepare, encode
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return plain(tensors)


def run_case(pipe, folder, number, case):
    """Writes the images and tensors of a case; -> its entry in cases.json"""
    images = {
        key: picture(*case[key], seed=case["seed"] + len(key))
        for key in ("image", "last_image")
        if key in case
    }
    tensors = run(pipe, case, images)
    files = {key: f"{key}{number}.png" for key in images}
    for key, file in files.items():
        images[key].save(folder / file)
    return save_case(folder, number, case | files, tensors, VERSIONS)


def families():
    for index, (name, variant) in enumerate(VARIANTS.items()):
        folder = OUT / name
        made = tokenizer(folder / "tokenizer")
        encoder = text_encoder(len(made), TEXT, 200 + index)
        pipe = WanImageToVideoPipeline(tokenizer=made, text_encoder=encoder, **variant["parts"]())
        save_pipeline(pipe, folder)
        pipe.set_progress_bar_config(disable=True)
        cases = [run_case(pipe, folder, number, case) for number, case in enumerate(variant["cases"])]
        save_cases(folder, cases, VERSIONS)
        print(name, size_of(folder))


def processing():
    tensors = {}
    filters = {
        "lanczos": Image.LANCZOS,
        "bicubic": Image.BICUBIC,
        "bilinear": Image.BILINEAR,
        "box": Image.BOX,
        "hamming": Image.HAMMING,
    }
    # Larger and smaller than the crop of 30, long and tall, one side as it is wanted, and one pixel.
    for number, size in enumerate(
        [(37, 23), (23, 67), (91, 31), (30, 30), (30, 44), (1, 1), (11, 7), (64, 48)]
    ):
        image = picture(*size, seed=number)
        tensors[f"image_{number}"] = torch.from_numpy(numpy.array(image))
        tensors[f"pixels_{number}"] = processor()(images=image, return_tensors="pt").pixel_values[0]
        for name, value in filters.items():
            tensors[f"{name}_{number}"] = torch.from_numpy(numpy.array(image.resize((29, 17), value)))
    save_file(plain(tensors), OUT / "processor.safetensors", metadata=VERSIONS)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    torch.set_num_threads(1)
    families()
    processing()


if __name__ == "__main__":
    main()
