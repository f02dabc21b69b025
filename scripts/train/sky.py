"""Draws the sky: its gradient, sun, moon and stars, clouds, lightning."""

import math

import numpy as np
from numba import njit
from paint import circle, clamp, glow, mix, ramp, rnd, span


@njit(cache=True)
def gradient(img, colours, horizon):
    """Three colours from the top of the picture to the horizon, the last below it."""
    H, W = img.shape[0], img.shape[1]
    for j in range(H):
        k = clamp((j + 0.5) / H / max(horizon, 0.05))
        if k < 0.55:
            a, t = 0, k / 0.55
        else:
            a, t = 1, (k - 0.55) / 0.45
        for c in range(3):
            value = colours[a, c] + (colours[a + 1, c] - colours[a, c]) * t
            for i in range(W):
                img[j, i, c] = value


@njit(cache=True)
def stars(img, aspect, shift, t, seed, share, horizon):
    """Stars on a jittered grid; they twinkle, and fade towards the horizon."""
    H, W = img.shape[0], img.shape[1]
    size = max(1.0 / H, 0.0055)
    step = 0.085
    for a in range(-int(aspect / step) - 3, int(aspect / step) + 4):
        for b in range(-1, int(horizon / step) + 1):
            if rnd(a, b, seed) > share:
                continue
            u = (a + rnd(a, b, seed + 1)) * step - shift
            v = (b + rnd(a, b, seed + 2)) * step
            bright = (0.35 + 0.65 * rnd(a, b, seed + 3)) * ramp(horizon, horizon * 0.55, v)
            bright *= 0.8 + 0.2 * math.sin(t * 3 + 40 * rnd(a, b, seed + 4))
            r = size * (0.7 + 0.6 * rnd(a, b, seed + 5))
            i0, i1 = span(((u - 3 * r) / aspect + 0.5) * W, ((u + 3 * r) / aspect + 0.5) * W, W)
            j0, j1 = span((v - 3 * r) * H, (v + 3 * r) * H, H)
            for j in range(j0, j1):
                for i in range(i0, i1):
                    x = ((i + 0.5) / W - 0.5) * aspect - u
                    y = (j + 0.5) / H - v
                    glow(img, j, i, 1.0, 0.98, 0.92, bright * math.exp(-(x * x + y * y) / (r * r)))


@njit(cache=True)
def disc(img, aspect, u, v, radius, colour, halo, crescent, px):
    """The sun or the moon with a glow around; crescent: how far the shadow lies to the side, 0 for none."""
    H, W = img.shape[0], img.shape[1]
    for j in range(H):
        y = (j + 0.5) / H - v
        for i in range(W):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            d = math.sqrt(x * x + y * y)
            a = halo * (0.75 * math.exp(-d / (radius * 1.1)) + 0.40 * math.exp(-d / (radius * 4.0)))
            if a > 0.004:
                glow(img, j, i, colour[0], colour[1], colour[2], a)
            inside = clamp(0.5 - (d - radius) / px)
            if crescent > 0:
                inside *= clamp(0.5 + (circle(x - crescent * radius, y + 0.25 * radius, radius * 0.92)) / px)
            if inside > 0:
                mix(img, j, i, colour[0], colour[1], colour[2], inside)


@njit(cache=True)
def cloud(img, aspect, u, v, width, seed, top, base, strength, px):
    """A heap of round puffs with a flat base, light above and shaded below."""
    H, W = img.shape[0], img.shape[1]
    height = width * 0.42
    i0, i1 = span(((u - width * 0.62) / aspect + 0.5) * W, ((u + width * 0.62) / aspect + 0.5) * W, W)
    j0, j1 = span((v - height) * H, (v + height * 0.1) * H, H)
    for j in range(j0, j1):
        y = (j + 0.5) / H - v
        for i in range(i0, i1):
            x = ((i + 0.5) / W - 0.5) * aspect - u
            d = 9.0
            for k in range(5):
                r = width * (0.13 + 0.05 * rnd(k, 1, seed) + 0.05 * (2 - abs(k - 2)))
                cx = (k - 2) * width * 0.20
                d = min(d, circle(x - cx, y + r * (0.75 + 0.35 * rnd(k, 2, seed)), r))
            d = max(d, y)
            a = clamp(0.5 - d / (px * 1.4)) * strength
            if a > 0:
                k = ramp(-height * 0.75, 0.0, y)
                mix(
                    img,
                    j,
                    i,
                    top[0] + (base[0] - top[0]) * k,
                    top[1] + (base[1] - top[1]) * k,
                    top[2] + (base[2] - top[2]) * k,
                    a,
                )


@njit(cache=True)
def streak(img, aspect, u, v, width, thick, colour, strength):
    """A long thin cloud, soft at its ends."""
    H, W = img.shape[0], img.shape[1]
    j0, j1 = span((v - 2 * thick) * H, (v + 2 * thick) * H, H)
    i0, i1 = span(((u - width) / aspect + 0.5) * W, ((u + width) / aspect + 0.5) * W, W)
    for j in range(j0, j1):
        y = ((j + 0.5) / H - v) / thick
        for i in range(i0, i1):
            x = (((i + 0.5) / W - 0.5) * aspect - u) / width
            reach = 1 - x * x
            if reach > 0:
                mix(
                    img,
                    j,
                    i,
                    colour[0],
                    colour[1],
                    colour[2],
                    strength * ramp(1.0, 0.4, abs(y) / (reach + 0.02)),
                )


@njit(cache=True)
def bolt(img, aspect, u, foot, seed, strength):
    """A flash of lightning from the top of the picture down to v = foot."""
    H, W = img.shape[0], img.shape[1]
    x = u
    for j in range(int(foot * H)):
        if j % max(1, H // 22) == 0:
            k = int(j // max(1, H // 22))
            x0, x = x, x + (rnd(k, 3, seed) - 0.5) * 0.10
        f = (j % max(1, H // 22)) / max(1, H // 22)
        centre = x0 + (x - x0) * f
        for i in range(W):
            d = abs(((i + 0.5) / W - 0.5) * aspect - centre)
            a = strength * (math.exp(-d * d / 0.00008) + 0.35 * math.exp(-d / 0.05))
            if a > 0.01:
                glow(img, j, i, 0.92, 0.93, 1.0, a)


def draw(img, light, eye, horizon, t, seed, rng, strike=None):
    """The whole sky of a scene; rng is used the same way in every frame of a clip. strike: (place, shape,
    strength) of a lightning."""
    H, W = img.shape[:2]
    aspect, px = W / H, 1.0 / H
    gradient(img, light.sky.astype(np.float32), np.float32(horizon))
    clear = light.weather == "clear"
    crescent = rng.uniform(0.45, 0.8) if rng.rand() < 0.4 else 0.0
    side = rng.uniform(-0.34, 0.34) * aspect
    lift = rng.uniform(-0.04, 0.04)
    if light.dark and light.weather in ("clear", "mist"):
        share = (0.42 if light.time == "night" else 0.14) * (1.0 if clear else 0.4)
        stars(img, aspect, eye.x * 0.05, t, seed, share, horizon)
    if clear or (light.weather == "mist" and light.time != "night"):
        radius = {"day": 0.06, "sunrise": 0.085, "sunset": 0.115, "dusk": 0.050, "night": 0.075}[light.time]
        u, v, scale = eye.place(side, light.sun_height + lift, 0.04)
        halo = {"day": 0.75, "sunrise": 0.9, "sunset": 0.9, "dusk": 0.35, "night": 0.45}[light.time]
        disc(img, aspect, u, v, radius * scale, light.sun, halo, crescent if light.dark else 0.0, px)
    if strike and strike[2] > 0:
        bolt(img, aspect, eye.place(strike[0] * aspect, 0, 0.05)[0], horizon, strike[1], strike[2])
    draw_clouds(img, light, eye, horizon, t, rng, aspect, px)


def draw_clouds(img, light, eye, horizon, t, rng, aspect, px):
    heavy = {"clear": 0, "cloudy": 1, "rain": 2, "storm": 2, "snowfall": 1, "mist": 0}[light.weather]
    count = rng.randint(1, 4) if not heavy else rng.randint(5, 8)
    lit = np.clip(
        light.sky[1] + (np.array([1.0, 1.0, 1.0]) * light.key - light.sky[1]) * (0.80, 0.62, 0.30)[heavy],
        0,
        1,
    )
    low = np.clip(light.sky[2] * 0.45 + lit * 0.5 * (1.0, 0.95, 0.75)[heavy], 0, 1)
    if light.time in ("sunset", "sunrise", "dusk") and not heavy:
        for _ in range(count + 1):
            u, v, scale = eye.place(
                (rng.uniform(-0.8, 0.8) * aspect) + 0.012 * t, horizon * rng.uniform(0.25, 0.85), 0.07
            )
            colour = light.sky[1] * 0.5 + np.array([1.0, 0.72, 0.62]) * light.key * 0.55
            streak(
                img,
                aspect,
                u,
                v,
                rng.uniform(0.25, 0.55) * scale,
                rng.uniform(0.012, 0.022) * scale,
                np.clip(colour, 0, 1),
                0.75,
            )
        return
    for k in range(count):
        width = rng.uniform(0.30, 0.46) * (1.0, 1.25, 1.5)[heavy]
        reach = aspect + 1.2
        x = (rng.uniform(0, reach) + (0.02 + 0.03 * heavy) * t) % reach - reach / 2
        y = horizon * (
            rng.uniform(0.22, 0.62) if not heavy else 0.12 + 0.62 * (k + rng.uniform(0, 0.7)) / count
        )
        u, v, scale = eye.place(x, y, 0.07)
        strength = 0.92 if heavy else (0.9 if not light.dark else 0.6)
        cloud(img, aspect, u, v, width * scale, rng.randint(1 << 30), lit, low, strength, px)
