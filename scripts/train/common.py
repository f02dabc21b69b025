"""What both trainings share: data-parallel processes, Muon, averaged weights, checkpoints, a clean stop, and
the shards."""

import contextlib
import glob
import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import torch
import torch.distributed as dist


class Run:
    """One training run over `procs` processes. On a CPU each process has one thread (TRAIN_THREADS says how
    many) and gradients are averaged with gloo; with CUDA there is one process. run.stop is set by SIGTERM or
    SIGINT (in any process) and agreed on by agree()."""

    def __init__(self, folder, procs):
        self.folder = folder
        self.cuda = torch.cuda.is_available()
        self.device = "cuda" if self.cuda else "cpu"
        self.world = 1 if self.cuda else procs
        self.rank = int(os.environ.get("TRAIN_RANK", 0))
        self.stop = False
        self.kids = []
        os.makedirs(folder, exist_ok=True)
        torch.set_flush_denormal(True)
        if not self.cuda:
            torch.set_num_threads(int(os.environ.get("TRAIN_THREADS", "1")))
        else:
            torch.set_float32_matmul_precision("high")
        if self.world > 1:
            meet = os.path.abspath(folder) + "/rendezvous"
            if self.rank == 0:
                if os.path.exists(meet):
                    os.remove(meet)
                self.kids = [
                    subprocess.Popen([sys.executable] + sys.argv, env=dict(os.environ, TRAIN_RANK=str(r)))
                    for r in range(1, self.world)
                ]
            dist.init_process_group(
                "gloo", init_method="file://" + meet, rank=self.rank, world_size=self.world
            )
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, self._stop)

    def _stop(self, *_):
        self.stop = True

    def compiled(self, function):
        """The function through torch.compile on CUDA, or where TRAIN_COMPILE=1 asks for it: one graph for all
        sizes and lengths."""
        if not self.cuda and os.environ.get("TRAIN_COMPILE") != "1":
            return function
        return torch.compile(function, dynamic=True)

    def say(self, *a):
        if self.rank == 0:
            print(*a, flush=True)

    def log(self, what, samples, **values):
        """Appends to STATE/log.jsonl, which plot.py draws: what is trained, the count of samples, and
        figures."""
        if self.rank == 0:
            with open(self.folder + "/log.jsonl", "a") as f:
                f.write(
                    json.dumps(
                        dict(what=what, samples=samples, **{k: round(float(v), 5) for k, v in values.items()})
                    )
                    + "\n"
                )

    def seed(self, *key):
        """Random state of this step and process: training needs no stored generator to resume exactly."""
        n = 1234567
        for k in key + (self.rank,):
            n = (n * 1000003 + int(k) + 1) % (2**31 - 1)
        torch.manual_seed(n)
        return np.random.RandomState(n)

    def share(self, tensors):
        if self.world > 1:
            with torch.no_grad():
                for t in tensors:
                    dist.broadcast(t, 0)

    def agree(self, params):
        """Averages the gradients over the processes, and the wish to stop with them."""
        if self.world == 1:
            return
        have = [p for p in params if p.grad is not None]
        g = torch.cat([p.grad.flatten() for p in have] + [torch.tensor([float(self.stop)])])
        dist.all_reduce(g)
        self.stop = bool(g[-1] > 0)
        g /= self.world
        torch._foreach_copy_(
            [p.grad for p in have],
            [x.view_as(p) for x, p in zip(g[:-1].split([p.numel() for p in have]), have)],
        )

    def end(self):
        if self.world > 1:
            dist.barrier()
            dist.destroy_process_group()
            for k in self.kids:
                k.wait()


class Muon:
    """Momentum orthogonalised by a Newton-Schulz iteration, for kernels seen as matrices; the update has
    Adam's size. With a Run of several processes each orthogonalises its share of the matrices."""

    def __init__(self, params, decay=0.0, run=None):
        self.params, self.decay, self.run = params, decay, run
        self.momentum = [torch.zeros_like(p) for p in params]

    def state_dict(self):
        return self.momentum

    def load_state_dict(self, s):
        for a, b in zip(self.momentum, s):
            a.copy_(b)

    @torch.no_grad()
    def _direction(self, p, b):
        g = p.grad.lerp(b, 0.95).flatten(1)
        tall = g.shape[0] > g.shape[1]
        if tall:
            g = g.T
        x = g / (g.norm() + 1e-12)
        if x.shape[1] < 2 * x.shape[0]:  # near square: the plain iteration
            for _ in range(4):
                A = x @ x.T
                x = torch.addmm(x, torch.addmm(A, A, A, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
        else:  # wide: iterate on the small side only
            G = x @ x.T
            identity = torch.eye(len(G), device=x.device)
            P = identity
            for _ in range(4):
                A = P @ G @ P.T
                P = (3.4445 * identity - 4.7750 * A + 2.0315 * A @ A) @ P
            x = P @ x
        return x.T if tall else x

    @torch.no_grad()
    def step(self, lr):
        live = [(p, b) for p, b in zip(self.params, self.momentum) if p.grad is not None]
        if not live:
            return
        torch._foreach_lerp_([b for _, b in live], [p.grad for p, _ in live], 0.05)
        n = self.run.world if self.run else 1
        if n > 1:
            order = sorted(range(len(live)), key=lambda i: -live[i][0].numel())
            out = torch.zeros(sum(p.numel() for p, _ in live))
            views = out.split([p.numel() for p, _ in live])
            for k, i in enumerate(order):
                if k % n == self.run.rank:
                    views[i].copy_(self._direction(*live[i]).reshape(-1))
            dist.all_reduce(out)
        for i, (p, b) in enumerate(live):
            x = views[i].view_as(p) if n > 1 else self._direction(p, b).reshape(p.shape)
            if self.decay:
                p.mul_(1 - lr * self.decay)
            p.add_(x, alpha=-lr * 0.2 * math.sqrt(max(p.flatten(1).shape)))


def rate(done, total, decay, warm):
    """Share of the peak learning rate: linear warm-up over `warm` samples, flat, then linear to zero over the
    last `decay` share."""
    return min(1.0, (done + 1) / warm) * max(0.0, min(1.0, (total - done) / (decay * total)))


@contextlib.contextmanager
def averaged(params, ema):
    """The averaged weights are in place of the trained ones."""

    def swap():
        with torch.no_grad():
            for p, e in zip(params, ema):
                t = p.clone()
                p.copy_(e)
                e.copy_(t)

    swap()
    try:
        yield
    finally:
        swap()


def save(file, **state):
    torch.save(state, file + ".tmp")
    os.replace(file + ".tmp", file)


def shards(data, kind):
    """Names of all shards "HxW-seen" or "HxW-unseen" of a folder, with the size in front, sorted."""
    return sorted(f[:-5] for f in glob.glob(f"{data}/*x*-{kind}-*.json"))


def clips(name):
    """Memory-mapped clips uint8 [N,T,H,W,3], masks and the list of attributes of a shard."""
    with open(name + ".json") as f:
        a = json.load(f)
    return np.load(name + ".clips.npy", mmap_mode="r"), np.load(name + ".masks.npy", mmap_mode="r"), a


def buckets(data, sizes, device="cpu"):
    """The encoded clips of each size "64x64,48x80": [(latents fp16 [N,T,H,W,C], masks uint8 [N,T,H,W],
    attributes)], mirrors included, all of it on the device."""
    import world

    found = []
    for size in sizes.split(","):
        z, k, a = [], [], []
        for n in shards(data, "seen"):
            if not os.path.basename(n).startswith(size + "-"):
                continue
            _, masks, at = clips(n)
            if os.path.exists(n + ".latents.npy"):
                z.append(np.load(n + ".latents.npy"))
                k.append(coarse(masks, z[-1]))
                a += at
            if os.path.exists(n + ".mirror.npy"):
                z.append(np.load(n + ".mirror.npy"))
                k.append(coarse(masks, z[-1])[:, :, :, ::-1])
                a += [world.mirror(x) for x in at]
        if a:
            found.append(
                (
                    torch.from_numpy(np.concatenate(z)).to(device),
                    torch.from_numpy(np.concatenate(k)).to(device),
                    a,
                )
            )
    return found


def soft_bucket(data, size, device="cpu"):
    """As buckets() for one size, mirrors left out, and the latents that refining starts from (scales.py)."""
    z, k, a, start = [], [], [], []
    for n in shards(data, "seen"):
        if os.path.basename(n).startswith(size + "-") and os.path.exists(n + ".soft.npy"):
            _, masks, at = clips(n)
            z.append(np.load(n + ".latents.npy"))
            k.append(coarse(masks, z[-1]))
            a += at
            start.append(np.load(n + ".soft.npy"))
    z, k, start = (torch.from_numpy(np.concatenate(x)).to(device) for x in (z, k, start))
    return z, k, a, start


def coarse(masks, latents):
    """Masks of 8x8 pixels a cell on the grid of the latents, whose cells may be larger: the mean of what they
    cover."""
    N, T, H, W = masks.shape
    h, w = latents.shape[2:4]
    return masks.reshape(N, T, h, H // h, w, W // w).mean((3, 5)).astype(np.uint8)


def times(B, T, shift, given=0.28):
    """Times [B,T] in [0,1], logit-normal and shifted: some frames clean (a share of `given`), all drawn
    freely (12%), one for all (the rest).

    Clean are the first frames (nine in twenty of these samples: extension, image to video), the last (five:
    what comes before a clip), both (five: loops, joins), or one anywhere."""

    def draw(*size):
        drawn = torch.where(torch.rand(*size) < 0.1, torch.rand(*size), torch.sigmoid(torch.randn(*size)))
        return shift * drawn / (1 + (shift - 1) * drawn)

    t = draw(B, 1).expand(B, T).clone()
    kind = torch.rand(B)
    t = torch.where((kind < 0.12)[:, None], draw(B, T), t)
    return torch.where(
        (kind < 0.12 + given)[:, None] & (kind >= 0.12)[:, None] & held(B, T), torch.zeros(()), t
    )


def held(B, T):
    """Which of T frames are given [B,T]: the first, the last, both, or one anywhere; never all. A lone frame
    leaves nothing to hold."""
    at = torch.arange(T)[None]
    if T < 2:
        return torch.zeros(B, T, dtype=torch.bool)
    first, last = torch.randint(1, T, (B, 1)), torch.randint(1, T, (B, 1))
    start, end = at < first, at >= T - last
    both = (at < first.clamp(max=max((T - 1) // 2, 1))) | (at >= T - last.clamp(max=max((T - 1) // 2, 1)))
    if T < 3:
        both = start
    how = torch.rand(B, 1)
    return torch.where(
        how < 0.45,
        start,
        torch.where(how < 0.70, end, torch.where(how < 0.95, both, at == torch.randint(0, T, (B, 1)))),
    )
