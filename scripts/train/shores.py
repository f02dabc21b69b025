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
def sea_back(stage):
    storm = stage.light.weather == "storm"
    sky_of(stage, 0.58)
    rng = stage.rng(2)
    if rng.rand() < 0.45:
        stage.mountains(0.12, 0.585, 0.14, 0.42, 3, (0.42, 0.50, 0.62), (0.34, 0.42, 0.56), 0.66)
    line = stage.eye.level(0.58, 0.0)
    deep = {
        "day": (0.05, 0.38, 0.62),
        "sunrise": (0.30, 0.46, 0.60),
        "sunset": (0.26, 0.16, 0.38),
        "dusk": (0.13, 0.15, 0.36),
        "night": (0.03, 0.09, 0.24),
    }[stage.light.time]
    deep = np.array(deep) * (0.62 if storm else 1.0)
    copy = stage.img.copy()
    rough = 1.7 if storm else 0.8
    water.mirror(
        stage.img,
        copy,
        line,
        1.0,
        rough,
        2.4 if storm else 1.5,
        stage.t,
        stage.eye.offset(0.5),
        tuple(deep),
        0.35,
        0.62,
        stage.aspect,
    )
    if stage.light.weather in ("clear", "mist"):
        water.glitter(
            stage.img, line, sky_sun(stage), 0.10, stage.t, tuple(stage.light.sun), 0.75, stage.aspect
        )
    crest = np.clip(deep * 1.5 + np.array([0.10, 0.14, 0.14]) * stage.light.key, 0, 1)
    face = np.clip(deep * 0.72, 0, 1)
    foam = 0.85 if storm else (0.45 if rng.rand() < 0.6 else 0.15)
    water.waves(
        stage.img,
        line,
        1.02,
        stage.eye.offset(0.8),
        stage.t * (1.5 if storm else 0.9),
        0.125 if storm else 0.050,
        8,
        tuple(crest),
        tuple(face),
        foam,
        stage.aspect,
        stage.seed % 9973,
        stage.px,
    )
    if rng.rand() < 0.72:
        cliff(stage, rng)


def cliff(stage, rng):
    """A rocky headland on one side with a lighthouse, foam at its foot."""
    left = rng.rand() < 0.5
    k = 0.34
    sign = -1 if left else 1
    edge = max(0.5 * stage.aspect - rng.uniform(0.30, 0.40), 0.05)
    u = stage.eye.columns(stage.img, k) * sign - edge
    top = 0.60 - 0.25 * np.clip(u / 0.10, 0, 1) ** 0.6 - 0.06 * np.clip((u - 0.08) / 0.4, 0, 1)
    rough = np.empty_like(u)
    land.rolling(rough, u * 1.0 + 3, 0.09, 5, stage.seed, 2)
    top = np.where(u > 0, top + 0.035 * (rough - 0.5), 2.0)
    tops = stage.eye.level(top, k)
    scale = stage.eye.scale(k)
    rock, foot = stage.colour((0.50, 0.38, 0.30), 0.10), stage.colour((0.28, 0.22, 0.22), 0.05)
    foot_line = stage.eye.level(0.615, k)
    shown = stage.img.copy()
    land.slab(shown, tops, rock, foot, 0.26 * scale, stage.px)
    green = stage.colour((0.36, 0.55, 0.24), 0.08)
    land.slab(shown, tops, green, green, 0.05, stage.px)
    inner = np.where(u > 0, np.maximum(tops + 0.028 * scale * (0.6 + rough), tops), 2.0)
    land.slab(shown, inner, rock, foot, 0.24 * scale, stage.px)
    rows = int(max(0, min(stage.img.shape[0], foot_line * stage.img.shape[0])))
    stage.img[:rows] = shown[:rows]
    height = rng.uniform(0.34, 0.42)
    lamp_u, lamp_v, _ = stage.eye.place(sign * (edge + 0.17), 0.345, k)
    key = float(np.clip(stage.light.key.mean() * 1.05, 0.34, 1))
    red = 1.0 if rng.rand() < 0.75 else 0.0
    night = {"night": 1.0, "dusk": 0.8}.get(
        stage.light.time, 0.55 if stage.light.weather in ("storm", "mist") else 0.0
    )
    built.lighthouse(
        stage.img,
        stage.aspect,
        lamp_u,
        lamp_v,
        height * scale,
        key,
        red,
        night,
        stage.t,
        6.28 * rng.rand(),
        stage.px,
    )


def sea_front(stage):
    pass


# ---------------------------------------------------------------- beach
def beach_back(stage):
    sky_of(stage, 0.52)
    rng = stage.rng(2)
    if rng.rand() < 0.5:
        stage.mountains(0.10, 0.525, 0.13, 0.4, 3, (0.36, 0.54, 0.50), (0.26, 0.44, 0.46), 0.55)
    line = stage.eye.level(0.52, 0.0)
    deep = {
        "day": (0.05, 0.55, 0.70),
        "sunrise": (0.36, 0.56, 0.66),
        "sunset": (0.40, 0.22, 0.42),
        "dusk": (0.18, 0.20, 0.42),
        "night": (0.04, 0.13, 0.30),
    }[stage.light.time]
    water.mirror(
        stage.img,
        stage.img.copy(),
        line,
        0.9,
        0.6,
        1.5,
        stage.t,
        stage.eye.offset(0.5),
        deep,
        0.40,
        0.60,
        stage.aspect,
    )
    if stage.light.weather in ("clear", "mist"):
        water.glitter(
            stage.img, line, sky_sun(stage), 0.09, stage.t, tuple(stage.light.sun), 0.7, stage.aspect
        )
    crest = np.clip(np.array(deep) * 1.4 + np.array([0.14, 0.16, 0.14]) * stage.light.key, 0, 1)
    water.waves(
        stage.img,
        line,
        0.80,
        stage.eye.offset(0.7),
        stage.t * 0.8,
        0.04,
        5,
        tuple(crest),
        tuple(np.array(deep) * 0.85),
        0.6,
        stage.aspect,
        stage.seed % 9973,
        stage.px,
    )
    water.surf(
        stage.img,
        stage.eye.level(0.735, 0.85),
        stage.t,
        stage.eye.offset(0.85),
        stage.colour((0.97, 0.84, 0.60)),
        stage.aspect,
        stage.seed % 9973,
        stage.px,
    )
    palms(stage)


def palms(stage):
    """One or two palms at a side of the beach, leaning inwards."""
    rng = stage.rng(9)
    if rng.rand() > 0.70:
        return
    sway = 0.02 * (1 + stage.wind) * np.sin(1.4 * stage.t)
    sign = -1 if rng.rand() < 0.5 else 1
    for n in range(2 if rng.rand() < 0.6 else 1):
        u, v, scale = stage.eye.place(sign * (0.5 * stage.aspect - 0.10 - 0.16 * n), 0.86 - 0.06 * n, 0.9)
        lean = -sign * (0.55 + 0.35 * n)
        height = (0.66 - 0.18 * n) * scale
        land.palm(
            stage.img,
            stage.aspect,
            u,
            v,
            height,
            lean,
            stage.colour((0.46, 0.31, 0.20)),
            stage.colour((0.13, 0.50, 0.24)),
            sway,
            stage.px,
        )


def beach_front(stage):
    pass


# ---------------------------------------------------------------- under water
TOP_OF_WATER = {
    "day": (0.36, 0.86, 0.95),
    "sunrise": (0.66, 0.86, 0.86),
    "sunset": (0.80, 0.52, 0.62),
    "dusk": (0.30, 0.36, 0.66),
    "night": (0.08, 0.22, 0.46),
}
DEEP_WATER = {
    "day": (0.02, 0.32, 0.58),
    "sunrise": (0.10, 0.40, 0.60),
    "sunset": (0.22, 0.16, 0.44),
    "dusk": (0.07, 0.10, 0.34),
    "night": (0.01, 0.05, 0.18),
}
CORALS = [
    (0.98, 0.36, 0.42),
    (0.99, 0.62, 0.22),
    (0.86, 0.40, 0.86),
    (0.99, 0.84, 0.34),
    (0.40, 0.86, 0.70),
]


def underwater_back(stage):
    time = stage.light.time
    top, low = TOP_OF_WATER[time], DEEP_WATER[time]
    middle = (np.array(top) + 2 * np.array(low)) / 3
    sky.gradient(stage.img, np.array([top, middle, low], np.float32), np.float32(0.95))
    water.rays(
        stage.img,
        stage.t,
        {"day": 0.55, "sunrise": 0.5, "sunset": 0.4, "dusk": 0.25, "night": 0.22}[time],
        stage.aspect,
        stage.eye.offset(0.3),
        stage.seed % 9973,
    )
    key = {"day": 1.0, "sunrise": 0.95, "sunset": 0.75, "dusk": 0.55, "night": 0.42}[time]
    sea_floor(stage, key, low)
    reef(stage, key, low)
    water.bubbles(stage.img, stage.aspect, stage.t, stage.seed % 9973, 9, stage.px)


def sea_floor(stage, key, low):
    """Two rows of rocks and the sand before them; `key` is the light, `low` the colour of deep water."""
    for n, (k, level, high, far) in enumerate([(0.2, 0.80, 0.18, 0.72), (0.45, 0.88, 0.12, 0.40)]):
        rock = np.array([0.30, 0.36, 0.46]) * key
        colour = tuple(rock + (np.array(low) * 1.15 - rock) * far)
        u = stage.eye.columns(stage.img, k)
        tops = np.empty_like(u)
        land.rolling(tops, u, 0.4, 20 + n, stage.seed, 3)
        land.slab(stage.img, stage.eye.level(level - high * tops, k), colour, colour, 0.3, stage.px)
    u = stage.eye.columns(stage.img, 0.8)
    tops = np.empty_like(u)
    land.rolling(tops, u, 0.7, 24, stage.seed, 1)
    sand = np.array([0.90, 0.82, 0.60]) * key
    sand = sand + (np.array(low) - sand) * 0.22
    tops = stage.eye.level(0.93 - 0.06 * tops, 0.8)
    land.slab(stage.img, tops, tuple(sand), tuple(sand * 0.85), 0.15, stage.px)


def reef(stage, key, low):
    """Corals and weed that stand on the sand."""
    green = tuple(np.array([0.20, 0.62, 0.34]) * key)
    places, numbers = stage.scatter(0.8, 0.21, 0.85, 5)
    for place, number in zip(places, numbers):
        ground = float(stage.hill_at([place], 0.8, 0.93, 0.06, 0.7, 24, 1)[0])
        u, v, scale = stage.eye.place(place, ground + 0.02, 0.8)
        which = int(number * 997) % 8
        size = (0.12 + 0.10 * ((number * 13) % 1)) * scale
        hue = np.array(CORALS[int(number * 5) % 5]) * key
        hue = tuple(hue + (np.array(low) - hue) * 0.12)
        form = int(number * 9973)
        if which < 3:
            water.weed(stage.img, stage.aspect, u, v, size * 1.7, green, stage.t, form, stage.px)
        else:
            water.coral(stage.img, stage.aspect, u, v, size, which % 3, hue, form, stage.px)


def underwater_front(stage):
    places, numbers = stage.scatter(1.5, 0.55, 0.6, 8)
    key = {"day": 0.45, "sunrise": 0.42, "sunset": 0.35, "dusk": 0.25, "night": 0.16}[stage.light.time]
    for p, n in zip(places, numbers):
        x, v, scale = stage.eye.place(p, 1.03, 1.5)
        water.weed(
            stage.img,
            stage.aspect,
            x,
            v,
            (0.20 + 0.14 * n) * scale,
            (0.10 * key, 0.55 * key, 0.45 * key),
            stage.t,
            int(n * 9973),
            stage.px,
        )
