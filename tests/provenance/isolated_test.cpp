// Whatever happens in the child process, this one goes on.
#include "provenance/isolated.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "error_of.h"

namespace sora::test {
namespace {

constexpr int kLong = 300;  // seconds: only a test that fails waits for so long

TEST(Isolated, GivesBackTheAnswer) {
  EXPECT_EQ(run_isolated("work", kLong, [] { return std::string(3 << 20, 'x'); }), std::string(3 << 20, 'x'));
  EXPECT_EQ(run_isolated("work", kLong, [] { return std::string(); }), "");
}

TEST(Isolated, PassesOnErrors) {
  expect_error(
      [] {
        run_isolated("work", kLong,
                     []() -> std::string { throw Error(ErrorKind::data, "x", "it is damaged"); });
      },
      ErrorKind::data, "it is damaged");
  expect_error([] { run_isolated("work", kLong, []() -> std::string { throw std::runtime_error("no"); }); },
               ErrorKind::unavailable, "no");
}

TEST(Isolated, OutlivesACrash) {
  for (const int signal : {SIGABRT, SIGSEGV, SIGKILL}) {
    expect_error([&] { run_isolated("work", kLong, [&]() -> std::string { return ::raise(signal), ""; }); },
                 ErrorKind::unavailable, "was ended by signal " + std::to_string(signal));
  }
  expect_error([] { run_isolated("work", kLong, []() -> std::string { ::_exit(3); }); },
               ErrorKind::unavailable, "no answer");
  expect_error([] { run_isolated("work", kLong, []() -> std::string { throw 42; }); }, ErrorKind::unavailable,
               "no answer");
}

TEST(Isolated, EndsWorkThatHangs) {
  expect_error(
      [] {
        run_isolated("work", 1, []() -> std::string {
          for (;;) ::pause();
        });
      },
      ErrorKind::unavailable, "no answer within 1 s");
}

TEST(Isolated, BoundsAnswers) {
  expect_error([] { run_isolated("work", kLong, [] { return std::string(17'000'000, 'x'); }); },
               ErrorKind::unavailable, "over 16 MB");
}

}  // namespace
}  // namespace sora::test
