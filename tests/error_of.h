// The error that an action throws.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sora/error.h"

namespace sora::test {

/// The error that an action throws.
template <class Action>
Error thrown_by(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ErrorKind::internal, "", ""};
}

/// The message of the error, whose kind is expected to be `kind`.
template <class Action>
std::string error_of(Action&& action, ErrorKind kind) {
  const Error error = thrown_by(action);
  EXPECT_EQ(error.kind(), kind) << error.what();
  return error.what();
}

/// An action throws an error of this kind, with this text in its message.
template <class Action>
void expect_error(Action&& action, ErrorKind kind, const std::string& text) {
  EXPECT_THAT(error_of(action, kind), testing::HasSubstr(text));
}

}  // namespace sora::test
