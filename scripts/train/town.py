"""The city: a street with shops, by night neon signs, in the rain a wet road that mirrors them.

Two functions, as for each scene: what is behind the subject and what is in front of it. Drawn by street.py.
"""

import land
import numpy as np
import street
import water
from parts import mist, sky_of

WALLS = np.array(
    [
        (0.80, 0.52, 0.42),
        (0.56, 0.64, 0.74),
        (0.88, 0.78, 0.60),
        (0.70, 0.44, 0.40),
        (0.60, 0.70, 0.62),
        (0.82, 0.72, 0.74),
    ]
)
NIGHT_WALLS = np.array(
    [
        (0.30, 0.20, 0.34),
        (0.18, 0.22, 0.40),
        (0.26, 0.22, 0.32),
        (0.34, 0.18, 0.28),
        (0.16, 0.26, 0.36),
        (0.24, 0.20, 0.40),
    ]
)
FOOT = 0.755  # where the houses stand
LOWEST, HIGHEST = 0.30, 0.56  # houses of the near row
LAMP = (1.0, 0.85, 0.46)
ROAD = np.array([0.32, 0.33, 0.37])


def city_back(stage):
    sky_of(stage, 0.66)
    night = {"night": 1.0, "dusk": 0.85}.get(stage.light.time, 0.0)
    lit = {"day": 0.05, "sunrise": 0.15, "sunset": 0.35, "dusk": 0.55, "night": 0.60}[stage.light.time]
    if stage.light.weather == "storm":
        lit = max(lit, 0.4)
    towers(stage, lit)
    foot = houses(stage, night, lit)
    upright = stage.img.copy()  # what a wet road mirrors
    ground = np.array(stage.light.key) if not night else np.array([0.34, 0.34, 0.48])
    pavement_and_road(stage, foot, ground)
    street.lamps(
        stage.img,
        stage.aspect,
        stage.eye.offset(0.85),
        stage.eye.scale(0.85),
        stage.eye.level(0.815, 0.85),
        0.80,
        stage.seed % 9973,
        night if night else (0.5 if stage.light.weather == "storm" else 0.0),
        stage.px,
    )
    mirror_in_road(stage, upright, foot, ground, night)


def towers(stage, lit):
    """Two far rows; `lit` is the share of the windows with light."""
    wall = np.array([0.46, 0.52, 0.64])
    rows = [(0.12, 0.105, 0.20, 0.52, 0.55), (0.26, 0.15, 0.16, 0.44, 0.28)]
    for n, (depth, step, low, high, far) in enumerate(rows):
        street.skyline(
            stage.img,
            stage.aspect,
            stage.eye.offset(depth),
            stage.eye.scale(depth),
            stage.eye.level(0.72, depth),
            step,
            low,
            high,
            stage.colour(wall, far),
            stage.seed % 9973 + n,
            lit * (0.5, 0.8)[n],
            (0.55, 0.8)[n],
            stage.colour((0.75, 0.85, 0.95), 0.3) if stage.light.time == "day" else LAMP,
            stage.px,
        )
        if stage.light.weather == "mist":
            mist(stage, stage.eye.level(0.56, depth), depth, 0.12, 0.8, 0.5, n)


def houses(stage, night, lit):
    """The near row, by night with neon signs; -> the level on the screen that it stands at."""
    depth = 0.70
    scale, shift = stage.eye.scale(depth), stage.eye.offset(depth)
    foot = stage.eye.level(FOOT, depth)
    step = stage.rng(2).uniform(0.36, 0.44)
    walls = WALLS * np.array(stage.light.key) * 1.06 if not night else NIGHT_WALLS * 1.15
    walls = np.clip(walls + (stage.light.haze - walls) * 0.25 * stage.light.haze_share, 0, 1)
    seed = stage.seed % 9973
    row = (stage.img, stage.aspect, shift, scale, foot, step, LOWEST, HIGHEST)
    street.street(*row, walls, 1.0, seed, night, lit, LAMP, stage.t, stage.px)
    if night:
        street.signs(*row, seed, stage.t, stage.px)
    return foot


def pavement_and_road(stage, foot, ground):
    """From the houses' foot down; `ground` is the light on it."""
    pave, curb = np.array([0.70, 0.68, 0.68]), np.array([0.86, 0.84, 0.82])
    edge = stage.eye.level(0.835, 1.0)
    land.band(stage.img, foot, edge, tuple(pave * ground * 0.92), tuple(pave * ground), stage.px)
    land.band(stage.img, edge, edge + 0.014, tuple(curb * ground), tuple(curb * ground), stage.px)
    land.band(
        stage.img, edge + 0.014, 1.1, tuple(ROAD * ground * 1.05), tuple(ROAD * ground * 0.85), stage.px
    )
    land.dashes(
        stage.img,
        stage.aspect,
        stage.eye.offset(1.0),
        stage.eye.level(0.945, 1.0),
        0.007 * stage.eye.scale(1.0),
        0.34,
        0.18,
        tuple(np.array([0.96, 0.94, 0.88]) * np.maximum(ground, 0.45)),
        stage.px,
    )


def mirror_in_road(stage, upright, foot, ground, night):
    """In the rain much of what stands upright, in a dry night a little of its light."""
    first = int(foot * stage.img.shape[0])
    offset = stage.eye.offset(0.9)
    if stage.light.weather in ("rain", "storm"):
        dry = stage.img.copy()
        deep = tuple(ROAD * ground * 0.7)
        water.mirror(
            stage.img, upright, foot, 1.25, 0.42, 3.0, stage.t, offset, deep, 0.20, 0.10, stage.aspect
        )
        share = 0.62 if night else 0.38
        stage.img[first:] = dry[first:] + (stage.img[first:] - dry[first:]) * share
    elif night:
        shine = stage.img.copy()
        deep = (0.05, 0.05, 0.10)
        water.mirror(shine, upright, foot, 1.3, 0.25, 0.0, 0.0, offset, deep, 0.3, 0.3, stage.aspect)
        stage.img[first:] += (shine[first:] - stage.img[first:]) * 0.20


def city_front(stage):
    pass
