"""Golden data of what people's LoRA files have beyond scripts/goldens/lora.py, for the same network.

    python scripts/goldens/lora_relatives.py [tests/data/lora_relatives]

loha, lokr: LyCORIS files in kohya's style; the changes of the weights are computed by lycoris (lycoris-lora).
pattern: diffusers' style with peft's alpha_pattern in its metadata, loaded by diffusers with peft. fun:
VideoX-Fun's prefix `lora_unet__`; dit: the prefix `pipe.dit.`; modulation: `diff_m` of a block's table and of
the head's. The samples of these three are of weights changed by hand. All with a strength of 0.7.
"""

import json
import pathlib
import shutil
import sys
from importlib import metadata

import lora
import torch
from lycoris.functional import loha, lokr
from safetensors.torch import load_file, save_file

RANK = 3
ALPHA = 2.0


def random(generator, *shape):
    return torch.randn(shape, generator=generator) / shape[-1] ** 0.5


def loha_of(weight, generator):
    """-> tensors by their endings, change"""
    out, into = weight.shape
    first, second = (
        (random(generator, out, RANK), random(generator, RANK, into) * RANK**0.5) for _ in range(2)
    )
    tensors = dict(hada_w1_a=first[0], hada_w1_b=first[1], hada_w2_a=second[0], hada_w2_b=second[1])
    change = loha.diff_weight(first[1], first[0], second[1], second[0], None, None, gamma=ALPHA / RANK)
    return {**tensors, "alpha": torch.tensor(ALPHA)}, change


def lokr_of(weight, generator, kind):
    """The same; `kind` 0: the second factor is a product, 1: both are, 2: none is."""
    out, into = weight.shape
    a, b = (2 if out % 2 == 0 else 1), (2 if into % 2 == 0 else 1)
    c, d = out // a, into // b
    w1 = w1a = w1b = w2 = w2a = w2b = None
    if kind == 1:
        w1a, w1b = random(generator, a, RANK), random(generator, RANK, b)
    else:
        w1 = random(generator, a, b)
    if kind == 2:
        w2 = random(generator, c, d)
    else:
        w2a, w2b = random(generator, c, RANK), random(generator, RANK, d)
    named = dict(lokr_w1=w1, lokr_w1_a=w1a, lokr_w1_b=w1b, lokr_w2=w2, lokr_w2_a=w2a, lokr_w2_b=w2b)
    tensors = {name: tensor for name, tensor in named.items() if tensor is not None}
    change = lokr.diff_weight(
        w1, w1a, w1b, w2, w2a, w2b, None, gamma=ALPHA
    )  # over the rank, where there is one
    return {**tensors, "alpha": torch.tensor(ALPHA)}, change


def changed(folder, changes):
    """The pipeline with `changes` of its weights by their names, times the strength."""
    pipe = lora.pipeline(folder)
    parameters = dict(pipe.transformer.named_parameters())
    for name, change in changes.items():
        parameters[name].data += lora.STRENGTH * change.reshape(parameters[name].shape)
    return pipe.transformer


def kohya_files(weights, generator):
    """name -> (tensors, changes)"""
    files = {name: ({}, {}) for name in ("loha", "lokr", "fun", "dit")}
    for block in range(2):
        for number, (ours, original) in enumerate(lora.MODULES.items()):
            name = f"blocks.{block}.{ours}.weight"
            weight = weights[name]
            flat = f"blocks_{block}_{original}".replace(".", "_")
            made = {"loha": loha_of(weight, generator), "lokr": lokr_of(weight, generator, number % 3)}
            for style, (tensors, change) in made.items():
                files[style][0].update({f"lora_unet_{flat}.{k}": v for k, v in tensors.items()})
                files[style][1][name] = change
            down, up = lora.pair(weight, generator)
            bases = {"fun": f"lora_unet__{flat}", "dit": f"pipe.dit.blocks.{block}.{original}"}
            for style, base in bases.items():
                files[style][0].update(
                    {f"{base}.lora_down.weight": down, f"{base}.lora_up.weight": up.clone()}
                )
                files[style][1][name] = up @ down
    return files


def pattern_file(weights, generator):
    tensors = {}
    for ours in ("attn1.to_q", "attn1.to_out.0", "ffn.net.2"):
        for block in range(2):
            down, up = lora.pair(weights[f"blocks.{block}.{ours}.weight"], generator)
            tensors[f"transformer.blocks.{block}.{ours}.lora_A.weight"] = down
            tensors[f"transformer.blocks.{block}.{ours}.lora_B.weight"] = up
    config = {
        "r": RANK,
        "lora_alpha": 6,
        "alpha_pattern": {"blocks.0.attn1.to_q": 1.5, "net.2": 12},
        "target_modules": sorted({k.removeprefix("transformer.").split(".lora_")[0] for k in tensors}),
    }
    return tensors, {"lora_adapter_metadata": json.dumps({f"transformer.{k}": v for k, v in config.items()})}


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data/lora_relatives")
    folder = out.parent / "transformer/plain"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.set_num_threads(1)
    inputs = load_file(folder / "golden.safetensors")
    weights = load_file(folder / "diffusion_pytorch_model.safetensors")
    generator = torch.Generator().manual_seed(40)
    golden = {}
    for name, (tensors, changes) in kohya_files(weights, generator).items():
        save_file({k: v.contiguous() for k, v in tensors.items()}, out / f"{name}.safetensors")
        golden[name] = lora.predict(changed(folder, changes), inputs)

    tensors, adapter = pattern_file(weights, generator)
    save_file(tensors, out / "pattern.safetensors", adapter)
    pipe = lora.pipeline(folder)
    pipe.load_lora_weights(str(out / "pattern.safetensors"), adapter_name="pattern")
    pipe.fuse_lora(lora_scale=lora.STRENGTH, adapter_names=["pattern"])
    golden["pattern"] = lora.predict(pipe.transformer, inputs)

    names = {"blocks.1.diff_m": "blocks.1.scale_shift_table", "head.diff_m": "scale_shift_table"}
    tables = {key: 0.5 * torch.randn(weights[ours].shape, generator=generator) for key, ours in names.items()}
    save_file({f"diffusion_model.{k}": v for k, v in tables.items()}, out / "modulation.safetensors")
    golden["modulation"] = lora.predict(changed(folder, {names[k]: v for k, v in tables.items()}), inputs)

    for name, sample in golden.items():  # a LoRA that did nothing would be no test
        assert (sample - inputs["sample"]).norm() > 0.05 * inputs["sample"].norm(), name
    versions = {name: metadata.version(name) for name in ("diffusers", "peft", "torch", "lycoris-lora")}
    save_file({k: v.contiguous() for k, v in golden.items()}, out / "golden.safetensors", versions)
    print({f.name: f.stat().st_size for f in out.iterdir()})


if __name__ == "__main__":
    main()
