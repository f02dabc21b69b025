"""Scenes of hills and trees: the mountain lake, the forest, the snow.

Each scene has two functions: what is behind the subject and what is in front of it.
"""

import built
import land
import numpy as np
import water
import weather
from parts import pines, sky_of, sky_sun, track


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
