#include "cli/options.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>
#include <type_traits>

#include "cli/configuration.h"
#include "cli/shared_input.h"
#include "core/file.h"
#include "core/json/option_values.h"
#include "core/log.h"
#include "core/standard_streams.h"
#include "core/text.h"
#include "core/text_kind.h"
#include "provenance/signing_key.h"
#include "sora/error.h"
#include "watermark/key.h"

namespace sora {
namespace {

constexpr int kLongestAnswer = 24 * 60 * 60;       // seconds, of a policy
constexpr int kMost = 1'000'000;                   // videos of a prompt
constexpr std::uint64_t kLongestPrompt = 1 << 20;  // bytes; a model reads some 512 tokens of it

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "options", message); }

template <class V>
void visit_all(Options& options, V&& v) {
  visit_request(options.request, v);
  visit_prompts(options, v);
  visit_safeguards(options, v);
  visit_batch(options, v);
  visit_reporting(options, v);
  visit_actions(options, v);
}

// Option names of other programs.
const std::map<std::string, std::string> other_names{{"--num-inference-steps", "--steps"},
                                                     {"--guidance-scale", "--guidance"},
                                                     {"--cfg-scale", "--guidance"},
                                                     {"--cfg", "--guidance"},
                                                     {"--resolution", "--res"},
                                                     {"--size", "--res"},
                                                     {"--width", "--res"},
                                                     {"--height", "--res"},
                                                     {"--num-frames", "--frames"},
                                                     {"--video-frames", "--frames"},
                                                     {"--duration", "--seconds"},
                                                     {"--length", "--seconds"},
                                                     {"--sampler", "--scheduler"},
                                                     {"--sampling-method", "--scheduler"},
                                                     {"--shift", "--flow-shift"},
                                                     {"--out", "--output"},
                                                     {"--output-dir", "--out-dir"},
                                                     {"--outdir", "--out-dir"},
                                                     {"--force", "--overwrite"},
                                                     {"-y", "--overwrite"},
                                                     {"-n", "--negative-prompt"},
                                                     {"-s", "--seed"},
                                                     {"-m", "--model"},
                                                     {"-W", "--res"},
                                                     {"-H", "--res"},
                                                     {"-t", "--threads"},
                                                     {"-r", "--fps"},
                                                     {"-f", "--format"}};

[[noreturn]] void unknown_option(const std::string& given, const std::vector<std::string>& flags) {
  const std::string name = given.substr(0, given.find('='));
  const auto other = other_names.find(name);
  const std::string hint = other != other_names.end() ? other->second : nearest(name, flags);
  wrong(excerpt(name) + " is not an option; " +
        (hint.empty() ? "sora-gen --help-all lists them" : "did you mean " + hint + "?"));
}

// "--name=" has an empty value, but CLI11 would take the next word as its value.
std::vector<std::string> split_empty_values(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    const bool empty_value =
        word.size() > 3 && word.compare(0, 2, "--") == 0 && word.find('=') == word.size() - 1;
    if (empty_value) {
      word.pop_back();
      words.push_back(word);
      words.emplace_back();
    } else {
      words.push_back(word);
    }
  }
  return words;
}

class Parser {
 public:
  explicit Parser(Options& options) : options_(options) {
    app_.set_help_flag("");
    app_.allow_extras();
    // Words that are not the value of the option before them.
    app_.add_option("words", options_.words);
    visit_all(options_, [this](const std::string& name, auto& field, const char*) {
      using Field = std::decay_t<decltype(field)>;
      constexpr bool is_flag = std::is_same_v<Field, bool> || std::is_same_v<Field, FlagCount>;
      const std::string flag = flag_name(name);
      const std::string letter = short_flag_name(name);
      const std::string names = letter.empty() ? flag : letter + "," + flag;
      auto* option = is_flag ? app_.add_flag(names) : app_.add_option(names)->type_size(1)->expected(1);
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      declared_[name] = option;
      flags_.push_back(flag);
    });
  }

  void parse(int argc, const char* const* argv) {
    auto words = split_empty_values(argc, argv);
    const std::string last = words.empty() ? "" : words.back();
    std::reverse(words.begin(), words.end());  // the order in which CLI11 wants them
    try {
      app_.parse(words);
    } catch (const CLI::ArgumentMismatch&) {
      wrong(excerpt(last) + " needs a value; sora-gen --help shows which");
    } catch (const CLI::ParseError& error) {
      wrong(error.what());
    }
    const auto extras = app_.remaining();
    if (!extras.empty()) unknown_option(extras.front(), flags_);
  }

  bool given(const std::string& name) const { return declared_.at(name)->count() > 0; }

  /// The value of the option on the command line; the last one, if it is given several times.
  std::string text(const std::string& name) const { return declared_.at(name)->results().back(); }

  /// Sets the options of the command line, which override those of the config file.
  void apply() {
    visit_all(options_, [this](const std::string& name, auto& field, const char*) {
      const CLI::Option* option = declared_.at(name);
      if (option->count() == 0) return;
      options_.sources[name] = "command line";
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, FlagCount>) {
        field.count = static_cast<int>(option->count());
      } else if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::vector<std::string>>) {
        field = option->results();  // all values, if it is given several times
      } else {
        const std::string text = plain_value(name, this->text(name));
        if (std::find(flags_.begin(), flags_.end(), text) != flags_.end()) {
          wrong(flag_name(name) + " is followed by " + excerpt(text) + " instead of a value");
        }
        const std::string expected = expected_value(name, set_from_text(field, text));
        if (!expected.empty()) wrong(flag_name(name) + " is \"" + excerpt(text) + "\", expected " + expected);
      }
    });
    options_.has_prompt = options_.has_prompt || given("prompt");
    visit_request(options_.request, [this](const std::string& name, auto& field, const char*) {
      if (!given(name)) return;
      options_.video_flags.push_back(flag_name(name));
      using Field = std::decay_t<decltype(field)>;
      Scalar value;
      if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
        value = {Scalar::Kind::list, "", declared_.at(name)->results()};
      } else {
        value.text = std::is_same_v<Field, bool> ? "true" : plain_value(name, text(name));
      }
      (void)options_.on_line.add(name, value);  // faults were reported above
      const bool own = name == "preset" && own_preset(options_.presets, value.text) != nullptr;
      if (!own) (void)options_.given.add(name, value);
    });
    if (const Overrides* own = own_preset(options_.presets, options_.on_line.text("preset")))
      options_.given.add_missing(*own);
  }

 private:
  Options& options_;
  CLI::App app_;
  std::map<std::string, CLI::Option*> declared_;
  std::vector<std::string> flags_;
};

std::string without_last_line_break(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

bool makes_several(const Options& options) {
  return options.out_dir || videos_per_prompt(options) > 1 ||
         (!options.words.empty() && options.words.front() == "scout");
}

void read_prompt(Options& options, bool from_flag) {
  std::string source = "--prompt";
  ErrorKind kind = ErrorKind::usage;
  if (options.prompt_file) {
    if (from_flag) wrong("both --prompt and --prompt-file are given; leave one out");
    source = *options.prompt_file;
    kind = ErrorKind::data;
    options.request.prompt = without_last_line_break(read_text(source, "options", kLongestPrompt));
    options.has_prompt = true;
  } else if (options.request.prompt == "-" && !makes_several(options) && helps_rank_0(options.request)) {
    options.request.prompt = " ";  // rank 0 reads it, and sends what the text encoder makes of it
  } else if (options.request.prompt == "-") {
    if (makes_several(options))
      refuse_shared_input(options.request, "--prompt -", "write the prompt to a file: --prompt-file FILE");
    source = "stdin";
    kind = ErrorKind::data;
    if (::isatty(STDIN_FILENO) != 0) {
      log(LogLevel::warning, "reading the prompt from the terminal; end it with Ctrl-D");
    }
    options.request.prompt = without_last_line_break(
        read_stdin(kLongestPrompt, "is over 1 MB, expected one prompt; use --prompts for many"));
  }
  if (from_flag && options.on_line.text("prompt") == "") {
    wrong(
        "--prompt is empty, as with a variable that is not set; --prompt \" \" asks for a video without "
        "words");
  }
  if (const std::string fault = not_a_text(options.request.prompt); kind == ErrorKind::data && !fault.empty())
    throw Error(kind, "options", source + ": " + fault);
  const auto check = [kind](const std::string& text, const std::string& where) {
    if (!is_utf8(text))
      throw Error(kind, "options", where + ": the text is not UTF-8; convert it, for example with iconv");
    if (text.find('\0') != std::string::npos)
      throw Error(kind, "options", where + ": the text holds a zero byte, expected plain text");
  };
  check(options.request.prompt, source);
  if (options.request.negative_prompt) check(*options.request.negative_prompt, "--negative-prompt");
}

void check_batch(const Options& options) {
  const bool one_prompt = options.has_prompt || options.prompt_file;
  if (options.prompts && one_prompt) wrong("both --prompts and a single prompt are given; leave one out");
  if (options.resume && options.no_resume) wrong("both --resume and --no-resume are given; leave one out");
  if (options.shard && options.jobs_from_rank) {
    wrong("both --shard and --jobs-from-rank are given; leave one out");
  }
  if (options.repeat && options.count) wrong("both --repeat and --count are given; leave one out");
  if (videos_per_prompt(options) < 1 || videos_per_prompt(options) > kMost) {
    wrong(std::string(options.count ? "--count" : "--repeat") + " is " +
          std::to_string(videos_per_prompt(options)) + ", expected 1 to " + std::to_string(kMost));
  }
}

void check_reporting(const Options& options) {
  const std::vector<std::string> modes{"auto", "bar", "plain", "json", "none"};
  if (std::find(modes.begin(), modes.end(), options.progress) == modes.end()) {
    wrong("--progress is \"" + options.progress + "\", expected auto, bar, plain, json or none");
  }
  if (options.quiet && options.verbose.count > 0)
    wrong("both --quiet and --verbose are given; leave one out");
  if (options.quiet && options.preview) wrong("both --quiet and --preview are given; leave one out");
  const bool video_on_stdout = options.request.output == "-";
  if (options.progress_fd) {
    const int fd = *options.progress_fd;
    if (options.progress != "json" && options.progress != "auto") {
      wrong("--progress-fd goes with --progress json, not with " + options.progress);
    }
    if (fd < 0 || was_closed(fd) || ::fcntl(fd, F_GETFD) == -1) {
      wrong("--progress-fd is " + std::to_string(fd) + ", which is not open; open it, as in " +
            std::to_string(std::max(fd, 3)) + ">progress.json");
    }
    if (fd == STDOUT_FILENO && video_on_stdout)
      wrong("--progress-fd 1 is stdout, which carries the video (-o -)");
  }
  if (options.json && video_on_stdout && !options.dry_run) {
    wrong(
        "--json prints on stdout, which carries the video (-o -); use --progress json, whose last line is "
        "the "
        "result");
  }
}

void check_safeguards(const Options& options) {
  const auto check_command = [](const std::optional<std::string>& command, const std::string& where) {
    if (command && command->find_first_not_of(" \t\n") == std::string::npos)
      wrong(where + " is empty, expected a command that ends with 0 (allowed) or 77 (refused)");
  };
  check_command(options.policy, "--policy");
  check_command(options.own_policy, users_config_file() + ": policy");
  if (options.policy_timeout < 1 || options.policy_timeout > kLongestAnswer) {
    wrong("--policy-timeout is " + std::to_string(options.policy_timeout) + ", expected 1 to " +
          std::to_string(kLongestAnswer) + " seconds");
  }
  if (options.sign_key.has_value() != options.sign_cert.has_value())
    wrong("--sign-key and --sign-cert go together: a key, and the certificates that say whose it is");
  if (options.sign_key) (void)read_signing_key(*options.sign_key, *options.sign_cert);  // errors come early
  if (options.watermark_key) (void)read_watermark_key(*options.watermark_key);
}

}  // namespace

std::string flag_name(const std::string& name) {
  std::string flag = "--" + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

int videos_per_prompt(const Options& options) { return options.count.value_or(options.repeat.value_or(1)); }

std::string short_flag_name(const std::string& name) {
  static const std::map<std::string, std::string> letters{{"prompt", "-p"}, {"output", "-o"},
                                                          {"quiet", "-q"},  {"verbose", "-v"},
                                                          {"help", "-h"},   {"version", "-V"}};
  const auto it = letters.find(name);
  return it == letters.end() ? "" : it->second;
}

Options parse_options(int argc, const char* const* argv) {
  Options options;
  Parser parser(options);
  parser.parse(argc, argv);
  options.help = parser.given("help");
  options.help_all = parser.given("help_all");
  options.version = parser.given("version");
  const std::string first = options.words.empty() ? "" : options.words.front();
  if (options.help || options.help_all || options.version || first == "help" || first == "completions") {
    if (parser.given("format")) options.request.format = parser.text("format");
    return options;  // the rest of the line does not matter
  }
  if (parser.given("seconds") && parser.given("frames"))
    wrong("both --seconds and --frames are given; leave one out");
  read_configuration(parser.given("config") ? std::optional(parser.text("config")) : std::nullopt, options);
  if (parser.given("preset")) take_preset(parser.text("preset"), options);
  // Setting one of the two lengths unsets the other.
  for (const auto& [length, other] : {std::pair{"frames", "seconds"}, {"seconds", "frames"}}) {
    if (!parser.given(length)) continue;
    options.sources.erase(other);
    options.request.seconds.reset();
    options.request.frames.reset();
  }
  // On the line, one of two flags that exclude each other unsets the other of the configuration.
  const auto unset = [&](const char* given, const char* other, bool& field) {
    if (!parser.given(given) || parser.given(other)) return;
    field = false;
    options.sources.erase(other);
  };
  unset("credentials", "no_credentials", options.request.no_credentials);
  unset("no_credentials", "credentials", options.request.credentials);
  unset("no_credentials", "sign_prompt", options.request.sign_prompt);
  const auto preset = options.request.preset;
  parser.apply();
  if (own_preset(options.presets, options.on_line.text("preset"))) options.request.preset = preset;
  options.has_prompt = options.has_prompt || !options.request.prompt.empty();
  if (!options.prompts) read_prompt(options, parser.given("prompt"));
  check_batch(options);
  check_reporting(options);
  check_safeguards(options);
  return options;
}

}  // namespace sora
