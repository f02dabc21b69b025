"""Tests of the world and its captions:  python -m unittest test_world"""

import unittest

import cv2
import numpy as np
import wording
import world


def some(**changes):
    plain = dict(
        scene="mountains",
        time="day",
        weather="clear",
        subject="ball",
        colour="red",
        motion="right",
        camera="static",
    )
    return dict(plain, **changes)


def bare(**changes):
    return some(subject="none", colour="none", motion="still", **changes)


class World(unittest.TestCase):
    def test_one_seed_one_clip(self):
        first, again, other = (world.render(some(), seed, 5, 32, 48) for seed in (5, 5, 6))
        self.assertEqual(first[0].shape, (5, 32, 48, 3))
        self.assertEqual(first[1].shape, (2, 4, 6))
        self.assertTrue((first[0] == again[0]).all() and (first[1] == again[1]).all())
        self.assertGreater(np.abs(first[0].astype(int) - other[0]).mean(), 0.3)

    def test_the_words_decide_the_scenery_and_not_the_seed(self):
        for scene in world.SCENES:
            for weather in world.WEATHER:
                a = bare(scene=scene, weather=weather)
                first, other = (world.render(a, seed, 2, 32, 32)[0] for seed in (5, 6))
                self.assertTrue((first == other).all(), (scene, weather))
        views = {world.scenery(bare(time=time)) for time in world.TIMES}
        self.assertGreater(len(views), 1)

    def test_the_size_changes_the_grid_and_not_the_picture(self):
        for scene in world.SCENES:
            large, small = (world.render(bare(scene=scene), 3, 1, side, side)[0][0] for side in (128, 64))
            reduced = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA).astype(int)
            self.assertLess(np.abs(reduced - small).mean(), 6, scene)

    def test_a_part_of_a_way_is_that_part_of_the_clip(self):
        for camera, motion in (("pan left", "right"), ("follow", "left"), ("static", "bounce")):
            a = some(camera=camera, motion=motion)
            whole = world.render(a, 3, 17, 64, 64)[0]
            half = world.render(a, 3, 9, 64, 64, span=(0.0, 0.5))[0]
            self.assertLess(np.abs(whole[:9].astype(int) - half).max(), 3, camera)

    def test_parts_lie_on_the_way(self):
        rng = np.random.RandomState(0)
        for camera in world.CAMERAS:
            out = 0.0 if "zoom" in camera else 0.3
            for _ in range(50):
                start, end = world.part(some(camera=camera), rng)
                self.assertTrue(-out <= start and end <= 1 + out + 1e-9 and 0.5 <= end - start <= 1)

    def test_the_mask_lies_on_the_subject(self):
        clip, mask = world.render(some(scene="snow"), 4, 17, 64, 64)
        red = (clip[..., 0] > 150) & (clip[..., 1] < 70) & (clip[..., 2] < 70)
        here = (
            np.stack([red[1 + 4 * k : 5 + 4 * k].any(0) for k in range(4)]).reshape(4, 8, 8, 8, 8).any((2, 4))
        )
        self.assertGreater(here.sum(), 8)
        self.assertGreater((mask[1:][here] > 0).mean(), 0.95)
        self.assertLess((mask > 0).mean(), 0.5)
        self.assertEqual(world.render(bare(), 4, 5, 64, 64)[1].max(), 0)

    def test_the_subject_goes_where_its_motion_says(self):
        for motion, axis, sign in (("right", 1, 1), ("left", 1, -1), ("up", 0, -1), ("down", 0, 1)):
            mask = world.render(some(motion=motion), 9, 17, 64, 64)[1].astype(float)
            centre = [np.average(np.arange(8), weights=m.sum(1 - axis)) for m in (mask[0], mask[-1])]
            self.assertGreater(sign * (centre[1] - centre[0]), 1, motion)

    def test_a_followed_subject_stays_and_the_land_goes_by(self):
        clip, mask = world.render(some(scene="desert", subject="car", camera="follow"), 9, 17, 64, 64)
        centre = [np.average(np.arange(8), weights=m.sum(0)) for m in mask.astype(float)]
        self.assertLess(max(centre) - min(centre), 1)
        road = clip[:, 57:60].astype(int)
        self.assertGreater(np.abs(road[8] - road[0]).max(), 60)

    def test_a_subject_takes_a_quarter_of_the_height_and_more(self):
        for scene in world.SCENES:
            for subject in set(world.SCENE_SUBJECTS[scene]):
                motion = world.SUBJECT_MOTIONS[subject][0]
                a = some(
                    scene=scene,
                    subject=subject,
                    motion=motion,
                    camera="follow" if motion in ("left", "right") else "static",
                )
                mask = world.render(a, 2, 5, 128, 128)[1].max(0)
                self.assertGreaterEqual((mask.max(1) > 0).sum() / 16, 0.25, (scene, subject))

    def test_a_time_of_day_changes_the_light(self):
        light = {time: world.render(bare(time=time), 2, 1, 64, 64)[0].mean() for time in world.TIMES}
        self.assertGreater(light["day"], 1.5 * light["dusk"])
        self.assertGreater(light["dusk"], light["night"])

    def test_the_street_is_lit_in_colours_by_night(self):
        def vivid(time):
            picture = world.render(bare(scene="city", time=time), 1, 1, 128, 128)[0][0].astype(int)
            return (np.ptp(picture[60:100], axis=-1) > 140).mean()

        self.assertGreater(vivid("night"), 1.5 * vivid("day"))

    def test_a_wet_street_mirrors_what_stands_on_it(self):
        def bottom(weather):
            return world.render(bare(scene="city", time="night", weather=weather), 1, 1, 64, 64)[0][
                0, 50:
            ].astype(float)

        self.assertGreater(bottom("rain").std(), 1.3 * bottom("cloudy").std())

    def test_dust_hangs_behind_a_car_that_drives_in_the_desert(self):
        """The picture differs from that of a parked car behind it, and hardly in front."""
        for motion, behind, ahead in (
            ("right", slice(0, 20), slice(46, 64)),
            ("left", slice(44, 64), slice(0, 18)),
        ):
            a = some(scene="desert", subject="car", colour="blue", motion=motion)
            frame = world.render(a, 2, 17, 64, 64)[0][8].astype(float)
            plain = world.render(bare(scene="desert"), 2, 17, 64, 64)[0][8].astype(float)
            changed = np.abs(frame - plain)[48:60].mean((0, 2))
            self.assertGreater(changed[behind].mean(), 2 * changed[ahead].mean() + 1, motion)

    def test_every_scene_subject_and_weather_draws(self):
        for scene in world.SCENES:
            for subject in world.SCENE_SUBJECTS[scene]:
                clip = world.render(
                    some(scene=scene, subject=subject, motion=world.SUBJECT_MOTIONS[subject][0]), 1, 2, 32, 32
                )[0]
                self.assertGreater(clip.std(), 10, (scene, subject))
        calm = np.abs(np.diff(world.render(bare(), 1, 5, 64, 64)[0].astype(int), axis=0)).mean()
        for weather in ("rain", "storm", "snowfall"):
            clip = world.render(bare(weather=weather), 1, 5, 64, 64)[0].astype(int)
            self.assertGreater(np.abs(np.diff(clip, axis=0)).mean(), calm, weather)

    def test_a_second_subject_shows(self):
        a = some(scene="mountains", subject="balloon", motion="still", colour="blue")
        pair = dict(a, also=dict(subject="balloon", colour="red"))
        alone, both = (world.render(x, 3, 1, 64, 64)[1].astype(int).sum() for x in (a, pair))
        self.assertGreater(both, 1.1 * alone)


class Attributes(unittest.TestCase):
    def test_a_tenth_of_the_combinations_is_never_trained_on(self):
        rng = np.random.RandomState(1)
        drawn = [world.draw(rng) for _ in range(4000)]
        share = np.mean([world.held_out(a) for a in drawn])
        self.assertTrue(0.06 < share < 0.13, share)
        self.assertFalse(any(world.held_out(world.sample(rng)) for _ in range(300)))
        self.assertTrue(all(world.held_out(world.sample(rng, True)) for _ in range(100)))

    def test_a_mirrored_clip_has_mirrored_attributes(self):
        a = some(motion="left", camera="pan right")
        self.assertEqual(world.mirror(a), some(motion="right", camera="pan left"))
        self.assertEqual(world.mirror(world.mirror(a)), a)

    def test_labels_stand_in_the_order_of_the_attributes(self):
        self.assertEqual(
            [list(v)[i] for v, i in zip(world.ATTRIBUTES.values(), world.labels(some()))],
            list(some().values()),
        )


class Captions(unittest.TestCase):
    def test_a_complete_caption_names_what_there_is(self):
        rng = np.random.RandomState(2)
        for _ in range(500):
            a = world.draw(rng)
            text = wording.caption(a, rng, True).lower()
            if a["subject"] == "none":
                continue
            self.assertTrue(any(n.lower() in text for n in wording.nouns(a)), text)
            self.assertTrue(any(c in text for c in wording.phrases.SHADE[a["colour"]]), text)
            self.assertTrue(any(w.lower() in text for w in wording.places(a)), text)

    def test_what_is_not_usual_is_never_left_unsaid(self):
        """No wording fits two clips, of which one is not what a prompt without a word about it means."""
        usual = some(subject="car", scene="city", motion="right")
        both = [(usual, dict(usual, **{key: value})) for key, value in (
            ("time", "night"), ("weather", "rain"), ("camera", "zoom in"), ("motion", "left"),
            ("colour", "blue"), ("scene", "desert"),
        )]  # fmt: skip
        both.append((usual, dict(usual, also=dict(subject="car", colour="blue"))))
        rng = np.random.RandomState(8)
        for pair in both:
            said = [{wording.caption(a, rng) for _ in range(1500)} for a in pair]
            self.assertEqual(said[0] & said[1], set(), pair[1])

    def test_a_short_prompt_means_what_is_usual(self):
        rng = np.random.RandomState(9)
        usual = some(subject="car", scene="city", motion="right")
        said = {wording.caption(usual, rng).lower().strip(".") for _ in range(4000)}
        self.assertTrue({"a car", "the car", "one car", "car"} & said)

    def test_no_article_stands_before_the_wrong_sound(self):
        rng = np.random.RandomState(5)
        for _ in range(2000):
            text = " " + wording.caption(world.draw(rng), rng, True).lower()
            self.assertNotRegex(text, r" a [aeio]| an [bcdfgklmnprstvwy]")

    def test_wordings_are_many(self):
        rng = np.random.RandomState(3)
        self.assertGreater(len({wording.caption(some(), rng) for _ in range(200)}), 150)

    def test_other_languages_are_among_the_captions(self):
        rng = np.random.RandomState(6)
        text = " ".join(wording.caption(world.draw(rng), rng) for _ in range(1500))
        for word in ("sur la", "im Wald", "en el", "在"):
            self.assertIn(word, text)

    def test_no_word_is_missing_from_the_vocabulary(self):
        rng = np.random.RandomState(4)
        known = set(wording.words())
        unknown = [
            w
            for _ in range(2000)
            for w in wording.split(wording.caption(world.draw(rng), rng))
            if w not in known
        ]
        self.assertLess(len(unknown), 3, unknown)


if __name__ == "__main__":
    unittest.main()
