"""Tests of the autoencoder of twice the picture:  python -m unittest test_double"""

import unittest

import double
import losses
import torch
import vae


class Double(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.first = vae.build(base=8, decoder_base=8, z=4, patch=2)
        start = dict(
            config=dict(base=8, decoder_base=8, z=4, patch=2, mult=(1, 2, 2)),
            model=self.first.state_dict(),
            ema=[p.detach().clone() for p in self.first.parameters()],
            samples=7,
        )
        self.state = double.double(start)
        self.second = vae.build(**self.state["config"])
        self.second.load_state_dict(self.state["model"])

    def test_latents_are_those_of_the_clip_at_half_its_size(self):
        clip = torch.rand(1, 5, 64, 96, 3) * 2 - 1
        with torch.no_grad():
            small = vae.encode(self.first, losses.halved(clip))[0]
            same = vae.encode(self.second, clip)[0]
        self.assertLess(float((small - same).abs().max()), 1e-5)

    def test_the_decoder_begins_with_the_small_picture_enlarged(self):
        latents = torch.randn(1, 2, 4, 6, 4)
        with torch.no_grad():
            small = vae.decode(self.first, latents)
            large = vae.decode(self.second, latents)
        self.assertEqual(tuple(large.shape), (1, 5, 64, 96, 3))
        enlarged = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
        self.assertLess(float((large - enlarged).abs().max()), 1e-5)

    def test_averages_stay_in_the_order_of_the_parameters(self):
        named = dict(zip((n for n, _ in self.second.named_parameters()), self.state["ema"]))
        for name, parameter in self.second.named_parameters():
            self.assertTrue(torch.equal(named[name], parameter), name)


if __name__ == "__main__":
    unittest.main()
