"""The city: a street with shops, by night neon signs, in the rain a wet road that mirrors them."""

import built
import land
import numpy as np
import water
import weather
from parts import sky_of

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


def city_back(s):
    sky_of(s, 0.66)
    time = s.light.time
    night = {"night": 1.0, "dusk": 0.85}.get(time, 0.0)
    lit = {"day": 0.05, "sunrise": 0.15, "sunset": 0.35, "dusk": 0.55, "night": 0.60}[time]
    if s.light.weather == "storm":
        lit = max(lit, 0.4)
    lamp = (1.0, 0.85, 0.46)
    rng = s.rng(2)
    for n, (k, step, low, high, far) in enumerate(
        [(0.12, 0.105, 0.20, 0.52, 0.55), (0.26, 0.15, 0.16, 0.44, 0.28)]
    ):
        wall = np.array([0.46, 0.52, 0.64])
        built.skyline(
            s.img,
            s.aspect,
            s.eye.offset(k),
            s.eye.scale(k),
            s.eye.level(0.72, k),
            step,
            low,
            high,
            s.colour(wall, far),
            s.seed % 9973 + n,
            lit * (0.5, 0.8)[n],
            (0.55, 0.8)[n],
            s.colour((0.75, 0.85, 0.95), 0.3) if time == "day" else lamp,
            s.px,
        )
        if s.light.weather == "mist":
            weather.mist(
                s.img,
                s.aspect,
                s.eye.level(0.56, k),
                0.12,
                s.colour((1, 1, 1), 0.8),
                0.5,
                s.t,
                s.eye.offset(k),
                s.seed % 9973 + n,
            )
    k = 0.70
    scale, shift = s.eye.scale(k), s.eye.offset(k)
    foot = s.eye.level(FOOT, k)
    step = rng.uniform(0.36, 0.44)
    walls = WALLS * np.array(s.light.key) * 1.06 if not night else NIGHT_WALLS * 1.15
    walls = np.clip(walls + (s.light.haze - walls) * 0.25 * s.light.haze_share, 0, 1)
    built.street(
        s.img,
        s.aspect,
        shift,
        scale,
        foot,
        step,
        0.30,
        0.56,
        walls,
        1.0,
        s.seed % 9973,
        night,
        lit,
        lamp,
        s.t,
        s.px,
    )
    if night:
        built.signs(s.img, s.aspect, shift, scale, foot, step, 0.30, 0.56, s.seed % 9973, s.t, s.px)
    ground = np.array(s.light.key) if not night else np.array([0.34, 0.34, 0.48])
    pave, curb, road = (
        np.array([0.70, 0.68, 0.68]),
        np.array([0.86, 0.84, 0.82]),
        np.array([0.32, 0.33, 0.37]),
    )
    edge = s.eye.level(0.835, 1.0)
    copy = s.img.copy()
    land.band(s.img, foot, edge, tuple(pave * ground * 0.92), tuple(pave * ground), s.px)
    land.band(s.img, edge, edge + 0.014, tuple(curb * ground), tuple(curb * ground), s.px)
    land.band(s.img, edge + 0.014, 1.1, tuple(road * ground * 1.05), tuple(road * ground * 0.85), s.px)
    land.dashes(
        s.img,
        s.aspect,
        s.eye.offset(1.0),
        s.eye.level(0.945, 1.0),
        0.007 * s.eye.scale(1.0),
        0.34,
        0.18,
        tuple(np.array([0.96, 0.94, 0.88]) * np.maximum(ground, 0.45)),
        s.px,
    )
    built.lamps(
        s.img,
        s.aspect,
        s.eye.offset(0.85),
        s.eye.scale(0.85),
        s.eye.level(0.815, 0.85),
        0.80,
        s.seed % 9973,
        night if night else (0.5 if s.light.weather == "storm" else 0.0),
        s.px,
    )
    if s.light.weather in ("rain", "storm"):
        dry = s.img.copy()
        water.mirror(
            s.img,
            copy,
            foot,
            1.25,
            0.42,
            3.0,
            s.t,
            s.eye.offset(0.9),
            tuple(road * ground * 0.7),
            0.20,
            0.10,
            s.aspect,
        )
        share = 0.62 if night else 0.38
        first = int(foot * s.img.shape[0])
        s.img[first:] = dry[first:] + (s.img[first:] - dry[first:]) * share
    elif night:
        shine = s.img.copy()
        water.mirror(
            shine, copy, foot, 1.3, 0.25, 0.0, 0.0, s.eye.offset(0.9), (0.05, 0.05, 0.10), 0.3, 0.3, s.aspect
        )
        first = int(foot * s.img.shape[0])
        s.img[first:] += (shine[first:] - s.img[first:]) * 0.20


def city_front(s):
    pass
