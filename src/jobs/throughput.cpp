#include "jobs/throughput.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/text.h"

namespace sora {
namespace {

constexpr double kLongestPause = 60;     // s
constexpr double kShortestWork = 0.001;  // s, as exact as the journal
constexpr double kHour = 3600;

struct Work {
  double begin = 0, end = 0;  // seconds since 1970
};

// The journal may be a stranger's: its numbers are within 10^15, and say anything else.
bool is_credible(const JobRecord& record) { return record.seconds >= kShortestWork && record.time > 0; }

double videos_an_hour(std::vector<Work> work) {
  if (work.empty()) return 0;
  std::sort(work.begin(), work.end(), [](const Work& a, const Work& b) { return a.begin < b.begin; });
  double seconds = 0;
  Work stretch = work.front();
  for (const Work& next : work) {
    if (next.begin > stretch.end + kLongestPause) {
      seconds += stretch.end - stretch.begin;
      stretch = next;
    }
    stretch.end = std::max(stretch.end, next.end);
  }
  seconds += stretch.end - stretch.begin;
  return seconds < kShortestWork ? 0 : static_cast<double>(work.size()) * kHour / seconds;
}

using Maker = std::tuple<std::string, std::string, int>;  // machine, device, rank or -1

std::string name_of(const Maker& maker, bool with_host) {
  const auto& [host, device, rank] = maker;
  std::string name = device.empty() ? "device not recorded" : device;
  if (with_host && !host.empty()) name = host + " " + name;
  if (rank >= 0) name.append(" rank ").append(std::to_string(rank));
  return name;
}

}  // namespace

Throughput throughput_of(const std::vector<const JobRecord*>& done) {
  std::vector<Work> all;
  std::map<Maker, std::vector<Work>> by_maker;
  std::set<std::string> hosts;
  for (const JobRecord* record : std::set(done.begin(), done.end())) {
    if (!is_credible(*record)) continue;
    const Work work{record->time - record->seconds, record->time};
    all.push_back(work);
    by_maker[{record->by.host, record->by.device, record->by.rank.value_or(-1)}].push_back(work);
    hosts.insert(record->by.host);
  }
  Throughput result;
  result.per_hour = videos_an_hour(std::move(all));
  if (by_maker.size() < 2) return result;
  for (auto& [maker, work] : by_maker) {
    const std::uint64_t videos = work.size();
    result.parts.push_back({name_of(maker, hosts.size() > 1), videos, videos_an_hour(std::move(work))});
  }
  return result;
}

std::string throughput_text(double per_hour) {
  if (!(per_hour > 0)) return {};
  return fixed_text(per_hour, per_hour < 10 ? 2 : per_hour < 100 ? 1 : 0) + " videos an hour";
}

}  // namespace sora
