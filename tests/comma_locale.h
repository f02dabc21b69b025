// A locale in which numbers have a decimal comma, as in most of Europe, on machines that have none installed.
#pragma once

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <locale>
#include <string>
#include <string_view>

#include "temporary_folder.h"

namespace sora {

/// While an object exists, C's functions (printf, strtod) and C++'s streams write and read 1.5 as "1,5".
/// is_set() is false where the C library does not read glibc's locale files.
class CommaLocale {
 public:
  CommaLocale() {
    // glibc's LC_NUMERIC: magic, six fields, their offsets; point, separator, grouping, both as wide
    // characters, codeset.
    constexpr std::string_view file(
        "\x14\x11\x03\x20\x06\0\0\0\x20\0\0\0\x22\0\0\0\x23\0\0\0\x24\0\0\0\x28\0\0\0\x2c\0\0\0"
        ",\0\0\0,\0\0\0\0\0\0\0UTF-8\0",
        50);
    std::filesystem::create_directory(folder_ / "comma");
    std::ofstream(folder_ / "comma/LC_NUMERIC", std::ios::binary) << file;
    ::setenv("LOCPATH", folder_.path().c_str(), 1);
    is_set_ = std::setlocale(LC_NUMERIC, "comma") != nullptr &&
              std::string(std::localeconv()->decimal_point) == ",";
    std::locale::global(std::locale(std::locale::classic(), new Comma));
  }
  ~CommaLocale() {
    std::locale::global(std::locale::classic());
    std::setlocale(LC_NUMERIC, "C");
    ::unsetenv("LOCPATH");
  }
  CommaLocale(const CommaLocale&) = delete;

  bool is_set() const { return is_set_; }

 private:
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };

  const TemporaryFolder folder_;
  bool is_set_ = false;
};

}  // namespace sora
