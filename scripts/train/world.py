"""The procedural world: short stylised clips with exact attributes and a subject mask.

    attributes = sample(rng)                        # a dict, see SCENES ... CAMERAS
    clip, mask = render(attributes, seed, frames=17, height=128, width=128)
    text = wording.caption(attributes, rng)

A clip is a deterministic function of (attributes, seed, size). The view of a scene follows from the words
(attributes.view), and all else that moves and falls from the view; the seed shifts the subject a little.
Scenes are drawn by shores.py, heights.py,
plains.py and town.py, subjects by cast.py and figures.py; attributes.py has the lists.
"""

import heights
import light
import numpy as np
import plains
import shores
import stage
import town
import weather
from attributes import (
    ATTRIBUTES,
    CAMERAS,
    SCENE_SUBJECTS,
    SCENES,
    SUBJECT_MOTIONS,
    TIMES,
    WEATHER,
    draw,
    held_out,
    labels,
    mirror,
    sample,
    scenery,
    usual,
)
from cast import Cast, companion, part, view

__all__ = [  # what other scripts use of the world
    "ATTRIBUTES",
    "CAMERAS",
    "SCENES",
    "SCENE_SUBJECTS",
    "SUBJECT_MOTIONS",
    "TIMES",
    "WEATHER",
    "draw",
    "held_out",
    "labels",
    "mirror",
    "part",
    "render",
    "sample",
    "usual",
]

SCENERY = {
    "sea": shores,
    "beach": shores,
    "underwater": shores,
    "mountains": heights,
    "forest": heights,
    "snow": heights,
    "desert": plains,
    "meadow": plains,
    "moon": plains,
    "city": town,
}


def render(a, seed, frames=17, height=128, width=128, fps=8, span=(0.0, 1.0)):
    """-> clip uint8 [frames,height,width,3], and mask uint8 [1+(frames-1)/4, height/8, width/8]: the share of
    each cell that the subject covers in any frame of its group of four, 0 to 255.

    The clip shows `span` of the way of its subject and camera: the whole of it, or a part, as what goes on
    from another clip would."""
    numbers = np.random.RandomState(seed % 2**31).rand(2)  # of the subject's place
    place = scenery(a)
    aspect = width / height
    clip = np.empty((frames, height, width, 3), np.uint8)
    cells = np.empty((frames, height // 8, width // 8), np.float32)
    main = Cast(a, numbers, aspect, fps) if a["subject"] != "none" else None
    second = None
    if a.get("also"):
        second = companion(a, numbers, aspect, fps)
    wind = {"storm": 2.4, "rain": 1.2, "clear": 0.6, "mist": 0.3}.get(a["weather"], 0.8)
    begin = np.random.RandomState(place).rand() * 10
    duration = (frames - 1) / fps / max(span[1] - span[0], 1e-6) if frames > 1 else 2.0
    for f in range(frames):
        p = span[0] + (span[1] - span[0]) * f / max(frames - 1, 1)
        t = begin + p * duration
        img = np.empty((height, width, 3), np.float32)
        cover = np.zeros((height, width), np.float32)
        strike = None
        if a["weather"] == "storm":
            since = (t - 0.4) % 1.9
            strike = (
                0.7 * np.random.RandomState(place + 2).rand() - 0.35,
                place * 1000 + int((t - 0.4) // 1.9),
                max(0.0, 1 - since / 0.32),
            )
        lamp = light.light(
            a["time"], a["weather"], np.random.RandomState(place + 1), strike[2] if strike else 0.0
        )
        s = stage.Stage(
            img,
            lamp,
            view(a, p, main.way if main else None),
            t,
            place,
            wind,
            strike,
            a["subject"] == "train",
        )
        drawn_by = SCENERY[a["scene"]]
        back, front = (getattr(drawn_by, a["scene"] + end) for end in ("_back", "_front"))
        back(s)
        if second:
            second.draw(s, cover, p)
        if main:
            main.draw(s, cover, p)
        front(s)
        falls(s, a)
        weather.vignette(img, 0.22)
        clip[f] = (np.clip(img, 0, 1) * 255 + 0.5).astype(np.uint8)
        cells[f] = cover.reshape(height // 8, 8, width // 8, 8).mean((1, 3))
    groups = [cells[0]] + [cells[1 + 4 * k : 5 + 4 * k].max(0) for k in range((frames - 1) // 4)]
    return clip, (np.minimum(np.stack(groups), 1) * 255 + 0.5).astype(np.uint8)


def falls(s, a):
    """What falls in front of everything."""
    shift = s.seed % 9973
    if a["weather"] == "rain":
        weather.rain(s.img, s.aspect, s.t, shift, 34, 0.06, 1.9, 0.075, 0.50)
    elif a["weather"] == "storm":
        weather.rain(s.img, s.aspect, s.t, shift, 46, 0.34, 2.3, 0.095, 0.45)
    elif a["weather"] == "snowfall":
        weather.snow(s.img, s.aspect, s.t, shift, 34, 0.92)
    elif a["weather"] == "mist":
        weather.mist(
            s.img,
            s.aspect,
            s.eye.level(0.72, 0.8),
            0.10,
            s.colour((1, 1, 1), 0.8),
            0.30,
            s.t,
            s.eye.offset(0.8),
            shift,
        )
