"""Writes tests/data/pipeline: tiny Wan checkpoints with random weights, and what diffusers makes of them.

Run from anywhere: python scripts/goldens/pipeline.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, ftfy, sentencepiece.

Each variant is a model folder in the diffusers layout with `cases.json` beside its parts: one entry a run
(prompt, size, steps, ...) and the safetensors file with its tensors: the initial `noise`, `prompt_embeds`,
`negative_prompt_embeds` (with guidance; of both only the rows before the zeros), `noise_pred_0`, `latents`,
`video` [F, H, W, 3] in 0..1.
"""

import json
import pathlib
import shutil
import sys
import tempfile

import diffusers
import sentencepiece
import torch
import transformers
from diffusers import (
    AutoencoderKLWan,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

OUT = (
    pathlib.Path(sys.argv[1])
    if len(sys.argv) > 1
    else pathlib.Path(__file__).resolve().parents[2] / "tests/data/pipeline"
)
VERSIONS = {
    "torch": torch.__version__,
    "diffusers": diffusers.__version__,
    "transformers": transformers.__version__,
}

CORPUS = """a red ball rolls over the hill. the lighthouse in a storm, waves and rain. 一只 红色 的 球 在 海边
ein schöner grüner Wald im Winter. un château près de la mer. снег над городом ночью. 静かな 湖 の 朝
the camera pans left over a mountain lake at sunset, birds fly. neon street, wet asphalt, cars drive by.
""".splitlines()


def tokenizer(folder):
    with tempfile.TemporaryDirectory() as temporary:
        text = pathlib.Path(temporary, "corpus.txt")
        text.write_text("\n".join(CORPUS * 20), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=str(pathlib.Path(temporary, "spiece")),
            vocab_size=180,
            model_type="unigram",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            character_coverage=1.0,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        folder.mkdir(parents=True)
        shutil.copy(pathlib.Path(temporary, "spiece.model"), folder / "spiece.model")
    made = T5Tokenizer.from_pretrained(str(folder), extra_ids=0)
    made.save_pretrained(str(folder))
    if not (folder / "spiece.model").exists():
        raise SystemExit("the tokenizer's spiece.model was not kept")
    return made


@torch.no_grad()
def randomise(module, seed):
    """Random weights in every tensor, so that a wrong norm, bias or table shows."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(module.state_dict().items()):
        noise = torch.randn(tensor.shape, generator=generator)
        if "norm" in name and name.endswith("weight") or name.endswith("gamma"):
            tensor.copy_(1 + 0.2 * noise)
        elif tensor.ndim >= 2 and not name.endswith("scale_shift_table"):
            fan_in = tensor[0].numel()
            tensor.copy_(noise * fan_in**-0.5)
        else:
            tensor.copy_(0.1 * noise)
    return module.eval()


def text_encoder(vocab, dim, seed):
    config = UMT5Config(
        vocab_size=vocab,
        d_model=dim,
        d_kv=8,
        d_ff=2 * dim,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
    )
    return randomise(UMT5EncoderModel(config), seed)


def transformer(seed, z, text_dim, heads=2, head_dim=20, layers=2, **more):
    return randomise(
        WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=heads,
            attention_head_dim=head_dim,
            in_channels=z,
            out_channels=z,
            text_dim=text_dim,
            freq_dim=24,
            ffn_dim=40,
            num_layers=layers,
            **more,
        ),
        seed,
    )


def statistics(z, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        "latents_mean": torch.randn(z, generator=generator).mul(0.3).tolist(),
        "latents_std": torch.rand(z, generator=generator).add(0.6).tolist(),
    }


def vae21(seed, z=4):
    return randomise(
        AutoencoderKLWan(
            base_dim=4,
            z_dim=z,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            **statistics(z, seed),
        ),
        seed,
    )


def vae22(seed, z=6):
    return randomise(
        AutoencoderKLWan(
            base_dim=4,
            decoder_base_dim=8,
            z_dim=z,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            is_residual=True,
            patch_size=2,
            in_channels=12,
            out_channels=12,
            scale_factor_spatial=16,
            scale_factor_temporal=4,
            **statistics(z, seed),
        ),
        seed,
    )


def unipc(shift):
    return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift)


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


def run(pipe, case, shift):
    arguments = dict(case)
    seed, frames, steps = arguments.pop("seed"), arguments.pop("frames"), arguments.pop("steps")
    pipe.scheduler = SCHEDULERS[arguments.pop("scheduler")](shift) if "scheduler" in case else unipc(shift)
    tensors = {}
    step = pipe.scheduler.step

    def spy(noise_pred, *rest, **named):
        tensors.setdefault("noise_pred_0", noise_pred.clone())
        return step(noise_pred, *rest, **named)

    pipe.scheduler.step = spy
    names = {"guidance": "guidance_scale", "guidance_2": "guidance_scale_2"}
    arguments = {names.get(key, key): value for key, value in arguments.items()}

    def keep(pipe, i, t, values):
        tensors["latents"] = values["latents"].clone()
        return {}

    def text(prompt):
        embeds = pipe.encode_prompt(prompt, None, False, max_sequence_length=512, device="cpu")[
            0
        ]  # [1, 512, D]
        length = int(embeds.abs().sum(-1).ne(0).sum())
        assert embeds[:, length:].abs().max().item() == 0 if length < 512 else True
        return embeds[:, :length]

    tensors["prompt_embeds"] = text(case["prompt"])
    if case["guidance"] > 1:
        tensors["negative_prompt_embeds"] = text(case.get("negative_prompt", ""))
    z, s, t = (
        pipe.transformer.config.in_channels,
        pipe.vae.config.scale_factor_spatial,
        pipe.vae.config.scale_factor_temporal,
    )
    shape = (1, z, (frames - 1) // t + 1, case["height"] // s, case["width"] // s)
    tensors["noise"] = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    video = pipe(
        num_frames=frames,
        num_inference_steps=steps,
        generator=torch.Generator().manual_seed(seed),
        output_type="pt",
        callback_on_step_end=keep,
        **arguments,
    ).frames
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return {name: tensor.float().contiguous() for name, tensor in tensors.items()}


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    for index, (name, variant) in enumerate(VARIANTS.items()):
        folder = OUT / name
        made = tokenizer(folder / "tokenizer")
        parts = variant["parts"](variant)
        encoder = text_encoder(len(made), variant["text_dim"], 100 + index)
        shift = parts["scheduler"].config.flow_shift
        pipe = WanPipeline(tokenizer=made, text_encoder=encoder, **parts)
        pipe.set_progress_bar_config(disable=True)
        if variant.get("bf16"):
            for part in (pipe.transformer, pipe.transformer_2, pipe.text_encoder):
                part.to(torch.bfloat16)
        spiece = (folder / "tokenizer/spiece.model").read_bytes()
        pipe.save_pretrained(
            folder, safe_serialization=True, **({"max_shard_size": "120KB"} if variant.get("shard") else {})
        )
        (folder / "tokenizer/spiece.model").write_bytes(spiece)
        (folder / "tokenizer/tokenizer.json").unlink(missing_ok=True)  # not read, and larger than the model
        # The reference is what a user gets: the folder loaded in fp32. (Casting the networks above back would
        # keep rotary tables that were rounded to bf16.)
        pipe = WanPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        pipe.tokenizer = made
        pipe.set_progress_bar_config(disable=True)
        cases = []
        for number, case in enumerate(variant["cases"]):
            tensors = run(pipe, case, shift)
            file = f"case{number}.safetensors"
            save_file(tensors, folder / file, metadata=VERSIONS)
            cases.append(case | {"tensors": file})
        (folder / "cases.json").write_text(
            json.dumps({"versions": VERSIONS, "cases": cases}, indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        print(name, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) // 1024, "KiB")


if __name__ == "__main__":
    main()
