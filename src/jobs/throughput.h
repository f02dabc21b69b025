// How many videos an hour a batch makes, from the records of its journal: in all, and by machine, device and
// rank.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/journal.h"

namespace sora {

struct Throughput {
  struct Part {
    std::string name;  ///< "cuda:0 rank 1", with the machine's name where there are several
    std::uint64_t videos = 0;
    double per_hour = 0;
  };
  double per_hour = 0;      ///< 0: not known
  std::vector<Part> parts;  ///< of two or more, by name; else none
};

/// Of the records of jobs that are done, each once. The hours are those in which videos were made: of several
/// at the same time they count once, and a pause of over a minute between two is left out, as between two
/// runs.
Throughput throughput_of(const std::vector<const JobRecord*>& done);

/// "1240 videos an hour", "0.35 videos an hour"; empty where it is not known.
std::string throughput_text(double per_hour);

}  // namespace sora
