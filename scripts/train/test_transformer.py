"""Tests of the denoiser's lean pass:  python -m unittest test_transformer"""

import unittest

import numpy as np
import torch
import train_transformer
import transformer


class Transformer(unittest.TestCase):
    def test_the_lean_pass_equals_diffusers(self):
        for patch, predicts in ((2, "velocity"), (4, "velocity"), (4, "sample")):
            with self.subTest(patch=patch, predicts=predicts):
                torch.manual_seed(1)
                net = transformer.build(3, width=128, layers=2, ffn=64, patch=patch, predicts=predicts).eval()
                torch.nn.init.normal_(net.proj_out.weight)
                ids, length = transformer.pad([[5, 6, 7], [8]])
                text = transformer.build_text(20).eval()
                # fp32 in another order, for clean latents divided by times down to 0.05
                self.assertLess(transformer.test(net, text, ids, length, T=3, H=8, W=12), 1e-3)

    def test_the_first_guess_of_clean_latents_is_linear_in_the_main_directions(self):
        torch.manual_seed(1)
        net = transformer.build(8, width=64, layers=1, ffn=64, patch=4, predicts="sample")
        # tokens of 128 numbers that vary in 32 directions only
        tokens = torch.randn(40, 3, 2, 2, 32) @ torch.randn(32, 8 * 16)
        x = tokens.view(40, 3, 2, 2, 8, 4, 4).permute(0, 1, 2, 5, 3, 6, 4).reshape(40, 3, 8, 8, 8)
        x = x / x.std()
        directions, power = transformer.principal_directions(x, 4, 32)
        share = 32 / (8 * 16)  # of the numbers of a token
        transformer.passthrough(net, power, directions)
        rows, bias = transformer.text(transformer.build_text(20), *transformer.pad([[5]] * 40))
        for time in (0.3, 0.6, 0.9):
            noisy = torch.lerp(x, torch.randn(x.shape), time)
            with torch.no_grad():
                velocity = transformer.forward(net, noisy, torch.full(x.shape[:2], time), rows, bias)
            error = float((noisy - time * velocity - x).square().mean())
            # One factor for all main directions, (1 - t) power / (t^2 + (1 - t)^2 power), leaves this much of
            # their variance. 0.03 more: the norm is that of each token, and the curve over time is fitted.
            left = share * power * time**2 / (time**2 + (1 - time) ** 2 * power)
            self.assertLess(error, left + 0.03)
            # what the best factor for each number alone would leave
            self.assertLess(left + 0.03, time**2 / (time**2 + (1 - time) ** 2))

    def test_the_goal_leads_to_the_clean_latents_from_those_of_a_draft_too(self):
        torch.manual_seed(1)
        x, draft = torch.randn(5, 3, 4, 4, 8), torch.randn(5, 3, 4, 4, 8)
        t = torch.rand(5, 3).clamp_min(0.05)
        t[0, 0] = 0
        for start in (None, draft):
            noisy, goal = train_transformer.noised(x, start, t)
            clean = noisy - t[:, :, None, None, None] * goal
            self.assertLess(float((clean - x).abs().max()), 1e-5)
            self.assertTrue(torch.equal(noisy[0, 0], x[0, 0]))  # a frame that is given stays as it is

    def test_squares_are_whole_and_fall_everywhere(self):
        rng = np.random.RandomState(1)
        cells = torch.arange(6 * 10).view(1, 1, 6, 10).expand(300, 2, 6, 10)
        rows, columns = train_transformer.squares(rng, 300, 6, 10, 4)
        some = cells[np.arange(300)[:, None, None, None], np.arange(2)[None, :, None, None], rows, columns]
        self.assertEqual(some.shape, (300, 2, 4, 4))
        self.assertTrue(torch.equal(some[:, 0], some[:, 1]))
        self.assertTrue(bool((some.diff(dim=2) == 10).all() and (some.diff(dim=3) == 1).all()))
        corners = {(int(corner) // 10, int(corner) % 10) for corner in some[:, 0, 0, 0]}
        self.assertEqual(corners, {(row, column) for row in range(3) for column in range(7)})


if __name__ == "__main__":
    unittest.main()
