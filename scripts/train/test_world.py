"""Tests of the world and its captions:  python -m unittest test_world"""
import re
import unittest

import numpy as np

import wording
import world


def some(**k):
    return dict(dict(scene="sea", time="day", weather="clear", subject="ball", colour="red", motion="right", camera="static"), **k)


class World(unittest.TestCase):
    def test_one_seed_one_clip(self):
        a = world.render(some(), 5, 5, 32, 48); b = world.render(some(), 5, 5, 32, 48); c = world.render(some(), 6, 5, 32, 48)
        self.assertEqual(a[0].shape, (5, 32, 48, 3)); self.assertEqual(a[1].shape, (2, 4, 6))
        self.assertTrue((a[0] == b[0]).all() and (a[1] == b[1]).all())
        self.assertGreater(np.abs(a[0].astype(int) - c[0]).mean(), 1)

    def test_the_size_changes_the_grid_and_not_the_picture(self):
        import cv2
        large, small = world.render(some(), 3, 5, 128, 128)[0], world.render(some(), 3, 5, 64, 64)[0]
        for a, b in zip(large, small): self.assertLess(np.abs(cv2.resize(a, (64, 64), interpolation=cv2.INTER_AREA).astype(int) - b).mean(), 3)

    def test_a_part_of_a_way_is_that_part_of_the_clip(self):
        a = some(camera="pan left"); whole, half = world.render(a, 3, 17, 64, 64)[0], world.render(a, 3, 9, 64, 64, span=(0., .5))[0]
        self.assertTrue((whole[:9] == half).all())
        rng = np.random.RandomState(0)
        for camera in world.CAMERAS:
            for _ in range(50):
                start, end = world.part(some(camera=camera), rng); out = 0. if "zoom" in camera else .3
                self.assertTrue(-out <= start and end <= 1 + out + 1e-9 and .5 <= end - start <= 1)

    def test_the_mask_lies_on_the_subject(self):
        clip, mask = world.render(some(scene="mountains"), 4, 17, 64, 64)     # where nothing else is red
        red = (clip[..., 0] > 150) & (clip[..., 1] < 90)
        here = np.stack([red[1 + 4 * k:5 + 4 * k].any(0) for k in range(4)]).reshape(4, 8, 8, 8, 8).any((2, 4))
        self.assertGreater((mask[1:][here] > 0).mean(), .95)
        self.assertLess((mask > 0).mean(), .5)
        self.assertEqual(world.render(some(subject="none", colour="none", motion="still"), 4, 5, 64, 64)[1].max(), 0)

    def test_the_subject_goes_where_its_motion_says(self):
        for motion, axis, sign in (("right", 1, 1), ("left", 1, -1), ("up", 0, -1), ("down", 0, 1)):
            mask = world.render(some(motion=motion), 9, 17, 64, 64)[1].astype(float)
            centre = [np.average(np.arange(8), weights=m.sum(1 - axis)) for m in (mask[0], mask[-1])]
            self.assertGreater(sign * (centre[1] - centre[0]), 1, motion)

    def test_a_time_of_day_changes_the_light(self):
        light = [world.render(some(time=t), 2, 1, 64, 64)[0].mean() for t in ("day", "night")]
        self.assertGreater(light[0], 1.5 * light[1])

    def test_the_street_is_lit_in_colours_by_night(self):
        vivid = lambda time: (np.ptp(world.render(some(scene="city", time=time, subject="none", colour="none", motion="still"), 1, 1, 64, 64)[0][0, 40:45].astype(int), axis=-1) > 120).mean()
        self.assertGreater(vivid("night"), .15); self.assertEqual(vivid("day"), 0)

    def test_dust_hangs_behind_a_car_that_drives_in_the_desert(self):
        def brighter_on_the_left(motion, scene):
            road = world.render(some(scene=scene, subject="car", colour="blue", motion=motion), 2, 17, 64, 64)[0][8, 54:57].astype(float)
            return road[:, :18].mean() - road[:, -18:].mean()
        self.assertGreater(brighter_on_the_left("right", "desert"), 12); self.assertLess(brighter_on_the_left("left", "desert"), -12)
        for motion in ("left", "right"): self.assertLess(abs(brighter_on_the_left(motion, "city")), 6)

    def test_every_scene_subject_and_weather_draws(self):
        for scene in world.SCENES:
            for subject in world.SCENE_SUBJECTS[scene]:
                clip = world.render(some(scene=scene, subject=subject, motion=world.SUBJECT_MOTIONS[subject][0]), 1, 2, 32, 32)[0]
                self.assertGreater(clip.std(), 10, (scene, subject))
        flat = world.render(some(camera="static", motion="still", subject="none", colour="none"), 1, 5, 64, 64)[0].astype(int)
        for weather in ("rain", "snowfall"):
            clip = world.render(some(weather=weather, motion="still", subject="none", colour="none"), 1, 5, 64, 64)[0].astype(int)
            self.assertGreater(np.abs(np.diff(clip, axis=0)).mean(), np.abs(np.diff(flat, axis=0)).mean(), weather)


class Attributes(unittest.TestCase):
    def test_a_tenth_of_the_combinations_is_never_trained_on(self):
        rng = np.random.RandomState(1); drawn = [world.draw(rng) for _ in range(4000)]
        share = np.mean([world.held_out(a) for a in drawn])
        self.assertTrue(.06 < share < .13, share)
        self.assertFalse(any(world.held_out(world.sample(rng)) for _ in range(300)))
        self.assertTrue(all(world.held_out(world.sample(rng, True)) for _ in range(100)))

    def test_a_mirrored_clip_has_mirrored_attributes(self):
        a = some(motion="left", camera="pan right")
        self.assertEqual(world.mirror(a), some(motion="right", camera="pan left")); self.assertEqual(world.mirror(world.mirror(a)), a)

    def test_labels_stand_in_the_order_of_the_attributes(self):
        self.assertEqual([list(v)[i] for v, i in zip(world.ATTRIBUTES.values(), world.labels(some()))], list(some().values()))


class Captions(unittest.TestCase):
    def test_a_complete_caption_names_what_there_is(self):
        rng = np.random.RandomState(2)
        for _ in range(500):
            a = world.draw(rng); text = wording.caption(a, rng, True).lower()
            if a["subject"] == "none": continue
            self.assertTrue(any(n in text for n in wording.NOUN[a["subject"]]), text)
            self.assertTrue(any(c in text for c in wording.SHADE[a["colour"]]), text)
            self.assertTrue(any(w in text for w in wording.WHERE[a["scene"]] + (wording.NEON["where"] if a["scene"] == "city" and a["time"] == "night" else [])), text)

    def test_wordings_are_many(self):
        rng = np.random.RandomState(3)
        self.assertGreater(len({wording.caption(some(), rng) for _ in range(200)}), 150)

    def test_no_word_is_missing_from_the_vocabulary(self):
        rng = np.random.RandomState(4); known = set(wording.words())
        for _ in range(2000): self.assertLessEqual(set(re.findall(r"[a-z]+(?:-[a-z]+)*", wording.caption(world.draw(rng), rng).lower())), known)


if __name__ == "__main__": unittest.main()
