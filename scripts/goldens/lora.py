"""Golden data of LoRAs: one for the `plain` transformer in each style, and what diffusers makes of it.

    python scripts/goldens/lora.py [tests/data/lora]

diffusers loads each file with WanPipeline.load_lora_weights, fuses it with a strength of 0.7, and predicts on
the inputs of tests/data/transformer/plain; golden.safetensors holds the samples under the files' names, with
the versions in its metadata. Styles: diffusers (peft) with and without its alpha; ComfyUI's lora_down/up with
alpha and diff_b; kohya's, which writes every module of every block. `both` is the first and the third
together. `differences` holds what diffusers drops: .diff of a norm and of a table; its sample is of weights
changed by hand.
"""

import json
import pathlib
import shutil
import sys

import diffusers
import peft
import torch
from diffusers import WanPipeline, WanTransformer3DModel
from safetensors.torch import load_file, save_file

STRENGTH = 0.7
RANK = 3
MODULES = {
    "attn1.to_q": "self_attn.q",
    "attn1.to_k": "self_attn.k",
    "attn1.to_v": "self_attn.v",
    "attn1.to_out.0": "self_attn.o",
    "attn2.to_q": "cross_attn.q",
    "attn2.to_k": "cross_attn.k",
    "attn2.to_v": "cross_attn.v",
    "attn2.to_out.0": "cross_attn.o",
    "ffn.net.0.proj": "ffn.0",
    "ffn.net.2": "ffn.2",
}


def pair(weight, generator):
    down = torch.randn(RANK, weight.shape[1], generator=generator) / weight.shape[1] ** 0.5
    up = torch.randn(weight.shape[0], RANK, generator=generator) / RANK**0.5
    return down, up


def files_of(weights, generator):
    """name -> (tensors, metadata)"""
    peft_style, comfy, kohya = {}, {}, {}
    for block in range(2):
        for ours, original in MODULES.items():
            weight = weights[f"blocks.{block}.{ours}.weight"]
            if "attn1" in ours or block == 1:  # not every module
                down, up = pair(weight, generator)
                peft_style[f"transformer.blocks.{block}.{ours}.lora_A.weight"] = down
                peft_style[f"transformer.blocks.{block}.{ours}.lora_B.weight"] = up
            down, up = pair(weight, generator)
            base = f"diffusion_model.blocks.{block}.{original}"
            comfy |= {
                f"{base}.lora_down.weight": down,
                f"{base}.lora_up.weight": up,
                f"{base}.alpha": torch.tensor(2.0),
                f"{base}.diff_b": 0.2 * torch.randn(weight.shape[0], generator=generator),
            }
            down, up = pair(weight, generator)
            base = "lora_unet_" + f"blocks_{block}_{original}".replace(".", "_")
            kohya |= {
                f"{base}.lora_down.weight": down.half(),
                f"{base}.lora_up.weight": up.half(),
                f"{base}.alpha": torch.tensor(1.5),
            }
    for ours, original in {
        "condition_embedder.time_proj": "time_projection.1",
        "proj_out": "head.head",
    }.items():
        weight = weights[f"{ours}.weight"]
        down, up = pair(weight, generator)
        comfy |= {
            f"diffusion_model.{original}.lora_down.weight": down,
            f"diffusion_model.{original}.lora_up.weight": up,
            f"diffusion_model.{original}.diff_b": 0.2 * torch.randn(weight.shape[0], generator=generator),
        }
    scaled = {
        "transformer.r": RANK,
        "transformer.lora_alpha": 6,
        "transformer.use_rslora": False,
        "transformer.target_modules": sorted(
            {k.removeprefix("transformer.").split(".lora_")[0] for k in peft_style}
        ),
    }
    return {
        "peft": (peft_style, None),
        "peft_alpha": (peft_style, {"lora_adapter_metadata": json.dumps(scaled)}),
        "comfy": (comfy, None),
        "kohya": (kohya, None),
    }


def pipeline(folder):
    transformer = WanTransformer3DModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
    return WanPipeline(tokenizer=None, text_encoder=None, vae=None, scheduler=None, transformer=transformer)


def predict(transformer, inputs):
    embeds = torch.zeros(1, int(inputs["prompt_rows"]), inputs["prompt_embeds"].shape[2])
    embeds[:, : inputs["prompt_embeds"].shape[1]] = inputs["prompt_embeds"]
    with torch.no_grad():
        return transformer(inputs["latents"], inputs["timestep"].long(), embeds, return_dict=False)[0]


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data/lora")
    folder = out.parent / "transformer/plain"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.set_num_threads(1)
    inputs = load_file(folder / "golden.safetensors")
    weights = load_file(folder / "diffusion_pytorch_model.safetensors")
    files = files_of(weights, torch.Generator().manual_seed(20))
    golden = {}
    for name, (tensors, metadata) in files.items():
        save_file(tensors, out / f"{name}.safetensors", metadata)
    for name, loras in {**{name: [name] for name in files}, "both": ["peft", "comfy"]}.items():
        pipe = pipeline(folder)
        for i, lora in enumerate(loras):
            pipe.load_lora_weights(str(out / f"{lora}.safetensors"), adapter_name=f"lora{i}")
            pipe.set_adapters([f"lora{i}"])
            pipe.fuse_lora(lora_scale=STRENGTH, adapter_names=[f"lora{i}"])
            pipe.unload_lora_weights()
        golden[name] = predict(pipe.transformer, inputs)
        # A LoRA that did nothing would be no test.
        assert (golden[name] - inputs["sample"]).norm() > 0.05 * inputs["sample"].norm(), name

    generator = torch.Generator().manual_seed(21)
    pipe = pipeline(folder)
    names = {
        "blocks.0.norm3.diff": "blocks.0.norm2.weight",
        "blocks.1.self_attn.norm_q.diff": "blocks.1.attn1.norm_q.weight",
        "blocks.1.modulation.diff": "blocks.1.scale_shift_table",
        "patch_embedding.diff_b": "patch_embedding.bias",
    }
    parameters, tensors = dict(pipe.transformer.named_parameters()), {}
    for key, ours in names.items():
        value = 0.5 * torch.randn(parameters[ours].shape, generator=generator)
        tensors[f"diffusion_model.{key}"] = value
        parameters[ours].data += STRENGTH * value
    save_file(tensors, out / "differences.safetensors")
    golden["differences"] = predict(pipe.transformer, inputs)

    versions = dict(diffusers=diffusers.__version__, peft=peft.__version__, torch=torch.__version__)
    save_file({k: v.contiguous() for k, v in golden.items()}, out / "golden.safetensors", versions)
    print({f.name: f.stat().st_size for f in out.iterdir()})


if __name__ == "__main__":
    main()
