"""Writes tests/data/ltx: tiny LTX-Video checkpoints with random weights, and what diffusers makes of them.

Run from anywhere: python scripts/goldens/ltx.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, sentencepiece.

Each variant is a model folder in the diffusers layout. `networks.safetensors` beside its parts has inputs and
outputs of the transformer and the autoencoder alone; `cases.json` has one entry a run of the pipeline, with
the safetensors file of its tensors, as pipeline.py writes them; `original_names.json` has the names of the
tensors in Lightricks' own single files, which diffusers converts back to those of the folder.
"""

import json
import shutil

import numpy
import torch
from diffusers import (
    LTXConditionPipeline,
    LTXImageToVideoPipeline,
    LTXPipeline,
)
from diffusers.loaders.single_file_utils import (
    convert_ltx_transformer_checkpoint_to_diffusers,
    convert_ltx_vae_checkpoint_to_diffusers,
)
from golden import (
    VERSIONS,
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
from tiny_ltx import VARIANTS, text_encoder
from tiny_networks import tokenizer

OUT = output_folder("ltx")
DECODE = dict(decode_timestep=0.05, decode_noise_scale=0.025)
INJECTED_NOISE_SEED = 0  # of the noise within the decoder, which diffusers draws from the global generator


@torch.no_grad()
def run_networks(pipe, z, text_dim):
    """Inputs and outputs of the networks alone."""
    generator = torch.Generator().manual_seed(5)
    draw = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    frames, rows, columns, tokens = 3, 2, 4, 11
    out = {
        "latents": draw(1, z, frames, rows, columns),
        "prompt_embeds": draw(1, tokens, text_dim),
        "timestep": torch.tensor([377.25]),
        "fps": torch.tensor([24.0]),
    }
    per_frame = rows * columns
    out["token_timestep"] = torch.cat([torch.zeros(1, per_frame), torch.full((1, 2 * per_frame), 611.5)], 1)
    padded = torch.cat([out["prompt_embeds"], draw(1, 5, text_dim)], 1)
    mask = torch.tensor([[1] * tokens + [0] * 5])

    def predicted(timestep):
        packed = out["latents"].flatten(2).transpose(1, 2)
        sample = pipe.transformer(
            packed,
            padded,
            timestep,
            mask,
            frames,
            rows,
            columns,
            rope_interpolation_scale=(8 / 24, 32, 32),
            return_dict=False,
        )[0]
        return sample.transpose(1, 2).unflatten(2, (frames, rows, columns))

    out["sample"] = predicted(out["timestep"])
    out["token_sample"] = predicted(out["token_timestep"])

    mean, std = (x.view(1, -1, 1, 1, 1) for x in (pipe.vae.latents_mean, pipe.vae.latents_std))
    timestep = torch.tensor([DECODE["decode_timestep"]]) if pipe.vae.config.timestep_conditioning else None
    # The clip is longer than what the decoder sees at once.
    for name, shape in {"clip": (20, 1, 2), "still": (1, 2, 1)}.items():
        latents = draw(1, z, *shape)
        torch.manual_seed(INJECTED_NOISE_SEED)
        out[f"{name}_latents"] = latents
        decoded = pipe.vae.decode(latents * std + mean, timestep).sample.clamp(-1, 1)
        out[f"{name}_decoded"] = decoded[..., ::7, ::5]
    video = torch.rand(1, 3, 17, 32, 64, generator=generator) * 2 - 1
    out["video"] = video
    out["encoded"] = (pipe.vae.encode(video).latent_dist.mode() - mean) / std
    return out


def numbered_blocks(names):
    """The blocks of the autoencoder by their diffusers names, each with its original name."""
    blocks = {"decoder.mid_block": "decoder.up_blocks.0"}
    for coder, kind, parts in (
        ("encoder", "down_blocks", ("", ".downsamplers.0", ".conv_out")),
        ("decoder", "up_blocks", (".conv_in", ".upsamplers.0", "")),
    ):
        number = 1 if coder == "decoder" else 0
        for stage in range(9):
            for part in parts:
                block = f"{coder}.{kind}.{stage}{part}"
                if any(name.startswith(f"{block}." if part else f"{block}.resnets.") for name in names):
                    blocks[block] = f"{coder}.{kind}.{number}"
                    number += 1
        if coder == "encoder":
            blocks["encoder.mid_block"] = f"encoder.{kind}.{number}"
    return blocks


def original_names(pipe, folds):
    """{name in the folder: name in a single file}, of the transformer and the autoencoder"""
    names = {"transformer": {}, "vae": {}}
    for name in pipe.transformer.state_dict():
        original = name.replace("proj_in", "patchify_proj").replace("time_embed.", "adaln_single.")
        original = original.replace("norm_q", "q_norm").replace("norm_k", "k_norm")
        names["transformer"][name] = f"model.diffusion_model.{original}"
    blocks = numbered_blocks(pipe.vae.state_dict())
    for name in pipe.vae.state_dict():
        original = name.replace("decoder.time_embedder", "decoder.last_time_embedder")
        original = original.replace("decoder.scale_shift_table", "decoder.last_scale_shift_table")
        block = max((b for b in blocks if original.startswith(f"{b}.")), key=len, default=None)
        if block:
            original = blocks[block] + original[len(block) :]
        for ours, theirs in {
            "resnets": "res_blocks",
            "conv_shortcut.conv": "conv_shortcut",
            "norm3": "norm3.norm",
            "latents_mean": "per_channel_statistics.mean-of-means",
            "latents_std": "per_channel_statistics.std-of-means",
        }.items():
            original = original.replace(ours, theirs)
        names["vae"][name] = f"vae.{original}"
    # The width of this layer tells diffusers which autoencoder it is.
    whole = {original: name for part in names.values() for name, original in part.items()}
    shape = (1, 2048 if folds else 512)
    file = {name: torch.empty(shape if name == "vae.encoder.conv_out.conv.weight" else 1) for name in whole}
    converted = set(convert_ltx_vae_checkpoint_to_diffusers(file))
    assert converted == set(names["vae"]), converted ^ set(names["vae"])
    converted = set(convert_ltx_transformer_checkpoint_to_diffusers(file))
    assert converted == set(names["transformer"]), converted ^ set(names["transformer"])
    return names


def prompt_embeds(pipe, prompt):
    """[1, L, D], without the rows of padding"""
    embeds, mask, _, _ = pipe.encode_prompt(prompt, None, False, device="cpu")
    return embeds[:, : int(mask.sum())]


def run(pipe, folder, case):
    arguments = dict(case)
    seed, frames, steps = arguments.pop("seed"), arguments.pop("frames"), arguments.pop("steps")
    arguments["guidance_scale"] = arguments.pop("guidance")
    arguments["frame_rate"] = arguments.pop("fps")
    tensors = {}
    if "image" in case:
        if isinstance(pipe, LTXConditionPipeline):
            arguments["image_cond_noise_scale"] = 0.0
        else:
            pipe = LTXImageToVideoPipeline(**pipe.components)
            pipe.set_progress_bar_config(disable=True)
        arguments["image"] = Image.open(folder / case["image"])
        # The posterior's mean, where the pipeline draws a sample.
        encode = pipe.vae.encode

        def mean_of(x):
            made = encode(x)
            made.latent_dist.sample = lambda generator=None: made.latent_dist.mode()
            return made

        pipe.vae.encode = mean_of
    step = pipe.scheduler.step
    keep_first_prediction(pipe, tensors)
    tensors["prompt_embeds"] = prompt_embeds(pipe, case["prompt"])
    if case["guidance"] > 1:
        tensors["negative_prompt_embeds"] = prompt_embeds(pipe, case.get("negative_prompt", ""))
    grid = ((frames - 1) // 8 + 1, case["height"] // 32, case["width"] // 32)
    z = pipe.transformer.config.in_channels
    generator = torch.Generator().manual_seed(seed)
    tensors["noise"] = torch.randn((1, z, *grid), generator=generator)
    torch.manual_seed(INJECTED_NOISE_SEED)
    video = pipe(
        num_frames=frames,
        num_inference_steps=steps,
        generator=torch.Generator().manual_seed(seed),
        output_type="pt",
        callback_on_step_end=keep_latents(tensors),
        **(DECODE if pipe.vae.config.timestep_conditioning else {}),
        **arguments,
    ).frames
    pipe.scheduler.step = step
    if "image" in case:
        pipe.vae.encode = encode
    unpack = lambda x: x.transpose(1, 2).unflatten(2, (-1, *grid[1:]))  # noqa: E731
    tensors["latents"] = unpack(tensors["latents"])
    if tensors["noise_pred_0"].ndim == 3:
        tensors["noise_pred_0"] = unpack(tensors["noise_pred_0"])
    if isinstance(pipe, LTXConditionPipeline):  # which gives the scheduler the opposite
        tensors["noise_pred_0"] = -tensors["noise_pred_0"]
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return plain(tensors)


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    for index, (name, variant) in enumerate(VARIANTS.items()):
        folder = OUT / name
        made = tokenizer(folder / "tokenizer")
        encoder = text_encoder(len(made), variant["text_dim"], 100 + index)
        pipe = variant.get("pipeline", LTXPipeline)(
            tokenizer=made, text_encoder=encoder, **variant["parts"]()
        )
        save_pipeline(pipe, folder)
        pipe.set_progress_bar_config(disable=True)
        save_file(
            plain(run_networks(pipe, variant["z"], variant["text_dim"])),
            folder / "networks.safetensors",
            metadata=VERSIONS,
        )
        names = original_names(pipe, folds=name in ("v095", "v097"))
        (folder / "original_names.json").write_text(json.dumps(names, indent=0) + "\n")
        picture = numpy.random.default_rng(index).integers(0, 256, (6, 4, 3), dtype=numpy.uint8)
        Image.fromarray(picture).resize((32, 64), Image.BICUBIC).save(folder / "image.png")
        cases = [
            save_case(folder, number, case, run(pipe, folder, case))
            for number, case in enumerate(variant["cases"])
        ]
        save_cases(folder, cases)
        print(name, size_of(folder))


if __name__ == "__main__":
    main()
