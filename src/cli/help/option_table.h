// Every option as data, from the visitors of the parser: what help, man pages and completions are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sora {

struct OptionInfo {
  std::string name;    ///< as in JSON: "guidance_2"
  std::string flag;    ///< "--guidance-2"
  std::string letter;  ///< "-o"; empty: none
  std::string value;   ///< what stands for its value: "FILE"; empty: a flag
  std::string help;
  std::string group;  ///< heading that it stands under
  std::vector<std::string> choices;
  bool of_request = false;  ///< means something to verbs that make videos alone
  bool repeats = false;     ///< may be given several times
};

/// In the order of the help text.
const std::vector<OptionInfo>& option_table();

/// The option of that name in it.
const OptionInfo& option_info(std::string_view name);

/// "-o, --output PATH", or "    --seed N".
std::string shown_flag(const OptionInfo& option);

/// The options that a newcomer needs first.
bool is_needed_first(std::string_view name);

}  // namespace sora
