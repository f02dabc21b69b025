// Where the tests find the files of the repository and what was built.
//
// The folders are compiled into places.cpp alone. As macros of every test they would be in all of their
// command lines, and a compiler cache would have no object of one clone of the repository for another.
#pragma once

#include <filesystem>

namespace sora {

/// The root of the repository.
std::filesystem::path source_folder();

/// The folder that CMake builds in.
std::filesystem::path build_folder();

inline std::filesystem::path test_data() { return source_folder() / "tests/data"; }

/// The program as it was built.
inline std::filesystem::path built_program() { return build_folder() / "bin/sora-gen"; }

}  // namespace sora
