#include "sampling/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.h"
#include "sampling/golden.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::HasSubstr;

at::Tensor random(at::IntArrayRef shape, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::kFloat);
}

TEST(Scheduler, AnExactVelocityFieldLeadsFromNoiseToData) {
  // x = (1 - sigma) x0 + sigma noise has the constant velocity noise - x0, for which every solver is exact up
  // to rounding; the step from sigma to 0 multiplies that of float32 by a few units: 1e-5.
  const at::Tensor x0 = random({1, 2, 3, 4}, 1), noise = random({1, 2, 3, 4}, 2);
  for (const std::string name : {"unipc", "euler", "dpm++"}) {
    for (const int steps : {1, 2, 7, 30}) {
      const auto s = make_scheduler(name, golden_config("unipc"), steps, 3);
      at::Tensor sample = s->add_noise(x0, noise, 0);
      for (int i = 0; i < steps; ++i) {
        EXPECT_TRUE(at::allclose(s->predict_x0(noise - x0, i, sample), x0, 0, 1e-5)) << name << " " << i;
        sample = s->step(noise - x0, i, sample);
        EXPECT_TRUE(at::allclose(sample, s->add_noise(x0, noise, i + 1), 0, 1e-5)) << name << " " << i;
      }
      EXPECT_TRUE(at::allclose(sample, x0, 0, 1e-5)) << name << " " << steps;
    }
  }
}

TEST(Scheduler, BH1EndsAtSigmaZeroOnThePredictedData) {
  // diffusers gives NaN here: it multiplies an infinite B(h) by zero differences.
  SchedulerConfig config = golden_config("unipc-bh1");
  config.final_sigmas_type = FinalSigmas::zero;
  const auto s = make_scheduler("unipc", config, 1, 3);
  const at::Tensor sample = random({1, 4}, 1), noise_pred = random({1, 4}, 2);
  EXPECT_TRUE(at::equal(s->step(noise_pred, 0, sample), s->predict_x0(noise_pred, 0, sample)));
}

TEST(Scheduler, HalfPrecisionPredictionsAreWidenedBeforeTheStep) {
  const at::Tensor sample = random({1, 8}, 1), noise_pred = random({1, 8}, 2).to(at::kBFloat16);
  for (const std::string name : {"unipc", "euler", "dpm++"}) {
    const auto s = make_scheduler(name, golden_config("unipc"), 4, 3);
    const at::Tensor next = s->step(noise_pred, 0, sample);
    EXPECT_EQ(next.scalar_type(), at::kFloat) << name;
    s->reset();
    EXPECT_TRUE(at::equal(next, s->step(noise_pred.to(at::kFloat), 0, sample))) << name;
  }
}

TEST(Scheduler, StepsOutOfOrderAreErrorsThatSayWhichStepIsExpected) {
  const auto s = make_scheduler("unipc", golden_config("unipc"), 4, 3);
  const at::Tensor x = at::ones({2});
  EXPECT_EQ(test::thrown_by([&] { s->step(x, 4, x); }).kind(), ErrorKind::internal);
  EXPECT_EQ(test::thrown_by([&] { s->step(x, -1, x); }).kind(), ErrorKind::internal);
  s->step(x, 1, x);  // a run may start from data
  EXPECT_THAT(test::thrown_by([&] { s->step(x, 1, x); }).what(), HasSubstr("expected step 2"));
  s->reset();
  EXPECT_NO_THROW(s->step(x, 0, x));
}

TEST(Scheduler, TensorsThatDoNotFitAreErrors) {
  const auto s = make_scheduler("euler", golden_config("euler"), 4, 3);
  EXPECT_THAT(test::thrown_by([&] { s->step(at::ones({3}), 0, at::ones({2})); }).what(), HasSubstr("[3]"));
  EXPECT_THAT(test::thrown_by([&] { s->step(at::ones({2}), 0, at::ones({2}, at::kDouble)); }).what(),
              HasSubstr("expected Float"));
}

// diffusers 0.42.1, torch 2.13.0: FlowMatchEulerDiscreteScheduler(shift=5) after
// set_timesteps(sigmas=numpy.linspace(1, 0, 5)[:-1]), and with shift=3 of 8 steps.
TEST(Scheduler, EvenLevelsAreThoseOfFewStepModels) {
  SchedulerConfig config = golden_config("unipc");
  config.even_levels = true;
  const auto four = make_scheduler("euler", config, 4, 5);
  EXPECT_TRUE(at::equal(four->sigmas(), at::tensor({1.0F, 0.9375F, 0.8333333134651184F, 0.625F, 0.0F})));
  EXPECT_TRUE(at::allclose(four->timesteps(), at::tensor({1000.0F, 937.5F, 833.3333F, 625.0F}), 1e-7));
  const auto eight = make_scheduler("euler", config, 8, 3);
  EXPECT_TRUE(at::equal(
      eight->sigmas(), at::tensor({1.0F, 0.9545454382896423F, 0.8999999761581421F, 0.8333333134651184F, 0.75F,
                                   0.6428571343421936F, 0.5F, 0.30000001192092896F, 0.0F})));
}

TEST(Scheduler, ListedLevelsAreTakenAsTheyAre) {
  SchedulerConfig config = golden_config("unipc");
  config.sigmas = {1, 0.75, 0.5};
  const auto euler = make_scheduler("euler", config, 3, 8);
  EXPECT_TRUE(at::equal(euler->sigmas(), at::tensor({1.0F, 0.75F, 0.5F, 0.0F})));
  EXPECT_TRUE(at::equal(euler->timesteps(), at::tensor({1000.0F, 750.0F, 500.0F})));
  for (const char* name : {"unipc", "dpm++"}) {  // whose formulas have the logarithm of 1 - sigma
    const auto s = make_scheduler(name, config, 3, 8);
    EXPECT_TRUE(at::allclose(s->sigmas(), at::tensor({1.0F, 0.75F, 0.5F, 0.0F}), 0, 2e-6)) << name;
    const at::Tensor x = random({1, 2, 3}, 1);
    EXPECT_TRUE(at::isfinite(s->step(x, 0, x)).all().item<bool>()) << name;
  }
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("euler", config, 4, 8); }).what(),
              HasSubstr("3 noise levels for 4 steps"));
  SchedulerConfig old = golden_config("unipc-vp-linspace");
  old.sigmas = {1, 0.5};
  EXPECT_EQ(test::thrown_by([&] { make_scheduler("unipc", old, 2, 3); }).kind(), ErrorKind::usage);
}

TEST(Scheduler, LcmMixesTheCleanPredictionWithFreshNoise) {
  SchedulerConfig config = golden_config("euler");
  config.sigmas = {1, 0.75, 0.5};
  const auto lcm = make_scheduler("lcm", config, 3, 1);
  ASSERT_TRUE(lcm->takes_noise());
  EXPECT_FALSE(make_scheduler("euler", config, 3, 1)->takes_noise());
  const at::Tensor x = random({1, 2, 3}, 1), flow = random({1, 2, 3}, 2), noise = random({1, 2, 3}, 3);
  EXPECT_EQ(test::thrown_by([&] { lcm->clone()->step(flow, 0, x); }).kind(), ErrorKind::internal);
  std::vector<int> asked;
  lcm->take_noise_from([&](int i) {
    asked.push_back(i);
    return noise;
  });
  const at::Tensor next = lcm->step(flow, 0, x);
  EXPECT_TRUE(at::allclose(next, 0.25 * (x - flow) + 0.75 * noise));
  lcm->step(flow, 1, next);
  EXPECT_TRUE(at::allclose(lcm->step(flow, 2, x), x - 0.5 * flow)) << "the last step takes none";
  EXPECT_EQ(asked, (std::vector<int>{0, 1}));
}

TEST(Scheduler, OverwrittenNoiseIsWhatTheSecondStepCorrects) {
  SchedulerConfig config = golden_config("unipc");
  const auto plain = make_scheduler("unipc", config, 4, 8);
  config.overwrites_noise = true;
  const auto overwriting = make_scheduler("unipc", config, 4, 8);
  const at::Tensor noise = random({1, 2, 3}, 1), first = random({1, 2, 3}, 2), second = random({1, 2, 3}, 3);

  const at::Tensor sample = plain->step(first, 0, noise);
  EXPECT_TRUE(at::equal(overwriting->step(first, 0, noise), sample));
  SchedulerState state = plain->state();
  EXPECT_TRUE(at::equal(state.last_sample, noise));
  state.last_sample = sample;
  plain->restore(state);
  const at::Tensor next = plain->step(second, 1, sample);
  EXPECT_TRUE(at::equal(overwriting->step(second, 1, sample), next));
  EXPECT_TRUE(at::equal(overwriting->step(first, 2, next), plain->step(first, 2, next)));

  // A run that starts from data has no such noise.
  plain->reset();
  overwriting->reset();
  EXPECT_TRUE(at::equal(overwriting->step(first, 1, noise), plain->step(first, 1, noise)));
  EXPECT_TRUE(at::equal(overwriting->step(second, 2, sample), plain->step(second, 2, sample)));
}

TEST(MakeScheduler, RefusesWhatItCannotRun) {
  const SchedulerConfig config = golden_config("unipc");
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("ddim", config, 4, 3); }).what(),
              HasSubstr("\"ddim\", expected unipc, euler, dpm++ or lcm"));
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("unipc", config, 0, 3); }).what(),
              HasSubstr("at least 1"));
  for (const double shift : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(test::thrown_by([&] { make_scheduler("unipc", config, 4, shift); }).kind(), ErrorKind::usage)
        << shift;
  }
  EXPECT_THAT(
      test::thrown_by([&] { make_scheduler("euler", golden_config("unipc-vp-linspace"), 4, 3); }).what(),
      HasSubstr("use unipc"));
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("dpm++", golden_config("unipc-karras"), 4, 3); }).what(),
              HasSubstr("use unipc"));
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("dpm++", golden_config("euler-terminal"), 4, 3); }).what(),
              HasSubstr("use euler"));
}

TEST(MakeScheduler, RefusesLevelsThatDoNotFall) {
  // At shift 1e7 all levels but the first round to one; diffusers would go on with NaN.
  for (const std::string name : {"unipc", "dpm++", "euler"}) {
    const Error error = test::thrown_by([&] { make_scheduler(name, golden_config("unipc"), 50, 1e9); });
    EXPECT_EQ(error.kind(), ErrorKind::usage) << name;
    EXPECT_THAT(error.what(), HasSubstr("are not falling")) << name;
  }
  // One step cannot both start at 1 and end its grid at a terminal level.
  EXPECT_THAT(test::thrown_by([&] { make_scheduler("euler", golden_config("euler-terminal"), 1, 3); }).what(),
              HasSubstr("are not finite"));
}

}  // namespace
}  // namespace sora
