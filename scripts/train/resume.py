"""Makes a state folder of a shipped model, so that training goes on from it where the state itself is gone.

    python resume.py MODEL STATE            # writes STATE/vae.pt, latents.pt, transformer.pt and spiece.model
    python resume.py MODEL STATE --autoencoder      # writes STATE/vae.pt only, counted from sample 0

Weights are what was averaged and rounded to the file's type; optimisers begin anew, and the heads that read
attributes during training are learnt again. A model with guidance folded in goes on with
`train_transformer.py --fold`.
"""

import argparse
import json
import os
import shutil

import common
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import load_file
from transformers import UMT5EncoderModel


def read(kind, folder):
    m = kind.from_config(kind.load_config(folder))
    m.load_state_dict(
        {k: w.float() for k, w in load_file(folder + "/diffusion_pytorch_model.safetensors").items()}
    )
    return m


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def predicts(model):
    with open(model + "/scheduler/scheduler_config.json") as f:
        kind = json.load(f)["prediction_type"]
    return "sample" if kind == "sample" else "velocity"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("state")
    parser.add_argument("--autoencoder", action="store_true", help="take over the autoencoder alone")
    options = parser.parse_args()
    os.makedirs(options.state, exist_ok=True)
    for name in ("vae.pt",) if options.autoencoder else ("vae.pt", "transformer.pt"):
        if os.path.exists(f"{options.state}/{name}"):
            raise SystemExit(f"{options.state}/{name} is there already; resume from that, or remove it")
    with open(options.model + "/sora-gen.json") as f:
        facts = json.load(f)
    v = read(AutoencoderKLWan, options.model + "/vae")
    c = v.config
    common.save(
        options.state + "/vae.pt",
        config=dict(
            base=c.base_dim,
            decoder_base=c.decoder_base_dim,
            z=c.z_dim,
            patch=c.patch_size,
            mult=tuple(c.dim_mult),
        ),
        model=v.state_dict(),
        ema=weights(v),
        samples=0 if options.autoencoder else facts.get("autoencoder_samples", 0),
        step=0,
    )
    if options.autoencoder:
        raise SystemExit
    common.save(options.state + "/latents.pt", mean=list(c.latents_mean), std=list(c.latents_std))
    shutil.copy(options.model + "/tokenizer/spiece.model", options.state + "/spiece.model")
    text = UMT5EncoderModel.from_pretrained(options.model + "/text_encoder", torch_dtype=torch.float32)
    net = read(WanTransformer3DModel, options.model + "/transformer")
    c = net.config
    common.save(
        options.state + "/transformer.pt",
        config=dict(
            channels=c.in_channels,
            width=c.num_attention_heads * c.attention_head_dim,
            layers=c.num_layers,
            ffn=c.ffn_dim,
            patch=c.patch_size[1],
            predicts=predicts(options.model),
        ),
        text=text.state_dict(),
        net=net.state_dict(),
        ema=weights(text) + weights(net),
        samples=facts["training_samples"],
        step=0,
        stage=facts["training_samples"],
        sizes="",
    )
    print(f"from sample {facts['training_samples']} of the transformer")


if __name__ == "__main__":
    main()
