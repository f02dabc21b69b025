"""Scenes by and in the water: the sea with its cliffs, the beach, a reef.

Each scene has two functions: what is behind the subject and what is in front of it.
"""

import built
import land
import numpy as np
import sky
import water
from parts import sky_of, sky_sun


# ---------------------------------------------------------------- sea
def sea_back(s):
    storm = s.light.weather == "storm"
    sky_of(s, 0.58)
    rng = s.rng(2)
    if rng.rand() < 0.45:
        s.mountains(0.12, 0.585, 0.14, 0.42, 3, (0.42, 0.50, 0.62), (0.34, 0.42, 0.56), 0.66)
    line = s.eye.level(0.58, 0.0)
    deep = {
        "day": (0.05, 0.38, 0.62),
        "sunrise": (0.30, 0.46, 0.60),
        "sunset": (0.26, 0.16, 0.38),
        "dusk": (0.13, 0.15, 0.36),
        "night": (0.03, 0.09, 0.24),
    }[s.light.time]
    deep = np.array(deep) * (0.62 if storm else 1.0)
    copy = s.img.copy()
    rough = 1.7 if storm else 0.8
    water.mirror(
        s.img,
        copy,
        line,
        1.0,
        rough,
        2.4 if storm else 1.5,
        s.t,
        s.eye.offset(0.5),
        tuple(deep),
        0.35,
        0.62,
        s.aspect,
    )
    if s.light.weather in ("clear", "mist"):
        water.glitter(s.img, line, sky_sun(s), 0.10, s.t, tuple(s.light.sun), 0.75, s.aspect)
    crest = np.clip(deep * 1.5 + np.array([0.10, 0.14, 0.14]) * s.light.key, 0, 1)
    face = np.clip(deep * 0.72, 0, 1)
    foam = 0.85 if storm else (0.45 if rng.rand() < 0.6 else 0.15)
    water.waves(
        s.img,
        line,
        1.02,
        s.eye.offset(0.8),
        s.t * (1.5 if storm else 0.9),
        0.125 if storm else 0.050,
        8,
        tuple(crest),
        tuple(face),
        foam,
        s.aspect,
        s.seed % 9973,
        s.px,
    )
    if rng.rand() < 0.72:
        cliff(s, rng)


def cliff(s, rng):
    """A rocky headland on one side with a lighthouse, foam at its foot."""
    left = rng.rand() < 0.5
    k = 0.34
    sign = -1 if left else 1
    edge = max(0.5 * s.aspect - rng.uniform(0.30, 0.40), 0.05)
    u = s.eye.columns(s.img, k) * sign - edge
    top = 0.60 - 0.25 * np.clip(u / 0.10, 0, 1) ** 0.6 - 0.06 * np.clip((u - 0.08) / 0.4, 0, 1)
    rough = np.empty_like(u)
    land.rolling(rough, u * 1.0 + 3, 0.09, 5, s.seed, 2)
    top = np.where(u > 0, top + 0.035 * (rough - 0.5), 2.0)
    tops = s.eye.level(top, k)
    scale = s.eye.scale(k)
    rock, foot = s.colour((0.50, 0.38, 0.30), 0.10), s.colour((0.28, 0.22, 0.22), 0.05)
    foot_line = s.eye.level(0.615, k)
    shown = s.img.copy()
    land.slab(shown, tops, rock, foot, 0.26 * scale, s.px)
    green = s.colour((0.36, 0.55, 0.24), 0.08)
    land.slab(shown, tops, green, green, 0.05, s.px)
    inner = np.where(u > 0, np.maximum(tops + 0.028 * scale * (0.6 + rough), tops), 2.0)
    land.slab(shown, inner, rock, foot, 0.24 * scale, s.px)
    rows = int(max(0, min(s.img.shape[0], foot_line * s.img.shape[0])))
    s.img[:rows] = shown[:rows]
    height = rng.uniform(0.34, 0.42)
    lamp_u, lamp_v, _ = s.eye.place(sign * (edge + 0.17), 0.345, k)
    key = float(np.clip(s.light.key.mean() * 1.05, 0.34, 1))
    red = 1.0 if rng.rand() < 0.75 else 0.0
    night = {"night": 1.0, "dusk": 0.8}.get(
        s.light.time, 0.55 if s.light.weather in ("storm", "mist") else 0.0
    )
    built.lighthouse(
        s.img, s.aspect, lamp_u, lamp_v, height * scale, key, red, night, s.t, 6.28 * rng.rand(), s.px
    )


def sea_front(s):
    pass


# ---------------------------------------------------------------- beach
def beach_back(s):
    sky_of(s, 0.52)
    rng = s.rng(2)
    if rng.rand() < 0.5:
        s.mountains(0.10, 0.525, 0.13, 0.4, 3, (0.36, 0.54, 0.50), (0.26, 0.44, 0.46), 0.55)
    line = s.eye.level(0.52, 0.0)
    deep = {
        "day": (0.05, 0.55, 0.70),
        "sunrise": (0.36, 0.56, 0.66),
        "sunset": (0.40, 0.22, 0.42),
        "dusk": (0.18, 0.20, 0.42),
        "night": (0.04, 0.13, 0.30),
    }[s.light.time]
    water.mirror(s.img, s.img.copy(), line, 0.9, 0.6, 1.5, s.t, s.eye.offset(0.5), deep, 0.40, 0.60, s.aspect)
    if s.light.weather in ("clear", "mist"):
        water.glitter(s.img, line, sky_sun(s), 0.09, s.t, tuple(s.light.sun), 0.7, s.aspect)
    crest = np.clip(np.array(deep) * 1.4 + np.array([0.14, 0.16, 0.14]) * s.light.key, 0, 1)
    water.waves(
        s.img,
        line,
        0.80,
        s.eye.offset(0.7),
        s.t * 0.8,
        0.04,
        5,
        tuple(crest),
        tuple(np.array(deep) * 0.85),
        0.6,
        s.aspect,
        s.seed % 9973,
        s.px,
    )
    water.surf(
        s.img,
        s.eye.level(0.735, 0.85),
        s.t,
        s.eye.offset(0.85),
        s.colour((0.97, 0.84, 0.60)),
        s.aspect,
        s.seed % 9973,
        s.px,
    )
    palms(s)


def palms(s):
    """One or two palms at a side of the beach, leaning inwards."""
    rng = s.rng(9)
    if rng.rand() > 0.70:
        return
    sway = 0.02 * (1 + s.wind) * np.sin(1.4 * s.t)
    sign = -1 if rng.rand() < 0.5 else 1
    for n in range(2 if rng.rand() < 0.6 else 1):
        u, v, scale = s.eye.place(sign * (0.5 * s.aspect - 0.10 - 0.16 * n), 0.86 - 0.06 * n, 0.9)
        lean = -sign * (0.55 + 0.35 * n)
        height = (0.66 - 0.18 * n) * scale
        land.palm(
            s.img,
            s.aspect,
            u,
            v,
            height,
            lean,
            s.colour((0.46, 0.31, 0.20)),
            s.colour((0.13, 0.50, 0.24)),
            sway,
            s.px,
        )


def beach_front(s):
    pass


# ---------------------------------------------------------------- under water
def underwater_back(s):
    time = s.light.time
    top = {
        "day": (0.36, 0.86, 0.95),
        "sunrise": (0.66, 0.86, 0.86),
        "sunset": (0.80, 0.52, 0.62),
        "dusk": (0.30, 0.36, 0.66),
        "night": (0.08, 0.22, 0.46),
    }[time]
    low = {
        "day": (0.02, 0.32, 0.58),
        "sunrise": (0.10, 0.40, 0.60),
        "sunset": (0.22, 0.16, 0.44),
        "dusk": (0.07, 0.10, 0.34),
        "night": (0.01, 0.05, 0.18),
    }[time]
    middle = (np.array(top) + 2 * np.array(low)) / 3
    sky.gradient(s.img, np.array([top, middle, low], np.float32), np.float32(0.95))
    water.rays(
        s.img,
        s.t,
        {"day": 0.55, "sunrise": 0.5, "sunset": 0.4, "dusk": 0.25, "night": 0.22}[time],
        s.aspect,
        s.eye.offset(0.3),
        s.seed % 9973,
    )
    key = {"day": 1.0, "sunrise": 0.95, "sunset": 0.75, "dusk": 0.55, "night": 0.42}[time]
    for n, (k, level, high, far) in enumerate([(0.2, 0.80, 0.18, 0.72), (0.45, 0.88, 0.12, 0.40)]):
        rock = np.array([0.30, 0.36, 0.46]) * key
        colour = tuple(rock + (np.array(low) * 1.15 - rock) * far)
        u = s.eye.columns(s.img, k)
        tops = np.empty_like(u)
        land.rolling(tops, u, 0.4, 20 + n, s.seed, 3)
        land.slab(s.img, s.eye.level(level - high * tops, k), colour, colour, 0.3, s.px)
    u = s.eye.columns(s.img, 0.8)
    tops = np.empty_like(u)
    land.rolling(tops, u, 0.7, 24, s.seed, 1)
    sand = np.array([0.90, 0.82, 0.60]) * key
    sand = sand + (np.array(low) - sand) * 0.22
    land.slab(s.img, s.eye.level(0.93 - 0.06 * tops, 0.8), tuple(sand), tuple(sand * 0.85), 0.15, s.px)
    hues = [
        (0.98, 0.36, 0.42),
        (0.99, 0.62, 0.22),
        (0.86, 0.40, 0.86),
        (0.99, 0.84, 0.34),
        (0.40, 0.86, 0.70),
    ]
    places, numbers = s.scatter(0.8, 0.21, 0.85, 5)
    for p, n in zip(places, numbers):
        x, v, scale = s.eye.place(p, float(s.hill_at([p], 0.8, 0.93, 0.06, 0.7, 24, 1)[0]) + 0.02, 0.8)
        which = int(n * 997) % 8
        size = (0.12 + 0.10 * ((n * 13) % 1)) * scale
        hue = np.array(hues[int(n * 5) % 5]) * key
        hue = hue + (np.array(low) - hue) * 0.12
        if which < 3:
            water.weed(
                s.img,
                s.aspect,
                x,
                v,
                size * 1.7,
                tuple(np.array([0.20, 0.62, 0.34]) * key),
                s.t,
                int(n * 9973),
                s.px,
            )
        else:
            water.coral(s.img, s.aspect, x, v, size, which % 3, tuple(hue), int(n * 9973), s.px)
    water.bubbles(s.img, s.aspect, s.t, s.seed % 9973, 9, s.px)


def underwater_front(s):
    places, numbers = s.scatter(1.5, 0.55, 0.6, 8)
    key = {"day": 0.45, "sunrise": 0.42, "sunset": 0.35, "dusk": 0.25, "night": 0.16}[s.light.time]
    for p, n in zip(places, numbers):
        x, v, scale = s.eye.place(p, 1.03, 1.5)
        water.weed(
            s.img,
            s.aspect,
            x,
            v,
            (0.20 + 0.14 * n) * scale,
            (0.10 * key, 0.55 * key, 0.45 * key),
            s.t,
            int(n * 9973),
            s.px,
        )
