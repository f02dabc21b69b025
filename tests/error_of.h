// The error that an action throws.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "sora/error.h"

namespace sora::test {

/// The message of the error, whose kind is expected to be `kind`.
inline std::string error_of(const std::function<void()>& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace sora::test
