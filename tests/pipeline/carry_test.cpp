// What the verbs copy from their inputs: sound, and with --copy the coded frames.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>
#include <tuple>

#include "error_of.h"
#include "pipeline/inputs/input_facts.h"
#include "pipeline/tiny_model.h"
#include "plan/verbs/stream_copy.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

InputFacts clip_facts() {
  InputFacts facts;
  facts.width = 64;
  facts.height = 48;
  facts.fps = 8;
  facts.steady_rate = true;
  facts.duration = 2;
  facts.frames = 16;
  facts.codec = "h264";
  facts.pix_fmt = "yuv420p";
  facts.has_audio = true;
  facts.audio_codec = facts.audio_kind = "aac";
  return facts;
}

class CarriedPlan : public testing::Test {
 protected:
  CarriedPlan() {
    plan_.request.verb = "extend";
    plan_.request.input = "a.mp4";
    plan_.inputs.video = clip_facts();
    plan_.output.container = "mp4";
    plan_.output.codec = "h264";
    plan_.output.pix_fmt = "yuv420p";
    plan_.picture.width = 64;
    plan_.picture.height = 48;
    plan_.timeline.fps = 8;
  }
  void connect() {
    plan_.request.verb = "connect";
    plan_.request.input_2 = "b.mp4";
    plan_.inputs.video_2 = clip_facts();
  }
  void expect_refused(ErrorKind kind, const std::string& text) {
    test::expect_error([&] { plan_stream_copy(plan_); }, kind, text);
  }

  Plan plan_;
};

TEST_F(CarriedPlan, SoundIsKeptWhereItFits) {
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, ElementsAre("a.mp4"));
  EXPECT_THAT(plan_.notes, IsEmpty());
  plan_.request.seed = 1;
  EXPECT_THAT(plan_text(plan_), HasSubstr("of a.mp4, copied"));
  plan_.output.audio.clear();
  connect();
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, ElementsAre("a.mp4", "b.mp4"));
  plan_.output.audio.clear();
  plan_.request.no_audio = true;
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, IsEmpty());
  EXPECT_THAT(plan_.notes, IsEmpty());
}

TEST_F(CarriedPlan, WhatIsNotKeptIsSaid) {
  plan_.inputs.video->audio_codec = "pcm_s16le";
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, IsEmpty());
  EXPECT_THAT(plan_.notes,
              ElementsAre(HasSubstr("mp4 does not take pcm_s16le; an output in .mkv or .mov can have it")));
  plan_.notes.clear();
  plan_.inputs.video->audio_codec = "aac";
  plan_.request.only_new = true;
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.notes, ElementsAre(HasSubstr("a.mp4")));
  plan_.notes.clear();
  plan_.request.only_new = false;
  connect();
  plan_.inputs.video_2->audio_kind = "aac of another rate";
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, ElementsAre("a.mp4"));
  EXPECT_THAT(plan_.notes, ElementsAre(HasSubstr("b.mp4 is left out: its codec or format differs")));
  plan_.notes.clear();
  plan_.output.audio.clear();
  plan_.request.verb = "loop";
  plan_.request.input_2.reset();
  plan_.inputs.video_2.reset();
  plan_stream_copy(plan_);
  EXPECT_THAT(plan_.output.audio, IsEmpty());
  EXPECT_THAT(plan_.notes, ElementsAre(HasSubstr("the end of the sound would not meet its start")));
}

TEST_F(CarriedPlan, CopiedFramesMustBeThoseOfTheOutput) {
  plan_.request.copy = true;
  plan_.output.path = "out.mp4";
  plan_stream_copy(plan_);
  const auto with = [&](auto change, ErrorKind kind, const std::string& text) {
    const Plan good = plan_;
    change();
    expect_refused(kind, text);
    plan_ = good;
  };
  using enum ErrorKind;
  with([&] { plan_.inputs.video->codec = "hevc"; }, data, "coded as hevc");
  with([&] { plan_.inputs.video->width = 128; }, data, "128x48, the output 64x48");
  with([&] { plan_.inputs.video->pix_fmt = "yuvj420p"; }, data, "yuvj420p");
  with([&] { plan_.inputs.video->turned = true; }, data, "turned");
  with([&] { plan_.inputs.video->steady_rate = false; }, data, "no steady rate");
  with([&] { plan_.timeline.fps = 24; }, data, "--fps");
  with([&] { plan_.output.codec = "hevc"; }, usage, "h264, vp9 and av1");
  with([&] { plan_.output.path = "-"; }, usage, "standard output");
  with([&] { plan_.request.only_new = true; }, usage, "--only-new");
  with([&] { plan_.request.thumbnail = "a.png"; }, usage, "--thumbnail");
}

// --- the whole way ---------------------------------------------------------------------------------

std::string shell(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t n = 0; (n = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  ::pclose(pipe);
  return text;
}

class CarryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (shell("which ffmpeg ffprobe").find("ffprobe") == std::string::npos) GTEST_SKIP() << "no ffmpeg here";
    request_.model = copy_tiny_model(folder_, "ti2v");
    request_.prompt = "waves";
    request_.steps = 1;
    request_.guidance = 1;
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string clip(const std::string& name, int frames) const {
    const std::string seconds = std::to_string(frames / 8.0);
    shell("ffmpeg -nostdin -v error -f lavfi -i testsrc=size=64x32:rate=8:duration=" + seconds +
          " -f lavfi -i sine=frequency=440:sample_rate=48000:duration=" + seconds +
          " -c:v libx264 -pix_fmt yuv420p -c:a aac '" + path(name) + "'");
    return path(name);
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) found.push_back(line);
    return found;
  }
  /// Hashes of the packets of sound, and when the first and the last of them are heard.
  struct Sound {
    std::vector<std::string> packets;
    double first = 0, last = 0;
  };
  static Sound sound(const std::string& file) {
    Sound result;
    for (const std::string& line : lines(shell(
             "ffprobe -v error -select_streams a -show_entries packet=pts_time,data_hash -show_data_hash md5 "
             "-of csv=p=0 '" +
             file + "'"))) {
      if (line[0] != ',') {  // a packet with side data takes two lines
        result.last = std::stod(line);
        if (result.packets.empty()) result.first = result.last;
      }
      if (line.find("MD5:") != std::string::npos) result.packets.push_back(line.substr(line.find("MD5:")));
    }
    return result;
  }
  static std::vector<std::string> frames(const std::string& file) {
    std::vector<std::string> found;
    for (const std::string& line :
         lines(shell("ffmpeg -nostdin -v error -i '" + file + "' -map 0:v -f framemd5 -")))
      if (line[0] != '#') found.push_back(line.substr(line.rfind(',') + 1));
    return found;
  }
  void run_and_play(std::int64_t frames_wanted) {
    const Result result = generator_.run(make_plan(request_));
    EXPECT_EQ(result.frames, frames_wanted);
    EXPECT_EQ(shell("ffmpeg -nostdin -v warning -xerror -i '" + *request_.output + "' -f null - 2>&1"), "");
  }

  const TemporaryFolder folder_;
  Request request_ = seeded_request(folder_ / "out.mp4");
  Generator generator_;
};

TEST_F(CarryTest, ExtendKeepsTheSoundWhereTheClipIs) {
  request_.verb = "extend";
  request_.input = clip("in.mp4", 12);
  request_.frames = 8;
  run_and_play(20);
  const Sound was = sound(*request_.input), after = sound(*request_.output);
  EXPECT_EQ(after.packets, was.packets);
  EXPECT_NEAR(after.first, was.first, 0.002);
  EXPECT_NEAR(after.last, was.last, 0.002);

  request_.backward = true;
  run_and_play(20);
  const Sound before = sound(*request_.output);
  EXPECT_EQ(before.packets, was.packets);
  EXPECT_NEAR(before.first, was.first + 1, 0.002) << "after a second of new frames";

  request_.no_audio = true;
  run_and_play(20);
  EXPECT_THAT(sound(*request_.output).packets, IsEmpty());
}

TEST_F(CarryTest, ConnectKeepsBothSoundsAndRemixTheWhole) {
  request_.verb = "connect";
  request_.input = clip("a.mp4", 8);
  request_.input_2 = clip("b.mp4", 12);
  request_.frames = 8;
  run_and_play(28);
  const Sound a = sound(*request_.input), b = sound(*request_.input_2), both = sound(*request_.output);
  EXPECT_GT(both.packets.size(), a.packets.size() + b.packets.size() + 40) << "and silence between";
  EXPECT_NEAR(both.last, b.last + 2, 0.002);

  request_.verb = "remix";
  request_.input = *request_.input_2;
  request_.input_2.reset();
  request_.frames.reset();
  request_.strength = 0.5;
  run_and_play(12);
  EXPECT_EQ(sound(*request_.output).packets, b.packets);
}

TEST_F(CarryTest, CopiedFramesAreTheClipsOwn) {
  request_.copy = true;
  request_.input = clip("a.mp4", 12);
  request_.frames = 8;
  const std::vector<std::string> was = frames(*request_.input);
  for (const auto& [verb, backward, clip_at, count] :
       {std::tuple{"extend", false, 0, 20}, std::tuple{"extend", true, 8, 20},
        std::tuple{"loop", false, 0, 20}, std::tuple{"connect", false, 20, 32}}) {
    SCOPED_TRACE(std::string(verb) + (backward ? " backward" : ""));
    request_.verb = verb;
    request_.backward = backward;
    request_.input_2.reset();
    if (request_.verb == "connect") request_.input_2 = request_.input;
    run_and_play(count);
    const std::vector<std::string> is = frames(*request_.output);
    ASSERT_EQ(is.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < was.size(); ++i)
      EXPECT_EQ(is[static_cast<std::size_t>(clip_at) + i], was[i]) << i;
  }
}

}  // namespace
}  // namespace sora
