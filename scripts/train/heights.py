"""Scenes of hills and trees: the mountain lake, the forest, the snow.

Each scene has two functions: what is behind the subject and what is in front of it.
"""

import built
import land
import numpy as np
import water
from parts import mist, pines, sky_of, sky_sun, track


# ---------------------------------------------------------------- mountain lake
def mountains_back(stage):
    sky_of(stage, 0.60)
    rng = stage.rng(2)
    left = rng.rand() < 0.5
    white = (0.97, 0.98, 1.0)
    stage.mountains(
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
    if stage.light.weather == "mist":
        mist(stage, stage.eye.level(0.50, 0.1), 0.1, 0.07, 0.7, 0.75)
    stage.hills(0.14, 0.62, 0.20, 0.55, 20, (0.24, 0.36, 0.38), (0.32, 0.44, 0.44), 0.12, 0.30, 3)
    stage.hills(0.22, 0.625, 0.085, 0.6, 24, (0.15, 0.33, 0.26), (0.22, 0.42, 0.30), 0.08, 0.12)
    places, numbers = stage.scatter(0.22, 0.050, 0.85, 3)
    if len(places):
        feet = stage.hill_at(places, 0.22, 0.628, 0.085, 0.6, 24) + 0.012
        pines(stage, places, np.minimum(feet, 0.622), 0.060 + 0.055 * numbers, 0.22, 0.12)
    lake(stage)


def lake(stage):
    """Water that mirrors the mountains, with mist over it or the sun's glitter in it."""
    line = stage.eye.level(0.62, 0.22)
    deep = {
        "day": (0.10, 0.40, 0.56),
        "sunrise": (0.34, 0.48, 0.58),
        "sunset": (0.30, 0.18, 0.36),
        "dusk": (0.16, 0.17, 0.38),
        "night": (0.04, 0.09, 0.22),
    }[stage.light.time]
    water.mirror(
        stage.img,
        stage.img.copy(),
        line,
        1.05,
        0.32 if stage.wind < 1.5 else 0.9,
        1.1,
        stage.t,
        stage.eye.offset(0.5),
        deep,
        0.22,
        0.42,
        stage.aspect,
    )
    if stage.light.weather in ("clear", "mist"):
        sun = tuple(stage.light.sun)
        water.glitter(stage.img, line, sky_sun(stage), 0.07, stage.t, sun, 0.40, stage.aspect)
    if stage.light.weather == "mist":
        mist(stage, line, 0.3, 0.06, 0.75, 0.8, 5)


def mountains_front(stage):
    rng = stage.rng(9)
    if rng.rand() < 0.55:
        stage.hills(1.5, 1.03, 0.10, 0.7, 40, (0.10, 0.20, 0.16), (0.05, 0.10, 0.09), 0.12)
        sway = 0.05 * stage.wind * np.sin(1.7 * stage.t)
        land.grass(
            stage.img,
            stage.aspect,
            stage.eye.offset(1.5),
            stage.eye.level(1.01, 1.5),
            0.10,
            stage.colour((0.09, 0.22, 0.14)),
            0.020,
            stage.seed % 9973,
            sway,
            stage.px,
        )


# ---------------------------------------------------------------- forest
def forest_back(stage):
    sky_of(stage, 0.62)
    white = 0.75 if stage.light.weather == "snowfall" else 0.0
    if stage.rng(2).rand() < 0.5:
        stage.mountains(
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
        stage.hills(k, level, high, 0.7, 20 + n, tint, tint * 0.9, 0.1, far)
        places, numbers = stage.scatter(k, spacing, 0.86, 3 + n)
        if len(places):
            feet = stage.hill_at(places, k, level, high, 0.7, 20 + n) + 0.02
            pines(stage, places, feet, size * (0.72 + 0.5 * numbers), k, far, white)
        if stage.light.weather == "mist":
            mist(stage, stage.eye.level(level - 0.03, k), k, 0.075, 0.8, 0.62, n)
    stage.hills(0.85, 0.80, 0.03, 0.9, 30, np.array(floor) * 1.08, np.array(floor) * 0.80, 0.2)
    path = (0.66, 0.50, 0.32) if not white else (0.80, 0.85, 0.94)
    land.band(
        stage.img,
        stage.eye.level(0.835, 1.0),
        stage.eye.level(0.925, 1.0),
        stage.colour(path),
        stage.colour(np.array(path) * 0.88),
        stage.px,
    )


def forest_front(stage):
    white = stage.light.weather == "snowfall"
    colour = stage.colour((0.20, 0.42, 0.17) if not white else (0.86, 0.90, 0.97))
    sway = 0.05 * stage.wind * np.sin(1.7 * stage.t)
    land.grass(
        stage.img,
        stage.aspect,
        stage.eye.offset(1.4),
        stage.eye.level(1.0, 1.4) + 0.01,
        0.085,
        colour,
        0.022,
        stage.seed % 9973,
        sway,
        stage.px,
    )


# ---------------------------------------------------------------- snow
def snow_back(stage):
    sky_of(stage, 0.58)
    rng = stage.rng(2)
    white = (0.98, 0.99, 1.0)
    if rng.rand() < 0.7:
        stage.mountains(
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
        stage.hills(
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
        places, numbers = stage.scatter(k, (0.09, 0.17, 0.36)[n], (0.7, 0.6, 0.6)[n], 3 + n)
        if len(places):
            feet = stage.hill_at(places, k, level, high, 0.65 + 0.1 * n, 20 + n) + 0.02
            pines(stage, places, feet, (0.11, 0.19, 0.32)[n] * (0.75 + 0.5 * numbers), k, far, 0.85)
        if n == 1 and rng.rand() < 0.5:
            place = rng.uniform(-0.3, 0.3) * stage.aspect
            u, v, scale = stage.eye.place(
                place, float(stage.hill_at([place], k, level, high, 0.75, 21)[0]) + 0.03, k
            )
            window = (1.0, 0.84, 0.42) if stage.light.time != "day" else stage.colour((0.45, 0.55, 0.65))
            built.cabin(
                stage.img,
                stage.aspect,
                u,
                v,
                0.13 * scale,
                stage.colour((0.48, 0.28, 0.18)),
                stage.colour((0.97, 0.98, 1.0)),
                window,
                stage.t,
                0.6,
                stage.px,
            )
    stage.hills(0.95, 0.86, 0.04, 1.1, 24, (0.97, 0.98, 1.0), (0.80, 0.87, 0.97), 0.20)
    if stage.rails:
        track(stage, 0.90)


def snow_front(stage):
    rng = stage.rng(9)
    if rng.rand() < 0.4:
        places, numbers = stage.scatter(1.5, 0.9, 0.6, 8)
        if len(places):
            pines(stage, places, np.full(len(places), 1.12), 0.34 + 0.2 * numbers, 1.5, 0.0, 0.8)
