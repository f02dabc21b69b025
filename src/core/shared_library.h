// Libraries that are opened when they are first needed, so that the program starts without them.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sora {

/// Stays open until the process ends.
class SharedLibrary {
 public:
  /// Must throw; `reason` says why the library cannot be used.
  using Missing = std::function<void(const std::string& reason)>;

  /// Opens the first of the files that there is: names that the loader looks up, or paths.
  SharedLibrary(const std::vector<std::string>& files, Missing missing);

  /// Sets `function`, a pointer, to the library's function of this name.
  template <class F>
  void find(const char* name, F& function) const {
    function = reinterpret_cast<F>(address(name));
  }

 private:
  void* address(const char* name) const;

  Missing missing_;
  void* handle_ = nullptr;
};

}  // namespace sora
