// Counts what operator new gives out: memory that code asks for, whatever the machine has.
#pragma once

#include <cstdint>

namespace sora::test {

/// From its construction on, in all threads; one at a time.
class Allocations {
 public:
  Allocations();
  std::int64_t peak() const;  ///< the most bytes that were held at once beyond those at the beginning

 private:
  std::int64_t begin_ = 0;
};

}  // namespace sora::test
