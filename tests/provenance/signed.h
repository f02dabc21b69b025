// Tests with the C2PA library and a home folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "places.h"
#include "temporary_folder.h"

namespace sora::test {

/// $SORA_GEN_TEST_C2PA, else where scripts/setup puts it; empty where it is not.
inline std::string c2pa_for_tests() {
  const char* chosen = std::getenv("SORA_GEN_TEST_C2PA");
  const std::filesystem::path file =
      chosen != nullptr ? chosen : source_folder() / "third_party/c2pa/libc2pa_c.so";
  std::error_code code;
  return std::filesystem::is_regular_file(file, code) ? file.string() : "";
}

/// Without the library its tests are skipped. The user's key is in folder / "sora-gen/keys".
class Signed : public testing::Test {
 protected:
  void SetUp() override {
    const std::string library = c2pa_for_tests();
    if (library.empty()) GTEST_SKIP() << "no libc2pa_c.so here; scripts/setup fetches it";
    ::setenv("SORA_GEN_C2PA", library.c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", folder.path().c_str(), 1);
  }
  void TearDown() override {
    ::setenv("SORA_GEN_C2PA", "none", 1);
    ::unsetenv("XDG_CONFIG_HOME");
  }

  TemporaryFolder folder;
};

}  // namespace sora::test
