// Videos an hour, from times in a journal.
#include "jobs/throughput.h"

#include <gtest/gtest.h>

#include <deque>

namespace sora {
namespace {

class ThroughputTest : public testing::Test {
 protected:
  // A video that was done at this time, after so many seconds.
  void made(double time, double seconds, const MadeBy& by = {}) {
    JobRecord record;
    record.state = JobRecord::State::done;
    record.time = time;
    record.seconds = seconds;
    record.by = by;
    records_.push_back(record);
  }
  Throughput throughput() const {
    std::vector<const JobRecord*> done;
    for (const JobRecord& record : records_) done.push_back(&record);
    return throughput_of(done);
  }

  std::deque<JobRecord> records_;
};

TEST_F(ThroughputTest, CountsTheTimeInWhichVideosWereMade) {
  EXPECT_EQ(throughput().per_hour, 0);
  made(1000, 36);
  EXPECT_DOUBLE_EQ(throughput().per_hour, 100);
  made(1044, 36);  // begun 8 s after the first was done
  EXPECT_DOUBLE_EQ(throughput().per_hour, 90);
  made(90'000, 40);  // on another day
  EXPECT_DOUBLE_EQ(throughput().per_hour, 90);
}

TEST_F(ThroughputTest, OfDevicesThatWorkAtTheSameTimeAddsUp) {
  for (const int i : {1, 2, 3, 4}) {
    made(1000 + 36 * i, 36, {"node1", "cuda:0", 0});
    made(1000 + 36 * i, 36, {"node1", "cuda:1", 1});
    if (i % 2 == 0) made(1000 + 36 * i, 72, {"node1", "cuda:2", 2});
  }
  const Throughput all = throughput();
  EXPECT_DOUBLE_EQ(all.per_hour, 250);
  ASSERT_EQ(all.parts.size(), 3U);
  EXPECT_EQ(all.parts[0].name, "cuda:0 rank 0");
  EXPECT_EQ(all.parts[0].videos, 4U);
  EXPECT_DOUBLE_EQ(all.parts[0].per_hour, 100);
  EXPECT_DOUBLE_EQ(all.parts[2].per_hour, 50);
}

TEST_F(ThroughputTest, NamesMachinesWhereThereAreSeveral) {
  made(1000, 10, {"node1", "cuda:0", {}});
  EXPECT_TRUE(throughput().parts.empty()) << "one device is all";
  made(1000, 10, {"node2", "cuda:0", {}});
  made(1000, 10);  // by an older version
  const auto parts = throughput().parts;
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].name, "device not recorded");
  EXPECT_EQ(parts[1].name, "node1 cuda:0");
  EXPECT_EQ(parts[2].name, "node2 cuda:0");
}

TEST_F(ThroughputTest, LivesWithNumbersOfAStranger) {
  made(1000, 36);
  made(1000, -5);
  made(0, 1e15);
  made(-1e15, 10);
  made(1000, 0);
  EXPECT_DOUBLE_EQ(throughput().per_hour, 100);
  made(1e15, 1e15);
  EXPECT_GT(throughput().per_hour, 0);
  const JobRecord* const same = &records_.front();
  EXPECT_DOUBLE_EQ(throughput_of({same, same}).per_hour, 100) << "listed twice, made once";
}

TEST(ThroughputText, HasThreeDigits) {
  EXPECT_EQ(throughput_text(0), "");
  EXPECT_EQ(throughput_text(0.351), "0.35 videos an hour");
  EXPECT_EQ(throughput_text(12.34), "12.3 videos an hour");
  EXPECT_EQ(throughput_text(1240.4), "1240 videos an hour");
}

}  // namespace
}  // namespace sora
