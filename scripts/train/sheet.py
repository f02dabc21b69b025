"""Contact sheets of clips; as a program, one of the world:  python sheet.py world.png [SEED]"""

import sys
import time

import cv2
import numpy as np
import wording
import world


def sheet(clips, file, captions=None, columns=5, height=128):
    """Writes a contact sheet: one row for each clip [T,H,W,3]."""
    rows = []
    for k, v in enumerate(clips):
        row = np.concatenate([v[i] for i in np.linspace(0, len(v) - 1, columns).round().astype(int)], 1)
        if row.shape[0] != height:
            row = cv2.resize(
                row,
                None,
                fx=height / row.shape[0],
                fy=height / row.shape[0],
                interpolation=cv2.INTER_NEAREST if height > row.shape[0] else cv2.INTER_AREA,
            )
        if captions:
            bar = np.full((16, row.shape[1], 3), 20, np.uint8)
            cv2.putText(
                bar,
                captions[k][: row.shape[1] // 6],
                (3, 11),
                cv2.FONT_HERSHEY_SIMPLEX,
                0.34,
                (255, 255, 255),
                1,
                cv2.LINE_AA,
            )
            row = np.concatenate([bar, row], 0)
        rows.append(row)
    w = max(r.shape[1] for r in rows)
    cv2.imwrite(
        file, np.concatenate([np.pad(r, ((0, 0), (0, w - r.shape[1]), (0, 0))) for r in rows], 0)[..., ::-1]
    )


def main():
    rng = np.random.RandomState(int(sys.argv[2]) if len(sys.argv) > 2 else 4)
    clips = []
    captions = []
    for i in range(2 * len(world.SCENES)):
        a = world.sample(rng)
        while a["scene"] != world.SCENES[i % len(world.SCENES)]:
            a = world.sample(rng)
        world.render(a, 1, 1)
        t = time.time()
        clips.append(world.render(a, 1000 + i)[0])
        captions.append(wording.caption(a, rng, True))
        print(f"{17 / (time.time() - t):.0f} frames/s", captions[-1])
    sheet(clips, sys.argv[1] if len(sys.argv) > 1 else "world.png", captions)
    print(len(wording.words()), "words")


if __name__ == "__main__":
    main()
