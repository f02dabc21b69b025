// Ranks exchange tensors, and fail together.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

#include "nn/attention.h"
#include "nn/ranks/collectives.h"
#include "nn/ranks/socket_ranks.h"
#include "nn/ranks/thread_ranks.h"
#include "nn/ranks/token_split.h"
#include "sora/error.h"

namespace sora::nn {
namespace {

using Make = std::function<std::vector<std::unique_ptr<Communicator>>(int)>;

std::vector<std::unique_ptr<Communicator>> socket_ranks(int count) {
  const auto port = static_cast<std::uint16_t>(20000 + ::getpid() % 9000);
  std::vector<std::unique_ptr<Communicator>> ranks(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      Meeting meeting;
      meeting.rank = i;
      meeting.size = count;
      meeting.address = "127.0.0.1";
      meeting.port = port;
      meeting.on_one_machine = true;
      ranks[static_cast<std::size_t>(i)] = meet(meeting);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return ranks;
}

/// Runs `work` as each rank, and returns what it threw.
std::vector<std::string> run(const Make& make, int count, const std::function<void(RankGroup&)>& work) {
  auto ranks = make(count);
  std::vector<std::string> faults(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      RankGroup group{ranks[static_cast<std::size_t>(i)].get(), {}, i};
      for (int j = 0; j < count; ++j) group.members.push_back(j);
      try {
        work(group);
        group.communicator->part();
      } catch (const Error& error) {
        faults[static_cast<std::size_t>(i)] = error.what();
        group.communicator->abandon(error);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return faults;
}

class Ranks : public testing::TestWithParam<std::pair<const char*, Make>> {};
INSTANTIATE_TEST_SUITE_P(All, Ranks,
                         testing::Values(std::pair<const char*, Make>("threads", make_thread_ranks),
                                         std::pair<const char*, Make>("sockets", socket_ranks)),
                         [](const auto& info) { return std::string(info.param.first); });

TEST_P(Ranks, ExchangeWhatTheCollectivesSay) {
  for (const int count : {2, 3, 4}) {
    const auto faults = run(GetParam().second, count, [&](RankGroup& group) {
      const auto n = static_cast<std::size_t>(group.size());
      const float own = static_cast<float>(group.index);
      std::vector<at::Tensor> parts;
      for (std::size_t i = 0; i < n; ++i) parts.push_back(at::full({2, 3}, 10 * own + static_cast<float>(i)));
      const auto got = all_to_all(group, parts, std::vector<std::vector<std::int64_t>>(n, {2, 3}));
      for (std::size_t i = 0; i < n; ++i)
        EXPECT_TRUE(at::equal(got[i], at::full({2, 3}, 10 * static_cast<float>(i) + own)));
      EXPECT_EQ(group.communicator->traffic().sent, 24 * (group.size() - 1));

      std::vector<std::vector<std::int64_t>> shapes;
      for (std::size_t i = 0; i < n; ++i) shapes.push_back({static_cast<std::int64_t>(i) + 1});
      const auto all = all_gather(group, at::full({group.index + 1}, own), shapes);
      for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(all[i].sum().item<float>(), static_cast<float>(i * (i + 1)));

      at::Tensor x = at::full({100000}, own);
      broadcast(group, x, 1);
      EXPECT_TRUE(at::equal(x, at::ones({100000})));
      EXPECT_EQ(sum(group, at::full({1}, own)).item<int>(), count * (count - 1) / 2);
      barrier(group);
    });
    EXPECT_EQ(faults, std::vector<std::string>(static_cast<std::size_t>(count)));
  }
}

TEST_P(Ranks, TextsComeInTheirOrder) {
  const auto faults = run(GetParam().second, 2, [](RankGroup& group) {
    if (group.index == 0) {
      for (int i = 0; i < 50; ++i)
        group.communicator->send_text(1, std::string(static_cast<std::size_t>(i) * 1000, 'x'));
    } else {
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ(group.communicator->receive_text(0).size(), static_cast<std::size_t>(i) * 1000);
    }
  });
  EXPECT_EQ(faults, std::vector<std::string>(2));
}

TEST_P(Ranks, AllFailWithTheReasonOfTheOneThatFails) {
  const auto faults = run(GetParam().second, 3, [](RankGroup& group) {
    if (group.index == 2) throw Error(ErrorKind::unavailable, "memory", "out of memory");
    at::Tensor x = at::zeros({1000});
    for (;;) broadcast(group, x, 0);
  });
  EXPECT_EQ(faults[2], "[memory] out of memory");
  for (const int i : {0, 1})
    EXPECT_EQ(faults[static_cast<std::size_t>(i)], "[rank 2] [memory] out of memory");
}

TEST_P(Ranks, WhoWaitsForACommandMayStop) {
  const auto faults = run(GetParam().second, 2, [](RankGroup& group) {
    if (group.index == 1) {
      (void)group.communicator->receive_text(0,
                                             [] { throw Error(ErrorKind::interrupted, "run", "stopped"); });
    } else {
      (void)group.communicator->receive_text(1);
    }
  });
  EXPECT_EQ(faults[1], "[run] stopped");
  EXPECT_EQ(faults[0], "[rank 1] [run] stopped");
}

TEST_P(Ranks, AttentionOverDividedTokensIsThatOverAllOfThem) {
  at::manual_seed(7);
  constexpr std::int64_t frames = 3, per_frame = 10, heads = 12, d = 4, all = frames * per_frame;
  const at::Tensor q = at::randn({2, heads, all, d}), k = at::randn({2, heads, all, d}),
                   v = at::randn({2, heads, all, d});
  const at::Tensor expected = attention(q, k, v);
  for (const int count : {2, 3, 4}) {
    const auto faults = run(GetParam().second, count, [&](RankGroup& group) {
      const SequenceScope scope(group);
      const TokenSplit split(frames, per_frame);
      const at::Tensor own =
          self_attention(split.own(q, 2), split.own(k, 2), split.own(v, 2));  // 10 do not divide by 3 and 4
      EXPECT_EQ(group.communicator->traffic().sent,
                bytes_of_attention(2, heads * d, frames, per_frame, count, group.index, 4));
      EXPECT_LT((split.all(own, 2) - expected).abs().max().item<double>(), 1e-6);
    });
    EXPECT_EQ(faults, std::vector<std::string>(static_cast<std::size_t>(count)));
  }
}

TEST_P(Ranks, HeadsThatDoNotDivideAreRefused) {
  const auto faults = run(GetParam().second, 2, [](RankGroup& group) {
    const SequenceScope scope(group);
    const TokenSplit split(1, 4);
    const at::Tensor x = split.own(at::ones({1, 3, 4, 2}), 2);
    (void)self_attention(x, x, x);
  });
  for (const std::string& fault : faults)
    EXPECT_NE(fault.find("3 attention heads cannot be divided"), std::string::npos);
}

TEST(RankProcesses, ARankThatIsKilledIsMissed) {
  const auto port = static_cast<std::uint16_t>(20000 + ::getpid() % 9000);
  const auto meeting_of = [&](int rank) {
    Meeting meeting;
    meeting.rank = rank;
    meeting.size = 2;
    meeting.address = "127.0.0.1";
    meeting.port = port;
    meeting.on_one_machine = true;
    return meeting;
  };
  const pid_t child = ::fork();
  if (child == 0) {
    const auto own = meet(meeting_of(1));
    ::_exit(0);  // without a word
  }
  const auto own = meet(meeting_of(0));
  try {
    (void)own->receive_text(1);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_NE(std::string(error.what()).find("rank 1 (127.0.0.1) is gone"), std::string::npos)
        << error.what();
  }
  ::waitpid(child, nullptr, 0);
}

TEST(RankProcesses, DifferentJobsDoNotMeet) {
  const auto port = static_cast<std::uint16_t>(20000 + ::getpid() % 9000);
  std::vector<std::string> faults(2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      Meeting meeting;
      meeting.rank = i;
      meeting.size = 2;
      meeting.address = "127.0.0.1";
      meeting.port = port;
      meeting.on_one_machine = true;
      meeting.job = i == 0 ? "this" : "that";
      try {
        (void)meet(meeting);
      } catch (const Error& error) {
        faults[static_cast<std::size_t>(i)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& fault : faults)
    EXPECT_NE(fault.find("start all with the same command"), std::string::npos) << fault;
}

}  // namespace
}  // namespace sora::nn
