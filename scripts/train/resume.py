"""Makes a state folder of a shipped model, so that training goes on from it where the state itself is gone.

    python resume.py MODEL STATE            # writes STATE/vae.pt, latents.pt, transformer.pt and spiece.model
    python resume.py MODEL STATE --autoencoder      # writes STATE/vae.pt only, counted from sample 0
    python resume.py MODEL STATE --world            # for a new world and new words, counted from sample 0

Weights are what was averaged and rounded to the file's type; optimisers begin anew, and the heads that read
attributes during training are learnt again. A model with guidance folded in goes on with
`train_transformer.py --fold`.

With --world, STATE/spiece.model is there already (tokenizer.py). The text encoder's table of pieces is put
together anew: pieces that the old vocabulary has keep their rows, and the others begin as random rows about
the mean of these. Everything else is taken over, and latents keep their scale.
"""

import argparse
import json
import os
import shutil

import common
import torch
import transformer
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import load_file
from sentencepiece import SentencePieceProcessor
from transformers import UMT5EncoderModel

SPREAD = 0.5  # of new rows, over that of the known ones


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


def autoencoder(model, state, samples):
    """Writes vae.pt. Returns the autoencoder's config."""
    v = read(AutoencoderKLWan, model + "/vae")
    c = v.config
    common.save(
        state + "/vae.pt",
        config=dict(
            base=c.base_dim,
            decoder_base=c.decoder_base_dim,
            z=c.z_dim,
            patch=c.patch_size,
            mult=tuple(c.dim_mult),
        ),
        model=v.state_dict(),
        ema=weights(v),
        samples=samples,
        step=0,
    )
    return c


def with_pieces(text, old, new):
    """The text encoder with a table for the pieces of `new`, both SentencePiece models' files."""
    old, new = (SentencePieceProcessor(model_file=file) for file in (old, new))
    number = {old.id_to_piece(i): i for i in range(len(old))}
    out = transformer.build_text(len(new))
    rows = text.shared.weight.detach()
    table = rows.mean(0) + rows.std(0) * torch.randn(out.shared.weight.shape) * SPREAD
    known = 0
    for i in range(min(len(new), len(table))):
        if new.id_to_piece(i) in number:
            table[i] = rows[number[new.id_to_piece(i)]]
            known += 1
    taken = dict(text.state_dict())
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        taken[name] = table
    out.load_state_dict(taken)
    print(f"{known} of {len(new)} pieces are known already")
    return out


def denoiser(model, state, text, samples):
    """Writes transformer.pt."""
    net = read(WanTransformer3DModel, model + "/transformer")
    c = net.config
    common.save(
        state + "/transformer.pt",
        config=dict(
            channels=c.in_channels,
            width=c.num_attention_heads * c.attention_head_dim,
            layers=c.num_layers,
            ffn=c.ffn_dim,
            patch=c.patch_size[1],
            predicts=predicts(model),
        ),
        text=text.state_dict(),
        net=net.state_dict(),
        ema=weights(text) + weights(net),
        samples=samples,
        step=0,
        stage=samples,
        sizes="",
    )


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("state")
    parser.add_argument("--autoencoder", action="store_true", help="take over the autoencoder alone")
    parser.add_argument("--world", action="store_true", help="for another world: STATE has its tokenizer")
    return parser.parse_args()


def main():
    options = arguments()
    model, state = options.model, options.state
    os.makedirs(state, exist_ok=True)
    for name in ("vae.pt",) if options.autoencoder else ("vae.pt", "transformer.pt"):
        if os.path.exists(f"{state}/{name}"):
            raise SystemExit(f"{state}/{name} is there already; resume from that, or remove it")
    if options.world and not os.path.exists(state + "/spiece.model"):
        raise SystemExit(f"{state}/spiece.model is not there; tokenizer.py makes it")
    with open(model + "/sora-gen.json") as f:
        facts = json.load(f)
    anew = options.autoencoder or options.world
    c = autoencoder(model, state, 0 if anew else facts.get("autoencoder_samples", 0))
    if options.autoencoder:
        return
    common.save(state + "/latents.pt", mean=list(c.latents_mean), std=list(c.latents_std))
    text = UMT5EncoderModel.from_pretrained(model + "/text_encoder", torch_dtype=torch.float32)
    pieces = model + "/tokenizer/spiece.model"
    if options.world:
        text = with_pieces(text, pieces, state + "/spiece.model")
    else:
        shutil.copy(pieces, state + "/spiece.model")
    samples = 0 if options.world else facts["training_samples"]
    denoiser(model, state, text, samples)
    print(f"from sample {samples} of the transformer")


if __name__ == "__main__":
    main()
