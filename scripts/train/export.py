"""Writes the checkpoint as a diffusers folder (WanPipeline) that the program and diffusers load alike.

    python export.py STATE FOLDER [--dtype float16]

Takes the averaged weights of STATE/vae.pt, STATE/latents.pt and STATE/transformer.pt; what is not there yet
is written untrained (for trying the loading path only). Also writes FOLDER/sora-gen.json: the sizes, defaults
and words that the other files cannot say.
"""

import argparse
import json
import os
import shutil

import hints
import tokenizer
import torch
import transformer
import vae
import wording
from diffusers import UniPCMultistepScheduler, WanPipeline
from transformers import PreTrainedTokenizerFast


def load(state, name="transformer.pt"):
    """-> vae, text encoder, transformer with the averaged weights, samples seen (0: untrained)."""
    k = torch.load(state + "/vae.pt", weights_only=False, map_location="cpu")
    scale = (
        torch.load(state + "/latents.pt", weights_only=False)
        if os.path.exists(state + "/latents.pt")
        else dict(mean=[0.0] * k["config"]["z"], std=[1.0] * k["config"]["z"])
    )
    v = vae.build(**k["config"], mean=scale["mean"], std=scale["std"])
    with torch.no_grad():
        for p, e in zip(v.parameters(), k["ema"]):
            p.copy_(e)
    pieces = len(tokenizer.Tokenizer(state + "/spiece.model"))
    samples = 0
    if os.path.exists(state + "/" + name):
        k = torch.load(state + "/" + name, weights_only=False, map_location="cpu")
        text, net = transformer.build_text(pieces), transformer.build(**k["config"])
        with torch.no_grad():
            for p, e in zip(list(text.parameters()) + list(net.parameters()), k["ema"]):
                p.copy_(e)
        samples = k["samples"]
    else:
        torch.manual_seed(0)
        text, net = transformer.build_text(pieces), transformer.build()
        if os.path.exists(state + "/text.pt"):
            text.load_state_dict(torch.load(state + "/text.pt", weights_only=False)["model"])
    return v.eval(), text.eval(), net.eval(), samples


def fast_tokenizer(file):
    """The sentencepiece model as a tokenizer.json with the same ids. (transformers' T5Tokenizer drops the
    lower-casing.)"""
    import sentencepiece
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    sp = sentencepiece.SentencePieceProcessor(model_file=file)
    t = Tokenizer(
        models.Unigram(
            [(sp.id_to_piece(i), sp.get_score(i)) for i in range(len(sp))], unk_id=2, byte_fallback=False
        )
    )
    t.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace("ß", "ss")]
    )
    space = dict(replacement="\u2581", prepend_scheme="always")
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(split=True, **space)]
    )
    t.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    t.decoder = decoders.Metaspace(**space)
    return PreTrainedTokenizerFast(
        tokenizer_object=t, eos_token="</s>", pad_token="<pad>", unk_token="<unk>", model_max_length=512
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("folder")
    parser.add_argument("--dtype", default="float16")
    parser.add_argument(
        "--transformer", default="transformer.pt", help="or distilled.pt, with --guidance 1 --steps 8"
    )
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--shift", type=float, default=2.0)
    parser.add_argument(
        "--res",
        default="256x256",
        help="size of the file when none is asked for; enlarged where it is beyond the native size",
    )
    parser.add_argument(
        "--native", default="128x128", help="width and height that the transformer was trained at"
    )
    parser.add_argument(
        "--smallest",
        default="64x64",
        help="size below which it was not trained: smaller pictures are made so large and reduced",
    )
    parser.add_argument(
        "--refine-level",
        type=float,
        default=0,
        help="noise level from which the transformer refines drafts of a quarter of the native area, which "
        "all that comes of words alone then begins with",
    )
    parser.add_argument("--refine-steps", type=int, default=4)
    options = parser.parse_args()
    v, text, net, samples = load(options.state, options.transformer)
    dtype = getattr(torch, options.dtype)
    tok = fast_tokenizer(options.state + "/spiece.model")
    scheduler = UniPCMultistepScheduler(
        prediction_type="sample" if net.predicts == "sample" else "flow_prediction",
        use_flow_sigmas=True,
        flow_shift=options.shift,
        solver_order=2,
        final_sigmas_type="zero",
        num_train_timesteps=1000,
    )
    pipe = WanPipeline(
        tokenizer=tok,
        text_encoder=text.to(dtype),
        transformer=net.to(dtype),
        vae=v.to(dtype),
        scheduler=scheduler,
        expand_timesteps=True,
    )
    os.makedirs(options.folder, exist_ok=True)
    pipe.save_pretrained(options.folder, safe_serialization=True)
    shutil.copy(options.state + "/spiece.model", options.folder + "/tokenizer/spiece.model")
    with open(options.folder + "/model_index.json") as f:
        index = json.load(f)
    index["tokenizer"] = ["transformers", "PreTrainedTokenizerFast"]
    with open(options.folder + "/model_index.json", "w") as f:
        json.dump(index, f, indent=2)
        f.write("\n")
    width, height = map(int, options.native.split("x"))
    least = list(map(int, options.smallest.split("x")))
    refining = {"refine_level": options.refine_level, "refine_steps": options.refine_steps}
    if not options.refine_level:
        refining = {}
    with open(options.folder + "/sora-gen.json", "w") as f:
        json.dump(
            {
                "name": "sora-gen default",
                "native_width": width,
                "native_height": height,
                "smallest_area": least[0] * least[1],
                "default_res": options.res,
                "native_frames": 17,
                "fps": 8,
                "steps": options.steps,
                "guidance_scale": options.guidance,
                "flow_shift": options.shift,
                **refining,
                "easy_threshold": 0.08,  # measured by scripts/bench/caches.py
                "training_samples": samples,
                "autoencoder_samples": torch.load(
                    options.state + "/vae.pt", weights_only=False, map_location="cpu"
                )["samples"],
                "max_words": hints.longest(),
                "synonyms": hints.synonyms(wording.words()),
                "vocabulary": wording.words(),
            },
            f,
            indent=1,
        )
        f.write("\n")
    size = sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(options.folder) for n in names)
    print(options.folder, f"{size / 1e6:.1f} MB, transformer trained on {samples} samples")


if __name__ == "__main__":
    main()
