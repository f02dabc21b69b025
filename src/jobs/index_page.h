// The page that shows a batch: one HTML file beside the videos, which needs a browser and no server.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "jobs/throughput.h"

namespace sora {

enum class IndexStatus { done, failed, left };  ///< left: not made yet

struct IndexEntry {
  std::string file;    ///< name of the output, relative to the page
  std::string poster;  ///< bytes of a JPEG; empty: none
  std::string prompt;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< name and value, in the order shown
  IndexStatus status = IndexStatus::left;
  std::string error;         ///< of a failed job, one line
  double seconds = 0;        ///< how long it took; 0: not known
  std::uint64_t bytes = 0;   ///< of the output; 0: not known
  std::uint64_t number = 0;  ///< shown on the picture; 0: none
  std::string command;       ///< a command line to copy, shown beside the picture; empty: none
};

/// The page, in UTF-8. It loads only the videos, when they are played. Texts may be anything: they are
/// escaped, and bytes that are not UTF-8 become U+FFFD. Pictures (.png, .jpg, .webp, .avif, .gif) are shown;
/// outputs that browsers cannot play are links. A page that is `filling` reloads itself every few seconds.
std::string index_page(const std::string& title, const std::vector<IndexEntry>& entries, bool filling = false,
                       const Throughput& throughput = {});

}  // namespace sora
