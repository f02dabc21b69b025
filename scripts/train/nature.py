"""Scenes without people's work: sea, mountain lake, forest, desert, snow, beach, meadow, under water, the moon.

Each scene has two functions: what is behind the subject and what is in front of it.
"""

import numpy as np

import built
import land
import sky
import water
import weather

PINE, PINE_LIT = (0.05, 0.24, 0.20), (0.16, 0.44, 0.26)


def sky_of(s, horizon):
    sky.draw(s.img, s.light, s.eye, s.eye.level(horizon, 0.0), s.t, s.seed, s.rng(1), s.strike)


def pines(s, places, feet, sizes, k, far, snow=0.0):
    u, v, scale = s.stand(places, feet, k)
    dark, lit = s.colour(PINE, far), s.colour(PINE_LIT, far)
    land.pines(
        s.img,
        s.aspect,
        u,
        v,
        np.asarray(sizes) * scale,
        dark,
        lit,
        snow,
        s.wind * 0.05 * np.sin(s.t * 2.2),
        s.px,
    )


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


def sky_sun(s):
    """Screen place u of the sun or moon; the same draws as in sky.draw."""
    rng = s.rng(1)
    if rng.rand() < 0.4:
        rng.rand()
    # sky.draw: uniform(.45,.8) is drawn only where the crescent is, as here
    side = rng.uniform(-0.34, 0.34) * s.aspect
    return s.eye.place(side, 0.3, 0.04)[0]


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


# ---------------------------------------------------------------- mountain lake
def mountains_back(s):
    sky_of(s, 0.60)
    rng = s.rng(2)
    left = rng.rand() < 0.5
    white = (0.97, 0.98, 1.0)
    s.mountains(
        0.06,
        0.61,
        rng.uniform(0.48, 0.60),
        rng.uniform(0.62, 0.85),
        3,
        (0.44, 0.47, 0.60),
        (0.27, 0.31, 0.46),
        0.30,
        white,
        0.11,
        left,
    )
    if s.light.weather == "mist":
        weather.mist(
            s.img,
            s.aspect,
            s.eye.level(0.50, 0.1),
            0.07,
            s.colour((1, 1, 1), 0.7),
            0.75,
            s.t,
            s.eye.offset(0.1),
            s.seed % 9973,
        )
    s.hills(0.14, 0.62, 0.20, 0.55, 20, (0.24, 0.36, 0.38), (0.32, 0.44, 0.44), 0.12, 0.30, 3)
    s.hills(0.22, 0.625, 0.085, 0.6, 24, (0.15, 0.33, 0.26), (0.22, 0.42, 0.30), 0.08, 0.12)
    places, numbers = s.scatter(0.22, 0.050, 0.85, 3)
    if len(places):
        feet = s.hill_at(places, 0.22, 0.628, 0.085, 0.6, 24) + 0.012
        pines(s, places, np.minimum(feet, 0.622), 0.060 + 0.055 * numbers, 0.22, 0.12)
    line = s.eye.level(0.62, 0.22)
    deep = np.array(
        {
            "day": (0.10, 0.40, 0.56),
            "sunrise": (0.34, 0.48, 0.58),
            "sunset": (0.30, 0.18, 0.36),
            "dusk": (0.16, 0.17, 0.38),
            "night": (0.04, 0.09, 0.22),
        }[s.light.time]
    )
    water.mirror(
        s.img,
        s.img.copy(),
        line,
        1.05,
        0.32 if s.wind < 1.5 else 0.9,
        1.1,
        s.t,
        s.eye.offset(0.5),
        tuple(deep),
        0.22,
        0.42,
        s.aspect,
    )
    if s.light.weather in ("clear", "mist"):
        water.glitter(s.img, line, sky_sun(s), 0.07, s.t, tuple(s.light.sun), 0.40, s.aspect)
    if s.light.weather == "mist":
        weather.mist(
            s.img,
            s.aspect,
            line,
            0.06,
            s.colour((1, 1, 1), 0.75),
            0.8,
            s.t,
            s.eye.offset(0.3),
            s.seed % 9973 + 5,
        )


def mountains_front(s):
    rng = s.rng(9)
    if rng.rand() < 0.55:
        s.hills(1.5, 1.03, 0.10, 0.7, 40, (0.10, 0.20, 0.16), (0.05, 0.10, 0.09), 0.12)
        sway = 0.05 * s.wind * np.sin(1.7 * s.t)
        land.grass(
            s.img,
            s.aspect,
            s.eye.offset(1.5),
            s.eye.level(1.01, 1.5),
            0.10,
            s.colour((0.09, 0.22, 0.14)),
            0.020,
            s.seed % 9973,
            sway,
            s.px,
        )


# ---------------------------------------------------------------- forest
def forest_back(s):
    sky_of(s, 0.62)
    white = 0.75 if s.light.weather == "snowfall" else 0.0
    if s.rng(2).rand() < 0.5:
        s.mountains(
            0.06, 0.60, 0.30, 0.6, 3, (0.46, 0.52, 0.62), (0.36, 0.43, 0.56), 0.50, (0.97, 0.98, 1.0), 0.08
        )
    floor = (0.34, 0.52, 0.22) if not white else (0.92, 0.95, 1.0)
    for n, (k, level, high, far, size, spacing) in enumerate(
        [
            (0.12, 0.60, 0.06, 0.58, 0.20, 0.075),
            (0.28, 0.66, 0.05, 0.34, 0.30, 0.115),
            (0.52, 0.74, 0.05, 0.12, 0.46, 0.19),
        ]
    ):
        tint = np.array(floor) * (0.72, 0.85, 1.0)[n]
        s.hills(k, level, high, 0.7, 20 + n, tint, tint * 0.9, 0.1, far)
        places, numbers = s.scatter(k, spacing, 0.86, 3 + n)
        if len(places):
            feet = s.hill_at(places, k, level, high, 0.7, 20 + n) + 0.02
            pines(s, places, feet, size * (0.72 + 0.5 * numbers), k, far, white)
        if s.light.weather == "mist":
            weather.mist(
                s.img,
                s.aspect,
                s.eye.level(level - 0.03, k),
                0.075,
                s.colour((1, 1, 1), 0.8),
                0.62,
                s.t,
                s.eye.offset(k),
                s.seed % 9973 + n,
            )
    s.hills(0.85, 0.80, 0.03, 0.9, 30, np.array(floor) * 1.08, np.array(floor) * 0.80, 0.2)
    path = (0.66, 0.50, 0.32) if not white else (0.80, 0.85, 0.94)
    land.band(
        s.img,
        s.eye.level(0.835, 1.0),
        s.eye.level(0.925, 1.0),
        s.colour(path),
        s.colour(np.array(path) * 0.88),
        s.px,
    )


def forest_front(s):
    white = s.light.weather == "snowfall"
    colour = s.colour((0.20, 0.42, 0.17) if not white else (0.86, 0.90, 0.97))
    sway = 0.05 * s.wind * np.sin(1.7 * s.t)
    land.grass(
        s.img,
        s.aspect,
        s.eye.offset(1.4),
        s.eye.level(1.0, 1.4) + 0.01,
        0.085,
        colour,
        0.022,
        s.seed % 9973,
        sway,
        s.px,
    )


# ---------------------------------------------------------------- desert
def desert_back(s):
    sky_of(s, 0.60)
    rng = s.rng(2)
    u = s.eye.columns(s.img, 0.10)
    shape = np.empty_like(u)
    land.rolling(shape, u, 0.30, 3, s.seed, 1)
    tops = np.where(shape > 0.52, 0.60 - rng.uniform(0.16, 0.24), 0.615) + 0.05 * np.clip(
        (0.62 - shape) / 0.10, 0, 1
    ) * (shape > 0.52)
    land.slab(
        s.img,
        s.eye.level(tops, 0.10),
        s.colour((0.74, 0.36, 0.26), 0.34),
        s.colour((0.86, 0.52, 0.36), 0.40),
        0.22,
        s.px,
    )
    s.hills(0.20, 0.63, 0.10, 0.55, 20, (0.90, 0.60, 0.34), (0.95, 0.70, 0.44), 0.10, 0.22)
    s.hills(0.40, 0.70, 0.11, 0.62, 21, (0.95, 0.69, 0.38), (0.86, 0.58, 0.32), 0.14, 0.10)
    places, numbers = s.scatter(0.40, 0.55, 0.5, 5)
    for p, n in zip(places, numbers):
        x, v, scale = s.eye.place(p, float(s.hill_at([p], 0.40, 0.70, 0.11, 0.62, 21)[0]) + 0.03, 0.40)
        land.cactus(
            s.img,
            s.aspect,
            x,
            v,
            (0.13 + 0.06 * n) * scale,
            s.colour((0.34, 0.58, 0.30), 0.08),
            s.colour((0.16, 0.38, 0.24), 0.08),
            s.px,
        )
    s.hills(0.72, 0.80, 0.06, 0.8, 22, (0.98, 0.77, 0.46), (0.90, 0.66, 0.38), 0.14)
    places, numbers = s.scatter(0.72, 0.85, 0.55, 6)
    for p, n in zip(places, numbers):
        x, v, scale = s.eye.place(p, float(s.hill_at([p], 0.72, 0.80, 0.06, 0.8, 22)[0]) + 0.035, 0.72)
        land.cactus(
            s.img,
            s.aspect,
            x,
            v,
            (0.24 + 0.10 * n) * scale,
            s.colour((0.32, 0.60, 0.30)),
            s.colour((0.14, 0.38, 0.24)),
            s.px,
        )
    if s.rails:
        track(s, 0.90)
    else:
        road(s, 0.83, 0.95)


def track(s, foot):
    """Gravel, sleepers and a rail for a train whose wheels stand at `foot`."""
    a = s.eye.level(foot, 1.0)
    scale = s.eye.scale(1.0)
    land.band(
        s.img,
        a - 0.004 * scale,
        a + 0.050 * scale,
        s.colour((0.56, 0.50, 0.46)),
        s.colour((0.42, 0.37, 0.35)),
        s.px,
    )
    land.dashes(
        s.img,
        s.aspect,
        s.eye.offset(1.0),
        a + 0.016 * scale,
        0.012 * scale,
        0.075,
        0.042,
        s.colour((0.36, 0.24, 0.17)),
        s.px,
    )
    land.band(
        s.img,
        a - 0.004 * scale,
        a + 0.006 * scale,
        s.colour((0.72, 0.74, 0.78)),
        s.colour((0.46, 0.47, 0.52)),
        s.px,
    )


def road(s, v0, v1):
    edge = s.colour((0.86, 0.66, 0.42))
    a, b = s.eye.level(v0, 1.0), s.eye.level(v1, 1.0)
    land.band(s.img, a - 0.012, b + 0.012, edge, edge, s.px)
    land.band(s.img, a, b, s.colour((0.36, 0.35, 0.38)), s.colour((0.29, 0.28, 0.32)), s.px)
    land.dashes(
        s.img,
        s.aspect,
        s.eye.offset(1.0),
        (a + b) / 2,
        0.007 * s.eye.scale(1.0),
        0.30,
        0.16,
        s.colour((1.0, 0.84, 0.30)),
        s.px,
    )


def desert_front(s):
    rng = s.rng(9)
    places, numbers = s.scatter(1.5, 0.5, 0.5, 8)
    for p, n in zip(places, numbers):
        u, v, scale = s.eye.place(p, 1.02, 1.5)
        land.rock(
            s.img,
            s.aspect,
            u,
            v,
            (0.08 + 0.08 * n) * scale,
            (0.05 + 0.04 * n) * scale,
            s.colour((0.62, 0.38, 0.26)),
            s.colour((0.38, 0.22, 0.18)),
            int(p * 100) % 997,
            s.px,
        )


# ---------------------------------------------------------------- snow
def snow_back(s):
    sky_of(s, 0.58)
    rng = s.rng(2)
    white = (0.98, 0.99, 1.0)
    if rng.rand() < 0.7:
        s.mountains(
            0.06,
            0.60,
            rng.uniform(0.26, 0.36),
            0.65,
            3,
            (0.86, 0.90, 0.98),
            (0.58, 0.66, 0.82),
            0.30,
            white,
            0.2,
            rng.rand() < 0.5,
        )
    for n, (k, level, high, far) in enumerate(
        [(0.16, 0.60, 0.08, 0.34), (0.34, 0.67, 0.10, 0.16), (0.62, 0.76, 0.09, 0.0)]
    ):
        shade = np.array([0.86, 0.90, 0.98]) + 0.04 * n
        s.hills(
            k,
            level,
            high,
            0.65 + 0.1 * n,
            20 + n,
            np.minimum(shade, 1),
            np.array([0.70, 0.78, 0.92]) + 0.03 * n,
            0.20,
            far,
        )
        places, numbers = s.scatter(k, (0.09, 0.17, 0.36)[n], (0.7, 0.6, 0.6)[n], 3 + n)
        if len(places):
            feet = s.hill_at(places, k, level, high, 0.65 + 0.1 * n, 20 + n) + 0.02
            pines(s, places, feet, (0.11, 0.19, 0.32)[n] * (0.75 + 0.5 * numbers), k, far, 0.85)
        if n == 1 and rng.rand() < 0.5:
            place = rng.uniform(-0.3, 0.3) * s.aspect
            u, v, scale = s.eye.place(place, float(s.hill_at([place], k, level, high, 0.75, 21)[0]) + 0.03, k)
            window = (1.0, 0.84, 0.42) if s.light.time != "day" else s.colour((0.45, 0.55, 0.65))
            built.cabin(
                s.img,
                s.aspect,
                u,
                v,
                0.13 * scale,
                s.colour((0.48, 0.28, 0.18)),
                s.colour((0.97, 0.98, 1.0)),
                window,
                s.t,
                0.6,
                s.px,
            )
    s.hills(0.95, 0.86, 0.04, 1.1, 24, (0.97, 0.98, 1.0), (0.80, 0.87, 0.97), 0.20)
    if s.rails:
        track(s, 0.90)


def snow_front(s):
    rng = s.rng(9)
    if rng.rand() < 0.4:
        places, numbers = s.scatter(1.5, 0.9, 0.6, 8)
        if len(places):
            pines(s, places, np.full(len(places), 1.12), 0.34 + 0.2 * numbers, 1.5, 0.0, 0.8)


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


# ---------------------------------------------------------------- meadow
def meadow_back(s):
    sky_of(s, 0.58)
    rng = s.rng(2)
    if rng.rand() < 0.5:
        s.mountains(
            0.06, 0.59, 0.24, 0.6, 3, (0.50, 0.56, 0.70), (0.40, 0.47, 0.64), 0.50, (0.98, 0.99, 1.0), 0.07
        )
    for n, (k, level, high, far) in enumerate(
        [(0.14, 0.60, 0.08, 0.42), (0.30, 0.66, 0.09, 0.20), (0.55, 0.75, 0.08, 0.06)]
    ):
        green = np.array([(0.50, 0.68, 0.36), (0.46, 0.70, 0.30), (0.40, 0.68, 0.26)][n])
        s.hills(k, level, high, 0.75, 20 + n, green * 1.1, green * 0.86, 0.16, far)
        if n == 1 and rng.rand() < 0.55:
            place = rng.uniform(-0.36, 0.36) * s.aspect
            u, v, scale = s.eye.place(place, float(s.hill_at([place], k, level, high, 0.75, 21)[0]) + 0.02, k)
            built.windmill(
                s.img,
                s.aspect,
                u,
                v,
                0.30 * scale,
                s.colour((0.95, 0.92, 0.86), 0.1),
                s.colour((0.62, 0.26, 0.20), 0.1),
                s.colour((0.97, 0.95, 0.90), 0.05),
                s.t * (1 + 0.5 * s.wind),
                s.px,
            )
        if n != 1:
            places, numbers = s.scatter(k, (0.11, 0, 0.5)[n], (0.6, 0, 0.45)[n], 3 + n)
            if len(places):
                feet = s.hill_at(places, k, level, high, 0.75, 20 + n) + 0.015
                u, v, scale = s.stand(places, feet, k)
                land.rounds(
                    s.img,
                    s.aspect,
                    u,
                    v,
                    (0.07, 0, 0.26)[n] * (0.8 + 0.5 * numbers) * scale,
                    s.colour((0.40, 0.27, 0.18), far),
                    s.colour((0.14, 0.40, 0.20), far),
                    s.colour((0.42, 0.66, 0.28), far),
                    s.seed % 9973,
                    0.03 * s.wind * np.sin(1.9 * s.t),
                    s.px,
                )
    s.hills(0.95, 0.84, 0.035, 1.0, 24, (0.48, 0.76, 0.28), (0.34, 0.60, 0.22), 0.2)
    if s.rails:
        track(s, 0.90)


def meadow_front(s):
    hue = [(0.95, 0.25, 0.25), (0.98, 0.85, 0.25), (0.75, 0.45, 0.90), (0.98, 0.98, 0.95)]
    sway = 0.06 * (1 + s.wind) * np.sin(1.7 * s.t)
    land.grass(
        s.img,
        s.aspect,
        s.eye.offset(1.4),
        s.eye.level(1.0, 1.4) + 0.01,
        0.11,
        s.colour((0.22, 0.50, 0.18)),
        0.022,
        s.seed % 9973,
        sway,
        s.px,
    )
    places, numbers = s.scatter(1.4, 0.085, 0.75, 9)
    if len(places):
        height = 0.045 + 0.07 * ((numbers * 7) % 1)
        u, v, scale = s.stand(places, 1.0 - height, 1.4)
        u = u + 0.4 * sway * height * scale
        size = (0.014 + 0.008 * numbers) * scale
        kind = (
            (numbers * 37).astype(int) % 4
            if s.rng(8).rand() < 0.5
            else np.full(len(places), int(s.rng(8).rand() * 8) % 4)
        )
        colours = np.array([s.colour(hue[n]) for n in kind])
        land.blobs(
            s.img,
            s.aspect,
            u,
            v,
            size,
            size * 0.85,
            colours[:, 0].copy(),
            colours[:, 1].copy(),
            colours[:, 2].copy(),
            s.px,
        )
        heart = np.array(s.colour((0.98, 0.80, 0.20)))
        many = np.ones(len(places))
        land.blobs(
            s.img,
            s.aspect,
            u,
            v,
            size * 0.36,
            size * 0.34,
            heart[0] * many,
            heart[1] * many,
            heart[2] * many,
            s.px,
        )


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
    rng = s.rng(2)
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


# ---------------------------------------------------------------- the moon
def moon_back(s):
    dark = np.array([[0.01, 0.01, 0.04], [0.03, 0.03, 0.09], [0.08, 0.08, 0.16]], np.float32)
    sky.gradient(s.img, dark, np.float32(0.62))
    sky.stars(s.img, s.aspect, s.eye.x * 0.05, s.t, s.seed, 0.5, 0.75)
    rng = s.rng(2)
    u, v, scale = s.eye.place(rng.uniform(-0.30, 0.30) * s.aspect, rng.uniform(0.17, 0.27), 0.04)
    r = rng.uniform(0.09, 0.13) * scale
    sky.disc(s.img, s.aspect, u, v, r, np.array([0.22, 0.50, 0.92]), 0.35, 0.0, s.px)
    spots = np.array([[-0.35, -0.30, 0.42, 0.24], [0.30, 0.10, 0.30, 0.38], [-0.25, 0.50, 0.36, 0.20]])
    ones = np.ones(3)
    land.blobs(
        s.img,
        s.aspect,
        u + spots[:, 0] * r,
        v + spots[:, 1] * r,
        spots[:, 2] * r,
        spots[:, 3] * r,
        0.30 * ones,
        0.70 * ones,
        0.36 * ones,
        s.px,
    )
    land.blobs(
        s.img,
        s.aspect,
        u + np.array([0.1, -0.3]) * r,
        v + np.array([-0.55, 0.15]) * r,
        np.array([0.5, 0.45]) * r,
        np.array([0.09, 0.08]) * r,
        np.ones(2),
        np.ones(2),
        np.ones(2),
        s.px,
    )
    grey = np.array([0.62, 0.62, 0.66])
    plain = s.light
    plain.key[:] = 1.0
    plain.haze[:] = (0.16, 0.16, 0.24)
    plain.haze_share = 0.0
    s.mountains(0.10, 0.63, 0.17, 0.5, 3, grey * 0.80, grey * 0.42, 0.30, None, 0.1, rng.rand() < 0.5)
    s.hills(0.30, 0.67, 0.07, 0.6, 20, grey * 0.86, grey * 0.72, 0.12, 0.12)
    s.hills(0.65, 0.75, 0.05, 0.9, 21, grey * 1.02, grey * 0.78, 0.22)
    places, numbers = s.scatter(0.85, 0.20, 0.75, 5)
    if len(places):
        depth = 0.78 + 0.19 * ((numbers * 11) % 1)
        u, v, scale = s.stand(places, depth, 0.85)
        wide = (0.025 + 0.055 * ((numbers * 7) % 1)) * scale * (depth - 0.5) / 0.35
        for shift, shade in ((0.0, 1.22), (0.006, 0.62), (0.016, 0.78)):
            many = np.ones(len(places)) * 0.62 * shade
            inner = wide * (1 - shift * 12)
            land.blobs(
                s.img,
                s.aspect,
                u,
                v + shift * 0.5,
                inner,
                inner * 0.30,
                np.minimum(many, 1),
                np.minimum(many, 1),
                np.minimum(many * 1.05, 1),
                s.px,
            )


def moon_front(s):
    places, numbers = s.scatter(1.5, 0.45, 0.5, 8)
    for p, n in zip(places, numbers):
        u, v, scale = s.eye.place(p, 1.03, 1.5)
        land.rock(
            s.img,
            s.aspect,
            u,
            v,
            (0.08 + 0.08 * n) * scale,
            (0.05 + 0.05 * n) * scale,
            (0.60, 0.60, 0.64),
            (0.26, 0.26, 0.31),
            int(p * 100) % 997,
            s.px,
        )
