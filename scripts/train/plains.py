"""Scenes of open land: the desert, the meadow, the moon.

Each scene has two functions: what is behind the subject and what is in front of it.
"""

import built
import land
import numpy as np
import sky
from parts import sky_of, track


# ---------------------------------------------------------------- desert
def desert_back(stage):
    sky_of(stage, 0.60)
    rng = stage.rng(2)
    u = stage.eye.columns(stage.img, 0.10)
    shape = np.empty_like(u)
    land.rolling(shape, u, 0.30, 3, stage.seed, 1)
    tops = np.where(shape > 0.52, 0.60 - rng.uniform(0.16, 0.24), 0.615) + 0.05 * np.clip(
        (0.62 - shape) / 0.10, 0, 1
    ) * (shape > 0.52)
    land.slab(
        stage.img,
        stage.eye.level(tops, 0.10),
        stage.colour((0.74, 0.36, 0.26), 0.34),
        stage.colour((0.86, 0.52, 0.36), 0.40),
        0.22,
        stage.px,
    )
    stage.hills(0.20, 0.63, 0.10, 0.55, 20, (0.90, 0.60, 0.34), (0.95, 0.70, 0.44), 0.10, 0.22)
    stage.hills(0.40, 0.70, 0.11, 0.62, 21, (0.95, 0.69, 0.38), (0.86, 0.58, 0.32), 0.14, 0.10)
    places, numbers = stage.scatter(0.40, 0.55, 0.5, 5)
    for p, n in zip(places, numbers):
        x, v, scale = stage.eye.place(
            p, float(stage.hill_at([p], 0.40, 0.70, 0.11, 0.62, 21)[0]) + 0.03, 0.40
        )
        land.cactus(
            stage.img,
            stage.aspect,
            x,
            v,
            (0.13 + 0.06 * n) * scale,
            stage.colour((0.34, 0.58, 0.30), 0.08),
            stage.colour((0.16, 0.38, 0.24), 0.08),
            stage.px,
        )
    stage.hills(0.72, 0.80, 0.06, 0.8, 22, (0.98, 0.77, 0.46), (0.90, 0.66, 0.38), 0.14)
    places, numbers = stage.scatter(0.72, 0.85, 0.55, 6)
    for p, n in zip(places, numbers):
        x, v, scale = stage.eye.place(
            p, float(stage.hill_at([p], 0.72, 0.80, 0.06, 0.8, 22)[0]) + 0.035, 0.72
        )
        land.cactus(
            stage.img,
            stage.aspect,
            x,
            v,
            (0.24 + 0.10 * n) * scale,
            stage.colour((0.32, 0.60, 0.30)),
            stage.colour((0.14, 0.38, 0.24)),
            stage.px,
        )
    if stage.rails:
        track(stage, 0.90)
    else:
        road(stage, 0.83, 0.95)


def road(stage, v0, v1):
    edge = stage.colour((0.86, 0.66, 0.42))
    a, b = stage.eye.level(v0, 1.0), stage.eye.level(v1, 1.0)
    land.band(stage.img, a - 0.012, b + 0.012, edge, edge, stage.px)
    land.band(stage.img, a, b, stage.colour((0.36, 0.35, 0.38)), stage.colour((0.29, 0.28, 0.32)), stage.px)
    land.dashes(
        stage.img,
        stage.aspect,
        stage.eye.offset(1.0),
        (a + b) / 2,
        0.007 * stage.eye.scale(1.0),
        0.30,
        0.16,
        stage.colour((1.0, 0.84, 0.30)),
        stage.px,
    )


def desert_front(stage):
    places, numbers = stage.scatter(1.5, 0.5, 0.5, 8)
    for p, n in zip(places, numbers):
        u, v, scale = stage.eye.place(p, 1.02, 1.5)
        land.rock(
            stage.img,
            stage.aspect,
            u,
            v,
            (0.08 + 0.08 * n) * scale,
            (0.05 + 0.04 * n) * scale,
            stage.colour((0.62, 0.38, 0.26)),
            stage.colour((0.38, 0.22, 0.18)),
            int(p * 100) % 997,
            stage.px,
        )


# ---------------------------------------------------------------- meadow
def meadow_back(stage):
    sky_of(stage, 0.58)
    rng = stage.rng(2)
    if rng.rand() < 0.5:
        stage.mountains(
            0.06, 0.59, 0.24, 0.6, 3, (0.50, 0.56, 0.70), (0.40, 0.47, 0.64), 0.50, (0.98, 0.99, 1.0), 0.07
        )
    for n, (k, level, high, far) in enumerate(
        [(0.14, 0.60, 0.08, 0.42), (0.30, 0.66, 0.09, 0.20), (0.55, 0.75, 0.08, 0.06)]
    ):
        green = np.array([(0.50, 0.68, 0.36), (0.46, 0.70, 0.30), (0.40, 0.68, 0.26)][n])
        stage.hills(k, level, high, 0.75, 20 + n, green * 1.1, green * 0.86, 0.16, far)
        if n == 1 and rng.rand() < 0.55:
            place = rng.uniform(-0.36, 0.36) * stage.aspect
            u, v, scale = stage.eye.place(
                place, float(stage.hill_at([place], k, level, high, 0.75, 21)[0]) + 0.02, k
            )
            built.windmill(
                stage.img,
                stage.aspect,
                u,
                v,
                0.30 * scale,
                stage.colour((0.95, 0.92, 0.86), 0.1),
                stage.colour((0.62, 0.26, 0.20), 0.1),
                stage.colour((0.97, 0.95, 0.90), 0.05),
                stage.t * (1 + 0.5 * stage.wind),
                stage.px,
            )
        if n != 1:
            places, numbers = stage.scatter(k, (0.11, 0, 0.5)[n], (0.6, 0, 0.45)[n], 3 + n)
            if len(places):
                feet = stage.hill_at(places, k, level, high, 0.75, 20 + n) + 0.015
                u, v, scale = stage.stand(places, feet, k)
                land.rounds(
                    stage.img,
                    stage.aspect,
                    u,
                    v,
                    (0.07, 0, 0.26)[n] * (0.8 + 0.5 * numbers) * scale,
                    stage.colour((0.40, 0.27, 0.18), far),
                    stage.colour((0.14, 0.40, 0.20), far),
                    stage.colour((0.42, 0.66, 0.28), far),
                    stage.seed % 9973,
                    0.03 * stage.wind * np.sin(1.9 * stage.t),
                    stage.px,
                )
    stage.hills(0.95, 0.84, 0.035, 1.0, 24, (0.48, 0.76, 0.28), (0.34, 0.60, 0.22), 0.2)
    if stage.rails:
        track(stage, 0.90)


def meadow_front(stage):
    hue = [(0.95, 0.25, 0.25), (0.98, 0.85, 0.25), (0.75, 0.45, 0.90), (0.98, 0.98, 0.95)]
    sway = 0.06 * (1 + stage.wind) * np.sin(1.7 * stage.t)
    land.grass(
        stage.img,
        stage.aspect,
        stage.eye.offset(1.4),
        stage.eye.level(1.0, 1.4) + 0.01,
        0.11,
        stage.colour((0.22, 0.50, 0.18)),
        0.022,
        stage.seed % 9973,
        sway,
        stage.px,
    )
    places, numbers = stage.scatter(1.4, 0.085, 0.75, 9)
    if len(places):
        height = 0.045 + 0.07 * ((numbers * 7) % 1)
        u, v, scale = stage.stand(places, 1.0 - height, 1.4)
        u = u + 0.4 * sway * height * scale
        size = (0.014 + 0.008 * numbers) * scale
        kind = (
            (numbers * 37).astype(int) % 4
            if stage.rng(8).rand() < 0.5
            else np.full(len(places), int(stage.rng(8).rand() * 8) % 4)
        )
        colours = np.array([stage.colour(hue[n]) for n in kind])
        land.blobs(
            stage.img,
            stage.aspect,
            u,
            v,
            size,
            size * 0.85,
            colours[:, 0].copy(),
            colours[:, 1].copy(),
            colours[:, 2].copy(),
            stage.px,
        )
        heart = np.array(stage.colour((0.98, 0.80, 0.20)))
        many = np.ones(len(places))
        land.blobs(
            stage.img,
            stage.aspect,
            u,
            v,
            size * 0.36,
            size * 0.34,
            heart[0] * many,
            heart[1] * many,
            heart[2] * many,
            stage.px,
        )


# ---------------------------------------------------------------- the moon
def moon_back(stage):
    dark = np.array([[0.01, 0.01, 0.04], [0.03, 0.03, 0.09], [0.08, 0.08, 0.16]], np.float32)
    sky.gradient(stage.img, dark, np.float32(0.62))
    sky.stars(stage.img, stage.aspect, stage.eye.x * 0.05, stage.t, stage.seed, 0.5, 0.75)
    rng = stage.rng(2)
    earth(stage, rng)
    grey = np.array([0.62, 0.62, 0.66])
    light = stage.light
    light.key[:] = 1.0
    light.haze[:] = (0.16, 0.16, 0.24)
    light.haze_share = 0.0
    stage.mountains(0.10, 0.63, 0.17, 0.5, 3, grey * 0.80, grey * 0.42, 0.30, None, 0.1, rng.rand() < 0.5)
    stage.hills(0.30, 0.67, 0.07, 0.6, 20, grey * 0.86, grey * 0.72, 0.12, 0.12)
    stage.hills(0.65, 0.75, 0.05, 0.9, 21, grey * 1.02, grey * 0.78, 0.22)
    craters(stage)


def earth(stage, rng):
    """The Earth in the sky, with land and clouds."""
    place, height = rng.uniform(-0.30, 0.30) * stage.aspect, rng.uniform(0.17, 0.27)
    u, v, scale = stage.eye.place(place, height, 0.04)
    r = rng.uniform(0.09, 0.13) * scale
    sky.disc(stage.img, stage.aspect, u, v, r, np.array([0.22, 0.50, 0.92]), 0.35, 0.0, stage.px)
    lands = np.array([[-0.35, -0.30, 0.42, 0.24], [0.30, 0.10, 0.30, 0.38], [-0.25, 0.50, 0.36, 0.20]])
    clouds = np.array([[0.1, -0.55, 0.5, 0.09], [-0.3, 0.15, 0.45, 0.08]])
    for spots, (red, green, blue) in ((lands, (0.30, 0.70, 0.36)), (clouds, (1.0, 1.0, 1.0))):
        ones = np.ones(len(spots))
        land.blobs(
            stage.img,
            stage.aspect,
            u + spots[:, 0] * r,
            v + spots[:, 1] * r,
            spots[:, 2] * r,
            spots[:, 3] * r,
            red * ones,
            green * ones,
            blue * ones,
            stage.px,
        )


def craters(stage):
    """Each three ellipses: the far rim in the light, the shadow in it, the floor."""
    places, numbers = stage.scatter(0.85, 0.20, 0.75, 5)
    if not len(places):
        return
    depth = 0.78 + 0.19 * ((numbers * 11) % 1)
    u, v, scale = stage.stand(places, depth, 0.85)
    wide = (0.025 + 0.055 * ((numbers * 7) % 1)) * scale * (depth - 0.5) / 0.35
    for shift, shade in ((0.0, 1.22), (0.006, 0.62), (0.016, 0.78)):
        many = np.ones(len(places)) * 0.62 * shade
        inner = wide * (1 - shift * 12)
        land.blobs(
            stage.img,
            stage.aspect,
            u,
            v + shift * 0.5,
            inner,
            inner * 0.30,
            np.minimum(many, 1),
            np.minimum(many, 1),
            np.minimum(many * 1.05, 1),
            stage.px,
        )


def moon_front(stage):
    places, numbers = stage.scatter(1.5, 0.45, 0.5, 8)
    for p, n in zip(places, numbers):
        u, v, scale = stage.eye.place(p, 1.03, 1.5)
        land.rock(
            stage.img,
            stage.aspect,
            u,
            v,
            (0.08 + 0.08 * n) * scale,
            (0.05 + 0.05 * n) * scale,
            (0.60, 0.60, 0.64),
            (0.26, 0.26, 0.31),
            int(p * 100) % 997,
            stage.px,
        )
