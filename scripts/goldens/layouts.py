"""The layouts in which people have Wan weights: single files of the test models that stand as diffusers
folders.

    python scripts/goldens/layouts.py [tests/data]

Reads the folders of transformer.py, vae.py, text.py and pipeline.py and writes the same weights under the
names of the original repository, of ComfyUI, of GGUF and in scaled fp8, to layouts/. What rounds has its
rounded values under diffusers' names beside it, as <name>.expected.safetensors. The names are checked here
against who defines them: diffusers' conversion of single files, and the gguf package's table for T5.

original/ and comfy/ are models of their own, tiny ones of published latent channels: the first as the
original repository lays them out, the second as a folder of single files, with the text encoder's tokenizer
in its file.
"""

import json
import pathlib
import re
import shutil
import sys

import gguf
import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from diffusers.loaders.single_file_utils import (
    convert_wan_transformer_to_diffusers,
    convert_wan_vae_to_diffusers,
)
from safetensors.torch import load_file, save_file
from sentencepiece import sentencepiece_model_pb2
from transformers import UMT5Config, UMT5EncoderModel

TRANSFORMER = [
    ("condition_embedder.text_embedder.linear_1.", "text_embedding.0."),
    ("condition_embedder.text_embedder.linear_2.", "text_embedding.2."),
    ("condition_embedder.time_embedder.linear_1.", "time_embedding.0."),
    ("condition_embedder.time_embedder.linear_2.", "time_embedding.2."),
    ("condition_embedder.time_proj.", "time_projection.1."),
    ("condition_embedder.image_embedder.norm1.", "img_emb.proj.0."),
    ("condition_embedder.image_embedder.ff.net.0.proj.", "img_emb.proj.1."),
    ("condition_embedder.image_embedder.ff.net.2.", "img_emb.proj.3."),
    ("condition_embedder.image_embedder.norm2.", "img_emb.proj.4."),
    ("condition_embedder.image_embedder.pos_embed", "img_emb.emb_pos"),
    (".norm2.", ".norm3."),
    (".attn1.", ".self_attn."),
    (".attn2.", ".cross_attn."),
    (".to_q.", ".q."),
    (".to_k.", ".k."),
    (".to_v.", ".v."),
    (".to_out.0.", ".o."),
    (".add_k_proj.", ".k_img."),
    (".add_v_proj.", ".v_img."),
    (".norm_added_k.", ".norm_k_img."),
    (".ffn.net.0.proj.", ".ffn.0."),
    (".ffn.net.2.", ".ffn.2."),
    ("proj_out.", "head.head."),
]


def weights_of(folder):
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        if file.name != "golden.safetensors":
            tensors.update(load_file(file))
    return {k: v for k, v in tensors.items() if "norm_added_q" not in k}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def original_transformer(weights):
    result = {}
    for name, value in weights.items():
        new = re.sub(r"^(blocks\.\d+\.)scale_shift_table$", r"\1modulation", name)
        new = re.sub(r"^scale_shift_table$", "head.modulation", new)
        for ours, theirs in TRANSFORMER:
            new = new.replace(ours, theirs)
        result[new] = value
    back = convert_wan_transformer_to_diffusers(dict(result))
    back = {
        k.replace("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"): v
        for k, v in back.items()
    }
    assert same(back, weights), set(back) ^ set(weights)
    return result


RESIDUAL = {
    "norm1": "residual.0",
    "conv1": "residual.2",
    "norm2": "residual.3",
    "conv2": "residual.6",
    "conv_shortcut": "shortcut",
}


def original_vae(weights, config):
    group = config["num_res_blocks"] + 2  # of the decoder, an upsampler included
    result = {}
    for name, value in weights.items():
        new = name
        new = re.sub(r"^quant_conv\.", "conv1.", new)
        new = re.sub(r"^post_quant_conv\.", "conv2.", new)
        new = re.sub(r"\.conv_in\.", ".conv1.", new)
        new = re.sub(r"\.norm_out\.", ".head.0.", new)
        new = re.sub(r"\.conv_out\.", ".head.2.", new)
        new = re.sub(r"\.mid_block\.resnets\.(\d)\.", lambda m: f".middle.{2 * int(m[1])}.", new)
        new = new.replace(".mid_block.attentions.0.", ".middle.1.")
        down, up = config["num_res_blocks"], config["num_res_blocks"] + 1
        if config["is_residual"]:
            new = re.sub(r"\.down_blocks\.(\d+)\.resnets\.(\d+)\.", r".downsamples.\1.downsamples.\2.", new)
            new = re.sub(r"\.down_blocks\.(\d+)\.downsampler\.", rf".downsamples.\1.downsamples.{down}.", new)
            new = re.sub(r"\.up_blocks\.(\d+)\.resnets\.(\d+)\.", r".upsamples.\1.upsamples.\2.", new)
            new = re.sub(r"\.up_blocks\.(\d+)\.upsampler\.", rf".upsamples.\1.upsamples.{up}.", new)
        else:
            new = re.sub(r"\.down_blocks\.(\d+)\.", r".downsamples.\1.", new)
            new = re.sub(
                r"\.up_blocks\.(\d+)\.resnets\.(\d+)\.",
                lambda m: f".upsamples.{int(m[1]) * group + int(m[2])}.",
                new,
            )
            new = re.sub(
                r"\.up_blocks\.(\d+)\.upsamplers\.0\.",
                lambda m, up=up: f".upsamples.{int(m[1]) * group + up}.",
                new,
            )
        if "samples." in new or ".middle.0." in new or ".middle.2." in new:
            for ours, theirs in RESIDUAL.items():
                new = new.replace(f".{ours}.", f".{theirs}.")
        result[new] = value
    # diffusers converts 2.1 only, and only with the published two resnets a stage.
    if not config["is_residual"] and config["num_res_blocks"] == 2:
        back = convert_wan_vae_to_diffusers(dict(result))
        if config["dim_mult"] == [1, 2, 4, 4]:
            assert same(back, weights), set(back) ^ set(weights)
        else:  # it takes block 4 to be the only shortcut
            assert {k for k in back if "conv_shortcut" not in k} == {
                k for k in weights if "conv_shortcut" not in k
            }
    return result


def original_text(weights):
    rules = [
        (r"^shared\.weight$", "token_embedding.weight"),
        (r"^encoder\.final_layer_norm\.", "norm."),
        (r"^encoder\.block\.(\d+)\.layer\.0\.layer_norm\.", r"blocks.\1.norm1."),
        (
            r"^encoder\.block\.(\d+)\.layer\.0\.SelfAttention\.relative_attention_bias\.",
            r"blocks.\1.pos_embedding.embedding.",
        ),
        (r"^encoder\.block\.(\d+)\.layer\.0\.SelfAttention\.", r"blocks.\1.attn."),
        (r"^encoder\.block\.(\d+)\.layer\.1\.layer_norm\.", r"blocks.\1.norm2."),
        (r"^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wi_0\.", r"blocks.\1.ffn.gate.0."),
        (r"^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wi_1\.", r"blocks.\1.ffn.fc1."),
        (r"^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wo\.", r"blocks.\1.ffn.fc2."),
    ]
    result = {}
    for name, value in weights.items():
        new = name
        for pattern, theirs in rules:
            new = re.sub(pattern, theirs, new)
        assert new != name, name
        result[new] = value
    return result


def gguf_text(weights, layers):
    table = gguf.get_tensor_name_map(gguf.MODEL_ARCH.T5ENCODER, layers)
    return {table.get_name(name, try_suffixes=(".weight",)): value for name, value in weights.items()}


def add_tokenizer(writer, file):
    """As llama.cpp's converter does for T5."""
    model = sentencepiece_model_pb2.ModelProto.FromString(file.read_bytes())
    writer.add_tokenizer_model("t5")
    writer.add_token_list([piece.piece for piece in model.pieces])
    writer.add_token_scores([piece.score for piece in model.pieces])
    writer.add_token_types([piece.type for piece in model.pieces])
    writer.add_precompiled_charsmap(model.normalizer_spec.precompiled_charsmap)


def write_gguf(path, arch, tensors, kinds=(), joined=(), tokenizer=None):
    """Quantises the tensors that a kind fits; gives the values that the file stands for."""
    writer = gguf.GGUFWriter(path, arch)
    if tokenizer:
        add_tokenizer(writer, tokenizer)
    expected = {}
    index = 0
    for name, value in tensors.items():
        data = value.float().numpy()
        expected[name] = value.float()
        fits = [
            kind for kind in kinds if data.ndim == 2 and data.shape[1] % gguf.GGML_QUANT_SIZES[kind][0] == 0
        ]
        if fits:
            kind = fits[index % len(fits)]
            index += 1
            quantised = gguf.quants.quantize(data, kind)
            expected[name] = torch.from_numpy(gguf.quants.dequantize(quantised, kind).astype(np.float32))
            writer.add_tensor(name, quantised, raw_dtype=kind)
        elif name in joined:
            writer.add_tensor(name, data.reshape(-1, *data.shape[2:]))
        else:
            writer.add_tensor(name, np.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


def fp8(tensors, style):
    """Linear weights in fp8: as they are, or scaled so that the largest is the type's largest."""
    stored, expected = {}, {}
    for name, value in tensors.items():
        value = value.float()
        if value.ndim != 2 or not name.endswith(".weight"):
            stored[name] = expected[name] = value
            continue
        scale = torch.ones(()) if style == "plain" else value.abs().max() / 448
        stored[name] = (value / scale).to(torch.float8_e4m3fn)
        expected[name] = stored[name].float() * scale
        base = name.removesuffix(".weight")
        if style == "comfy":
            stored[f"{base}.scale_weight"] = scale.reshape(1)
            stored[f"{base}.scale_input"] = torch.ones(1)
        elif style == "other":
            stored[f"{base}.weight_scale"] = scale
    if style == "comfy":
        stored["scaled_fp8"] = torch.zeros(2, dtype=torch.float8_e4m3fn)
    return stored, expected


def contiguous(tensors):
    return {k: v.contiguous() for k, v in tensors.items()}


def save(tensors, path):
    save_file(contiguous(tensors), path)


def transformers(root, out):
    plain = weights_of(root / "transformer/plain")
    save(original_transformer(plain), out / "plain.safetensors")
    image = original_transformer(weights_of(root / "transformer/image"))
    save({f"model.diffusion_model.{k}": v for k, v in image.items()}, out / "image.safetensors")
    two = original_transformer(weights_of(root / "transformer/two_images"))
    save({f"diffusion_model.{k}": v for k, v in two.items()}, out / "two_images.safetensors")

    write_gguf(out / "plain.gguf", "wan", original_transformer(plain), joined=("patch_embedding.weight",))
    batch = original_transformer(weights_of(root / "transformer/batch"))
    kinds = [gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q5_1]
    expected = write_gguf(out / "batch.gguf", "wan", batch, kinds)
    save(convert_wan_transformer_to_diffusers(dict(expected)), out / "batch.expected.safetensors")

    patches = original_transformer(weights_of(root / "transformer/patches"))
    for style in ("plain", "comfy", "other"):
        stored, expected = fp8(patches, style)
        save(stored, out / f"fp8_{style}.safetensors")
        save(convert_wan_transformer_to_diffusers(dict(expected)), out / f"fp8_{style}.expected.safetensors")


def vaes(root, out):
    for name in ("plain", "plain_once", "residual", "residual_small"):
        folder = root / "vae" / name
        config = json.loads((folder / "config.json").read_text())
        save(original_vae(weights_of(folder), config), out / f"{name}.safetensors")


def texts(root, out):
    folder = root / "text/encoders/umt5"
    weights = weights_of(folder)
    layers = json.loads((folder / "config.json").read_text())["num_layers"]
    save(original_text(weights), out / "original.safetensors")
    spiece = (root / "text/tokenizers/plain/spiece.model").read_bytes()
    save(
        {**weights, "spiece_model": torch.frombuffer(bytearray(spiece), dtype=torch.uint8)},
        out / "comfy.safetensors",
    )
    write_gguf(
        out / "umt5.gguf",
        "t5encoder",
        gguf_text(weights, layers),
        tokenizer=root / "text/tokenizers/plain/spiece.model",
    )


def parts(root, out):
    """The parts of the wan21 test model as single files, to stand in for its folders."""
    model = root / "pipeline/wan21"
    save(original_transformer(weights_of(model / "transformer")), out / "transformer.safetensors")
    config = json.loads((model / "vae/config.json").read_text())
    save(original_vae(weights_of(model / "vae"), config), out / "vae.safetensors")
    save(original_text(weights_of(model / "text_encoder")), out / "text_encoder.safetensors")


def published_networks():
    """Tiny ones with latents of as many channels as the published models have."""
    torch.manual_seed(20)
    transformer = WanTransformer3DModel(
        num_attention_heads=1,
        attention_head_dim=128,
        in_channels=16,
        out_channels=16,
        text_dim=24,
        freq_dim=16,
        ffn_dim=32,
        num_layers=1,
    )
    vae = AutoencoderKLWan(base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    text = UMT5EncoderModel(
        UMT5Config(
            vocab_size=88,
            d_model=24,
            d_kv=8,
            d_ff=32,
            num_layers=1,
            num_heads=3,
            is_gated_act=True,
            feed_forward_proj="gated-gelu",
        )
    )
    return transformer, vae, text


ORIGINAL_CONFIG = {
    "_class_name": "WanModel",
    "_diffusers_version": "0.30.0",
    "dim": 128,
    "eps": 1e-06,
    "ffn_dim": 32,
    "freq_dim": 16,
    "in_dim": 16,
    "model_type": "t2v",
    "num_heads": 1,
    "num_layers": 1,
    "out_dim": 16,
    "text_len": 512,
}


def models(root, original, comfy):
    transformer, vae, text = published_networks()
    weights = original_transformer({k: v.clone() for k, v in transformer.state_dict().items()})
    stored, _ = fp8(weights, "comfy")
    vae_weights = original_vae(vae.state_dict(), dict(vae.config))
    text_weights = {k: v for k, v in text.state_dict().items() if k != "encoder.embed_tokens.weight"}
    spiece = (root / "pipeline/wan21/tokenizer/spiece.model").read_bytes()

    save({k: v.bfloat16() for k, v in weights.items()}, original / "diffusion_pytorch_model.safetensors")
    (original / "config.json").write_text(json.dumps(ORIGINAL_CONFIG, indent=2) + "\n")
    save(vae_weights, original / "Wan2.1_VAE.safetensors")
    save(original_text(text_weights), original / "models_t5_umt5-xxl-enc-bf16.safetensors")
    (original / "google/umt5-xxl").mkdir(parents=True)
    (original / "google/umt5-xxl/spiece.model").write_bytes(spiece)

    prefixed = {f"model.diffusion_model.{k}": v for k, v in stored.items()}
    save(prefixed, comfy / "wan_t2v_fp8_scaled.safetensors")
    save({k: v.half() for k, v in vae_weights.items()}, comfy / "wan_vae.safetensors")
    pieces = torch.frombuffer(bytearray(spiece), dtype=torch.uint8)
    save({**text_weights, "spiece_model": pieces}, comfy / "umt5.safetensors")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data")
    out = root / "layouts"
    shutil.rmtree(out, ignore_errors=True)
    folders = {name: out / name for name in ("transformer", "vae", "text", "parts", "original", "comfy")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    transformers(root, folders["transformer"])
    vaes(root, folders["vae"])
    texts(root, folders["text"])
    parts(root, folders["parts"])
    models(root, folders["original"], folders["comfy"])
    for file in sorted(out.rglob("*.*")):
        print(file.relative_to(out), file.stat().st_size)


if __name__ == "__main__":
    main()
