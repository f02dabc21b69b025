"""Draws the losses of a training:  python plot.py STATE            # STATE/log.jsonl -> STATE/losses.png"""

import collections
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main():
    curves = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(sys.argv[1] + "/log.jsonl") as f:
        for row in map(json.loads, f):
            for k, v in row.items():
                if k not in ("what", "samples"):
                    curves[row["what"]][k].append((row["samples"], v))
    figure, axes = plt.subplots(len(curves), 1, figsize=(8, 4 * len(curves)), squeeze=False)
    for axis, (what, lines) in zip(axes[:, 0], curves.items()):
        for name, points in lines.items():
            axis.plot(*zip(*sorted(points)), label=name)
        axis.set_title(what)
        axis.set_xlabel("samples")
        axis.legend()
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(sys.argv[1] + "/losses.png", dpi=100)


if __name__ == "__main__":
    main()
