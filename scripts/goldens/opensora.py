#!/usr/bin/env python3
"""Golden data for Open-Sora 2.0: writes tests/data/opensora.

    git clone https://github.com/hpcaitech/Open-Sora
    python scripts/goldens/opensora.py --source Open-Sora

A tiny checkpoint with random weights in the published layout, and what Open-Sora's own Python gives for it
on a CPU in fp32. Needs torch, diffusers, transformers, sentencepiece, protobuf, einops and pillow, and the
data of clip_text.py and ltx.py, whose text encoders it takes. What made it is written in versions.json.
"""

import argparse
import json
import pathlib
import shutil

import diffusers
import opensora_reference
import torch
import transformers
from diffusers import AutoencoderKLHunyuanVideo
from PIL import Image
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).resolve().parents[2] / "tests/data"
OUT = DATA / "opensora"
MODEL = OUT / "model"
T5 = MODEL / "google/t5-v1_1-xxl"
CLIP = MODEL / "openai/clip-vit-large-patch14"
TEXT, VECTOR = 24, 24  # widths of the text encoders' outputs
WIDTHS = (8, 8, 16, 16)
GROUPS = 8
LATENTS = 4


def randomized(model, seed, scale=1.0):
    """Weights that keep the size of what passes through; norms near one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                gain = name.endswith("weight") or name.endswith("scale")
                parameter.copy_(noise * 0.1 + (1.0 if gain else 0.0))
            else:
                parameter.copy_(noise * scale / parameter[0].numel() ** 0.5)
            parameter.copy_(parameter.bfloat16())  # stored so
    return model.eval()


def save_weights(model, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.bfloat16().contiguous() for name, tensor in model.state_dict().items()}, path)


def make_vae(reference, **changes):
    config = reference.autoencoder_kl_causal_3d.AutoEncoder3DConfig(
        from_pretrained=None,
        latent_channels=LATENTS,
        layers_per_block=1,
        norm_num_groups=GROUPS,
        block_out_channels=WIDTHS,
        use_spatial_tiling=True,
        **changes,
    )
    return randomized(reference.autoencoder_kl_causal_3d.AutoencoderKLCausal3D(config), 3)


def of_diffusers(vae):
    """The same weights in diffusers' class, without its tiles in time."""
    blocks = len(WIDTHS)
    other = AutoencoderKLHunyuanVideo(
        latent_channels=LATENTS,
        layers_per_block=1,
        norm_num_groups=GROUPS,
        block_out_channels=WIDTHS,
        down_block_types=("HunyuanVideoDownBlock3D",) * blocks,
        up_block_types=("HunyuanVideoUpBlock3D",) * blocks,
    ).eval()
    other.load_state_dict(vae.state_dict())
    other.use_framewise_encoding = other.use_framewise_decoding = False
    return other


def write_vae(reference):
    """Clips of one and of nine frames, as a whole; one with tiles; decoded and encoded."""
    vae = make_vae(reference)
    other = of_diffusers(vae)
    save_weights(vae, MODEL / "hunyuan_vae.safetensors")
    generator = torch.Generator().manual_seed(8)
    tensors = {}
    with torch.no_grad():
        for name, shape in (("one", (1, 4, 6)), ("clip", (3, 5, 3)), ("tiled", (2, 2, 35))):
            latents = torch.randn((1, LATENTS, *shape), generator=generator)
            frames = 1 + 4 * (shape[0] - 1)
            video = torch.rand((1, 3, frames, 8 * shape[1], 8 * shape[2]), generator=generator) * 2 - 1
            decoded = vae.decode(latents)
            encoded = vae.encode(video, sample_posterior=False)
            if name != "tiled":
                factor = other.config.scaling_factor
                same = other.decode(latents / factor).sample
                assert torch.allclose(same, decoded, atol=1e-4), (same - decoded).abs().max()
                same = other.encode(video).latent_dist.mode() * factor
                assert torch.allclose(same, encoded, atol=1e-4), (same - encoded).abs().max()
            else:  # half of the bytes
                video = video.half().float()
                encoded = vae.encode(video, sample_posterior=False)
            tensors[name + ".latents"] = latents
            tensors[name + ".decoded"] = (
                decoded.clamp(-1, 1).half() if name == "tiled" else decoded.clamp(-1, 1)
            )
            tensors[name + ".video"] = video.half() if name == "tiled" else video
            tensors[name + ".encoded"] = encoded
    save_file({name: x.contiguous() for name, x in tensors.items()}, OUT / "vae.safetensors")
    return vae


def make_transformer(reference, **changes):
    settings = {
        "in_channels": 4 * LATENTS,
        "vec_in_dim": VECTOR,
        "context_in_dim": TEXT,
        "hidden_size": 64,
        "mlp_ratio": 2.0,
        "num_heads": 2,
        "depth": 1,
        "depth_single_blocks": 1,
        "axes_dim": [4, 14, 14],
        "theta": 10_000,
        "qkv_bias": True,
        "guidance_embed": False,
        "cond_embed": True,
        "fused_qkv": False,
        "use_liger_rope": True,
        **changes,
    }
    config = reference.model.MMDiTConfig(from_pretrained=None, cache_dir=None, **settings)
    return randomized(reference.model.MMDiTModel(config), 4)


def write_transformer(reference):
    """The published form; and that with fused matrices, interleaved rotation and embedded guidance."""
    save_weights(make_transformer(reference), MODEL / "Open_Sora_v2.safetensors")
    one = {"hidden_size": 32, "num_heads": 1, "qkv_bias": False}
    fused = {"fused_qkv": True, "use_liger_rope": False, "guidance_embed": True}
    save_weights(make_transformer(reference, **one, **fused), OUT / "fused.safetensors")
    generator = torch.Generator().manual_seed(12)
    tensors = {}
    for name, model in (
        ("published", make_transformer(reference)),
        ("fused", make_transformer(reference, **one, **fused)),
    ):
        latents = torch.randn((1, LATENTS, 3, 6, 10), generator=generator)
        mask = (torch.rand((1, 1, 3, 6, 10), generator=generator) > 0.5).float()
        known = torch.randn((1, LATENTS, 3, 6, 10), generator=generator) * mask
        text = torch.randn((1, 7, TEXT), generator=generator)
        vector = torch.randn((1, VECTOR), generator=generator)
        sampling = reference.sampling
        inputs = sampling.prepare_ids(latents, text, vector)
        with torch.no_grad():
            made = model(
                **inputs,
                timesteps=torch.tensor([0.7311]),
                cond=sampling.pack(torch.cat([mask, known], 1)),
                guidance=torch.tensor([4.0]),
            )
        made = sampling.unpack(made, 48, 80, 3)
        both = {"latents": torch.cat([latents, mask, known], 1), "text": text, "vector": vector, "made": made}
        tensors.update({f"{name}.{key}": x.contiguous() for key, x in both.items()})
    save_file(tensors, OUT / "transformer.safetensors")


def copy_text_encoders():
    shutil.copytree(DATA / "ltx/v090/text_encoder", T5)
    shutil.copytree(DATA / "ltx/v090/tokenizer", T5, dirs_exist_ok=True)
    shutil.copytree(DATA / "clip_text/encoders/quick_gelu", CLIP)
    shutil.copytree(DATA / "clip_text/tokenizers/files", CLIP, dirs_exist_ok=True)


CASES = [
    {"prompt": "a red ball rolls over the hill", "steps": 13, "guidance": 7.5, "seed": 7, "frames": 9},
    {"prompt": "A cat's hat. 24 FPS.", "steps": 3, "guidance": 4.0, "seed": 1, "frames": 5},
    {
        "prompt": "the waves roll in",
        "steps": 13,
        "guidance": 7.5,
        "seed": 3,
        "frames": 9,
        "image": "image.png",
    },
]
SIZE = (48, 32)


def picture():
    """A picture of the video's size, and the same as the autoencoder takes it."""
    generator = torch.Generator().manual_seed(1)
    small = torch.rand((1, 3, 4, 6), generator=generator)
    large = torch.nn.functional.interpolate(small, size=SIZE[::-1], mode="bilinear")
    bytes_ = (large[0] * 255).round().to(torch.uint8)
    Image.fromarray(bytes_.permute(1, 2, 0).numpy()).save(OUT / "image.png")
    return (bytes_.float() / 255 * 2 - 1)[None, :, None]


def run_case(reference, case, run, vae, image):
    """The video of sampling.py's api_fn, and the latents that are decoded."""
    sampling, inference = reference.sampling, reference.inference
    option = sampling.SamplingOption(
        width=SIZE[0],
        height=SIZE[1],
        num_frames=case["frames"],
        num_steps=case["steps"],
        guidance=case["guidance"],
        guidance_img=3.0,
        text_osci=True,
        image_osci=True,
        scale_temporal_osci=True,
        method="i2v",
        temporal_reduction=4,
        is_causal_vae=True,
    )
    option = sampling.sanitize_sampling_option(option)
    text = inference.add_fps_info_to_text([case["prompt"]], fps=24)
    text = inference.add_motion_score_to_text(text, "4")
    more = {}
    if "image" in case:
        known = vae.encode(image, sample_posterior=False)[0]
        sampling.collect_references_batch = lambda *_, **__: [[known]]
        more = {"ref": ["image.png"]}
    decoded = []
    decode = vae.decode
    vae.decode = lambda x: (decoded.append(x.clone()), decode(x))[1]
    kind = "i2v_head" if "image" in case else "t2v"
    video = run(option, kind, seed=case["seed"], text=text, channel=4 * LATENTS, **more)
    vae.decode = decode
    return {"latents": decoded[0], "video": (video.clamp(-1, 1)[0].permute(1, 2, 3, 0) + 1) / 2}


def write_runs(reference, vae):
    t5 = reference.conditioner.HFEmbedder(str(T5), 512, dtype=torch.float32)
    clip = reference.conditioner.HFEmbedder(str(CLIP), 77, dtype=torch.float32)
    transformer = make_transformer(reference)
    run = reference.sampling.prepare_api(transformer, vae, t5, clip, {})
    image = picture()
    for i, case in enumerate(CASES):
        case |= {"width": SIZE[0], "height": SIZE[1], "tensors": f"case{i}.safetensors"}
        tensors = run_case(reference, case, run, vae, image)
        save_file({name: x.contiguous() for name, x in tensors.items()}, OUT / case["tensors"])
    (OUT / "cases.json").write_text(json.dumps({"cases": CASES}, indent=1) + "\n")
    own = {"native_width": SIZE[0], "native_height": SIZE[1], "native_frames": 9, "default_res": "48x32"}
    (MODEL / "sora-gen.json").write_text(json.dumps({"name": "tiny Open-Sora", **own}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    options = parser.parse_args()
    reference = opensora_reference.load(options.source)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    copy_text_encoders()
    vae = write_vae(reference)
    write_transformer(reference)
    write_runs(reference, vae)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, diffusers)}
    versions["Open-Sora"] = "7ad6a96a135feb81f755c84fb391818718f6beb2"
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
