"""Gives the text encoder a head start: it learns to tell the attributes from captions alone, which costs minutes and spares the
denoiser from learning the words and the picture at once.  The denoiser's training then goes on with the encoder.

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
    """Mean cross entropy and accuracies of the attributes; logits [B,sum(SIZES)], target [B,7], live [B] (0: no caption)."""
    loss, right = 0.0, []
    for k, l in enumerate(logits.split(SIZES, -1)):
        loss = loss + (
            F.cross_entropy(l.float(), target[:, k], reduction="none") * live
        ).sum() / live.sum().clamp_min(1)
        right.append((((l.argmax(-1) == target[:, k]).float() * live).sum() / live.sum().clamp_min(1)).item())
    return loss / len(SIZES), right


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("state")
    ap.add_argument("--captions", type=int, default=100000)
    ap.add_argument("--batch", type=int, default=64)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--width", type=int, default=128)
    ap.add_argument("--seed", type=int, default=0)
    o = ap.parse_args()
    run = common.Run(o.state, 1)
    torch.manual_seed(o.seed)
    tok = tokenizer.Tokenizer(o.state + "/spiece.model")
    enc = transformer.build_text(len(tok), o.width).to(run.device)
    head = torch.nn.Linear(o.width, sum(SIZES)).to(run.device)
    params = list(enc.parameters()) + list(head.parameters())
    opt = torch.optim.AdamW(params, o.lr, betas=(0.9, 0.98), weight_decay=0.0)
    began = last = time.time()
    done = 0
    acc = np.zeros(len(SIZES))
    while done < o.captions and not run.stop:
        rng = run.seed(o.seed, done)
        a = [world.sample(rng) for _ in range(o.batch)]
        ids, n = transformer.pad([tok(wording.caption(x, rng)) for x in a], run.device)
        h, _ = transformer.text(enc, ids, n)
        loss, right = classify(
            head(h.sum(1) / n[:, None]),
            torch.tensor([world.labels(x) for x in a], device=run.device),
            torch.ones(o.batch, device=run.device),
        )
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        for g in opt.param_groups:
            g["lr"] = o.lr * common.rate(done, o.captions, 0.4, 50 * o.batch)
        opt.step()
        done += o.batch
        acc = 0.97 * acc + 0.03 * np.array(right)
        if time.time() - last > 20:
            last = time.time()
            print(
                f"{last - began:4.0f} s  captions {done}  loss {float(loss.detach()):.3f}  right {dict(zip(world.ATTRIBUTES, acc.round(2)))}",
                flush=True,
            )
    common.save(
        o.state + "/text.pt",
        model=enc.state_dict(),
        head=head.state_dict(),
        pieces=len(tok),
        width=o.width,
        captions=done,
    )
    print("end", dict(zip(world.ATTRIBUTES, acc.round(3))))
