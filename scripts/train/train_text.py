"""Gives the text encoder a head start: it learns to tell the attributes from captions alone, which costs
minutes and spares the denoiser from learning the words and the picture at once. The denoiser's training then
goes on with the encoder.

    python train_text.py STATE --captions 100000        # writes STATE/text.pt
"""

import argparse
import time

import common
import numpy as np
import tokenizer
import torch
import torch.nn.functional as F
import transformer
import wording
import world

SIZES = [len(v) for v in world.ATTRIBUTES.values()]


def classify(logits, target, live):
    """Mean cross entropy and accuracies of the attributes; logits [B,sum(SIZES)], target [B,7], live [B] (0:
    no caption)."""
    loss, right = 0.0, []
    count = live.sum().clamp_min(1)
    for k, part in enumerate(logits.split(SIZES, -1)):
        losses = F.cross_entropy(part.float(), target[:, k], reduction="none")
        loss = loss + (losses * live).sum() / count
        right.append((((part.argmax(-1) == target[:, k]).float() * live).sum() / count).item())
    return loss / len(SIZES), right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("--captions", type=int, default=100000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    run = common.Run(options.state, 1)
    torch.manual_seed(options.seed)
    tok = tokenizer.Tokenizer(options.state + "/spiece.model")
    enc = transformer.build_text(len(tok), options.width).to(run.device)
    head = torch.nn.Linear(options.width, sum(SIZES)).to(run.device)
    params = list(enc.parameters()) + list(head.parameters())
    opt = torch.optim.AdamW(params, options.lr, betas=(0.9, 0.98), weight_decay=0.0)
    began = last = time.time()
    done = 0
    acc = np.zeros(len(SIZES))
    while done < options.captions and not run.stop:
        rng = run.seed(options.seed, done)
        a = [world.sample(rng) for _ in range(options.batch)]
        ids, n = transformer.pad([tok(wording.caption(x, rng)) for x in a], run.device)
        h, _ = transformer.text(enc, ids, n)
        loss, right = classify(
            head(h.sum(1) / n[:, None]),
            torch.tensor([world.labels(x) for x in a], device=run.device),
            torch.ones(options.batch, device=run.device),
        )
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for g in opt.param_groups:
            g["lr"] = options.lr * common.rate(done, options.captions, 0.4, 50 * options.batch)
        opt.step()
        done += options.batch
        acc = 0.97 * acc + 0.03 * np.array(right)
        if time.time() - last > 20:
            last = time.time()
            right = dict(zip(world.ATTRIBUTES, acc.round(2)))
            seconds, value = last - began, float(loss.detach())
            print(f"{seconds:4.0f} s  captions {done}  loss {value:.3f}  right {right}", flush=True)
    common.save(
        options.state + "/text.pt",
        model=enc.state_dict(),
        head=head.state_dict(),
        pieces=len(tok),
        width=options.width,
        captions=done,
    )
    print("end", dict(zip(world.ATTRIBUTES, acc.round(3))))


if __name__ == "__main__":
    main()
