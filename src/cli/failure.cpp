#include "cli/failure.h"

#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include "core/log.h"

namespace sora {
namespace {

constexpr const char* kTooLittle =
    "not enough memory; try a smaller --res, fewer --seconds, or a smaller model, or raise the limit if "
    "there "
    "is one (ulimit -v)";

// Messages of libtorch have a stack trace after the first line, which only -vv shows.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Starting a thread also fails where there is no address space left.
bool is_lack_of_memory(const std::system_error& error) {
  return error.code() == std::errc::not_enough_memory ||
         error.code() == std::errc::resource_unavailable_try_again;
}

Error bug(const std::string& what) {
  return {ErrorKind::internal, "internal",
          first_line(what) + "; this is a bug, please report it with the output of -vv"};
}

Error as_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorKind::unavailable, "memory", kTooLittle};
  } catch (const std::system_error& error) {
    log(LogLevel::debug, error.what());
    if (is_lack_of_memory(error)) {
      return {ErrorKind::unavailable, "memory", first_line(error.what()) + ": " + kTooLittle};
    }
    if (dynamic_cast<const std::filesystem::filesystem_error*>(&error) != nullptr) {
      return {ErrorKind::io, "files", first_line(error.what())};
    }
    return bug(error.what());
  } catch (const std::exception& error) {
    log(LogLevel::debug, error.what());
    return bug(error.what());
  } catch (...) {
    return bug("an exception of an unknown type");
  }
}

}  // namespace

Error current_error() noexcept {
  // After a lack of memory even the message may fail; the second one is shorter.
  try {
    return as_error();
  } catch (const std::exception&) {
    return {ErrorKind::unavailable, "memory", "not enough memory"};
  }
}

}  // namespace sora
