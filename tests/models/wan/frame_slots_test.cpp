// Places of frames in the cache of a causal network.
#include "models/wan/networks/frame_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sora/error.h"

namespace sora::wan {
namespace {

using testing::ElementsAre;

// slot, frame of the pass, count
std::vector<std::vector<std::int64_t>> runs_of(const FrameSlots& slots) {
  std::vector<std::vector<std::int64_t>> runs;
  for (const SlotRun& run : slots.runs()) runs.push_back({run.slot, run.frame, run.count});
  return runs;
}

void add(FrameSlots& slots, std::int64_t count) {
  slots.begin_pass(count);
  slots.commit();
}

TEST(FrameSlots, NewFramesTakeThePlacesOfTheOldestButNotThoseOfTheSink) {
  FrameSlots slots(7, 1);
  slots.begin_pass(3);
  EXPECT_THAT(runs_of(slots), ElementsAre(ElementsAre(0, 0, 3)));
  slots.begin_pass(3);  // the same block at the next noise level
  EXPECT_EQ(slots.filled(), 3);
  slots.commit();
  add(slots, 3);
  EXPECT_EQ(slots.filled(), 6);
  slots.begin_pass(3);  // frames 6, 7, 8: frames 1 and 2 go
  EXPECT_THAT(runs_of(slots), ElementsAre(ElementsAre(6, 0, 1), ElementsAre(1, 1, 2)));
  EXPECT_EQ(slots.filled(), 7);
  EXPECT_THAT(slots.window_positions(), ElementsAre(0, 5, 6, 1, 2, 3, 4));
}

TEST(FrameSlots, AfterARestartTheSinkIsThereAndIsNotWrittenAgain) {
  FrameSlots slots(8, 2);
  for (int i = 0; i < 4; ++i) add(slots, 3);
  slots.restart(6, 12);
  EXPECT_EQ(slots.next(), 6);
  EXPECT_EQ(slots.filled(), 2);
  slots.begin_pass(3);
  EXPECT_THAT(runs_of(slots), ElementsAre(ElementsAre(2, 0, 3)));
  EXPECT_THAT(slots.window_positions(), ElementsAre(0, 1, 2, 3, 4));

  FrameSlots from_start(8, 2);
  add(from_start, 3);
  from_start.restart(0, 3);
  from_start.begin_pass(3);
  EXPECT_THAT(runs_of(from_start), ElementsAre(ElementsAre(2, 2, 1)));
  EXPECT_EQ(from_start.filled(), 3);
  from_start.restart(0, 0);  // also the sink is to be made anew
  from_start.begin_pass(3);
  EXPECT_THAT(runs_of(from_start), ElementsAre(ElementsAre(0, 0, 3)));
}

TEST(FrameSlots, WhatDoesNotFitIsABug) {
  EXPECT_THROW(FrameSlots(3, 3), Error);
  FrameSlots slots(4, 2);
  EXPECT_THROW(slots.begin_pass(3), Error);
  EXPECT_THROW(slots.begin_pass(0), Error);
  add(slots, 2);
  EXPECT_THROW(slots.restart(3, 3), Error);
}

}  // namespace
}  // namespace sora::wan
