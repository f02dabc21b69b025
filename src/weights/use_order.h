// In which order weights are used, as the last pass showed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sora {

/// A network uses its weights in the same order in every pass; at first in the order in which they were
/// added.
class UseOrder {
 public:
  /// Adds a weight; they are numbered from 0.
  void add(std::uint64_t bytes);
  /// It is used now, and follows the one that was used before.
  void used(std::size_t index);
  /// The next one that is used follows none.
  void interrupt() { last_.reset(); }
  /// What is expected after `index`: up to `bytes` of weights, or one if that is more.
  std::vector<std::size_t> after(std::size_t index, std::uint64_t bytes) const;

 private:
  struct Use {
    std::uint64_t bytes = 0;
    std::size_t next = 0;
  };
  std::vector<Use> uses_;
  std::optional<std::size_t> last_;
};

}  // namespace sora
