// Counts the memory that code requests from operator new, however much the machine has.
#pragma once

#include <cstdint>

namespace sora::test {

/// Counts from its construction on, in all threads. Only one object at a time.
class Allocations {
 public:
  Allocations();
  std::int64_t peak() const;  ///< the most bytes that were held at once beyond those at the beginning

 private:
  std::int64_t begin_ = 0;
};

}  // namespace sora::test
