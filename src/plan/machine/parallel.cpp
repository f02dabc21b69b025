#include "plan/machine/parallel.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/option_checks.h"
#include "core/text.h"
#include "plan/machine/launch.h"
#include "plan/machine/strips.h"
#include "plan/model/guidance_range.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kDivisions =
    "auto, off, guidance:2, sequence:N, or guidance:2,sequence:N, each also with ,decode:N";
constexpr int kMostRanks = 1024;

struct Division {
  int guidance = 1, sequence = 1;
};

[[noreturn]] void wrong(const std::string& message) { throw Error(ErrorKind::usage, "ranks", message); }

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

struct Asked {
  std::optional<Division> division;  // none: auto
  std::optional<int> decode;         // ranks that decode; none: auto

  int ranks() const { return division ? division->guidance * division->sequence : decode.value_or(1); }
};

Asked asked_division(const Request& request) {
  const std::string asked = request.parallel.value_or("auto");
  if (asked == "auto" || asked == "off") return {};
  Division division;
  std::optional<int> decode;
  std::set<std::string> seen;
  for (const std::string& part : parts_of(asked)) {
    const std::size_t colon = part.find(':');
    const std::string name = part.substr(0, colon);
    int count = 0;
    const bool is_number =
        colon != std::string::npos && set_from_text(count, part.substr(colon + 1)).empty() && count >= 1;
    const bool known =
        name == "guidance" ? count <= 2 : (name == "sequence" || name == "decode") && count <= kMostRanks;
    if (!is_number || !known || !seen.insert(name).second)
      bad_option("--parallel " + excerpt(asked), kDivisions);
    if (name == "decode") {
      decode = count;
    } else {
      (name == "guidance" ? division.guidance : division.sequence) = count;
    }
  }
  const bool is_auto = !seen.contains("guidance") && !seen.contains("sequence");
  return {is_auto ? std::optional<Division>() : division, decode};
}

// The devices of a kind that can be used here; empty where they are not known.
std::vector<std::string> devices_like(const std::string& device, MachineFacts& facts) {
  const std::string kind = device.substr(0, device.find(':'));
  if (kind == "cuda" && !facts.cuda_driver) return {};
  if (!facts.devices) facts.devices = devices();
  std::vector<std::string> names;
  for (const DeviceFacts& each : *facts.devices) {
    if (each.name.starts_with(kind + ":")) names.push_back(each.name);
  }
  return names;
}

// --gpus, as devices. A device that is not here is an error when the plan is run, as with --device.
std::vector<std::string> asked_devices(const Plan& plan, const std::string& gpus, MachineFacts& facts) {
  const std::string option = "--gpus " + excerpt(gpus), device = plan.machine.device;
  if (device == "cpu") {
    wrong(
        option + ": the CPU computes here" +
        std::string(plan.request.device == "cpu" ? ", as --device cpu asks" : ", since no GPU can be used") +
        "; leave --gpus out (--parallel sequence:2 divides the work among threads of the CPU)");
  }
  if (plan.request.device.find(':') != std::string::npos)
    wrong("both " + option + " and --device " + plan.request.device + " say which GPU; leave one out");
  const std::string kind = device.substr(0, device.find(':') + 1);
  const std::vector<std::string> here = devices_like(device, facts);
  const std::vector<std::string> parts = parts_of(gpus);
  std::vector<std::string> chosen;
  std::uint64_t number = 0;
  if (parts.size() == 1) {
    if (!set_from_text(number, gpus).empty() || number < 1 || number > kMostRanks)
      bad_option(option, "how many GPUs, or their numbers, as 0,2");
    if (!here.empty() && number > here.size())
      bad_option(option, "at most " + std::to_string(here.size()) + ", which can be used here");
    for (std::uint64_t i = 0; i < number; ++i)
      chosen.push_back(here.empty() ? kind + std::to_string(i) : here[i]);
    return chosen;
  }
  for (const std::string& part : parts) {
    if (!set_from_text(number, part).empty()) bad_option(option, "how many GPUs, or their numbers, as 0,2");
    const std::string name = kind + std::to_string(number);
    if (std::count(chosen.begin(), chosen.end(), name) > 0) bad_option(option, "each GPU once");
    if (!here.empty() && std::count(here.begin(), here.end(), name) == 0)
      bad_option(option, "numbers from " + here.front() + " to " + here.back() + ", which can be used here");
    chosen.push_back(name);
  }
  return chosen;
}

std::int64_t tokens_of_frame(const Plan& plan, const ModelFacts& model) {
  const Picture& picture = plan.picture;
  std::int64_t rows = picture.latent_height, columns = picture.latent_width;
  if (picture.tiling) {
    rows = std::min<std::int64_t>(rows, picture.tiling->rows.size);
    columns = std::min<std::int64_t>(columns, picture.tiling->columns.size);
  }
  return rows / model.patch_height * (columns / model.patch_width);
}

class Divider {
 public:
  Divider(const Plan& plan, const ModelFacts& model) : plan_(plan), model_(model) {}

  // Whether there is a second prediction in the steps, and it can be made at the same time as the first.
  bool guides() const { return guided_steps(plan_.sampling) > 0 && !plan_.picture.tiling; }

  bool divides_tokens(int ranks) const {
    if (ranks == 1) return true;
    return model_.heads > 0 && model_.heads % ranks == 0 && ranks <= tokens_of_frame(plan_, model_);
  }

  std::optional<Division> automatic(int ranks) const {
    if (guides() && ranks % 2 == 0 && divides_tokens(ranks / 2)) return Division{2, ranks / 2};
    if (divides_tokens(ranks)) return Division{1, ranks};
    return {};
  }

  std::string counts(int most, bool with_guidance) const {
    std::string text;
    for (int i = 2; i <= most; ++i) {
      if (with_guidance ? automatic(i).has_value() : divides_tokens(i))
        text += (text.empty() ? "" : ", ") + std::to_string(i);
    }
    return text.empty() ? "none but 1" : text;
  }

  std::string heads_text() const {
    return plan_.model.name + " has " + std::to_string(model_.heads) + " attention heads and " +
           std::to_string(tokens_of_frame(plan_, model_)) + " tokens in a frame";
  }

  void check(const Division& division) const {
    if (division.guidance > 1 && guided_steps(plan_.sampling) == 0)
      wrong(
          "--parallel guidance:2: guidance is off, so there is only one prediction in a step; use "
          "sequence:N");
    if (!divides_tokens(division.sequence)) {
      wrong("--parallel sequence:" + std::to_string(division.sequence) + ": " + heads_text() +
            ", expected a number of ranks that divides them: " +
            counts(std::max(64, division.sequence), false));
    }
  }

 private:
  const Plan& plan_;
  const ModelFacts& model_;
};

std::string why(const Division& division, bool guides, bool chosen) {
  std::string text =
      division.guidance > 1 ? "the predictions with and without the prompt are made at the same time" : "";
  if (division.sequence > 1) {
    text += (text.empty() ? "" : ", ") + std::string("the tokens of ") +
            (division.guidance > 1 ? "each" : "a prediction") + " divided by " +
            std::to_string(division.sequence);
  }
  if (chosen && division.guidance == 1 && !guides) text += ", since no step has two predictions";
  return text;
}

void set_processes(Parallel& parallel, const Launch& launch) {
  if (launch.address.empty()) {
    wrong(
        launch.by + " started " + std::to_string(launch.size) +
        " processes on several machines; set MASTER_ADDR to the machine of rank 0, so that they can meet, or "
        "--parallel off");
  }
  parallel.rank = launch.rank;
  parallel.address = launch.address;
  parallel.port = launch.port;
  parallel.on_one_machine = launch.on_one_machine;
}

// The devices of the ranks must all have room for the plan.
double least_free(const std::vector<std::string>& names, const MachineFacts& facts, double unknown) {
  double least = 0;
  for (const DeviceFacts& device : facts.devices.value_or(std::vector<DeviceFacts>())) {
    const bool is_used = std::count(names.begin(), names.end(), device.name) > 0;
    if (!is_used || device.free == 0) continue;
    const double free = static_cast<double>(device.free) / 1e9;
    least = least == 0 ? free : std::min(least, free);
  }
  return least == 0 ? unknown : least;
}

}  // namespace

std::string division_text(const Parallel& parallel) {
  std::string text;
  const auto add = [&](const char* name, int count) {
    if (count > 1)
      text.append(text.empty() ? "" : ",").append(name).append(":").append(std::to_string(count));
  };
  add("guidance", parallel.guidance);
  add("sequence", parallel.sequence);
  add("decode", parallel.decode);
  return text;
}

void plan_parallel(Plan& plan, const ModelFacts& model, MachineFacts& facts) {
  const Request& request = plan.request;
  Parallel& parallel = plan.machine.parallel;
  parallel = {};
  const bool off = request.parallel == std::optional<std::string>("off");
  if (off && request.gpus) wrong("--gpus needs several ranks, and --parallel is off; leave one out");
  if (off) return;
  const Asked asked = asked_division(request);

  std::optional<Launch> launch;
  if (joins_launched_processes() && !request.gpus) launch = launched();
  if (launch) {
    set_processes(parallel, *launch);
  } else if (request.gpus) {
    parallel.devices = asked_devices(plan, *request.gpus, facts);
    plan.machine.device = parallel.devices.front();
  } else if (asked.ranks() > 1) {
    parallel.devices = plan.machine.device == "cpu"
                           ? std::vector<std::string>(static_cast<std::size_t>(asked.ranks()), "cpu")
                           : asked_devices(plan, std::to_string(asked.ranks()), facts);
  }
  const int ranks = launch ? launch->size : std::max<int>(1, static_cast<int>(parallel.devices.size()));
  if (ranks == 1) {
    parallel.devices.clear();
    return;
  }
  if (asked.division && asked.ranks() != ranks) {
    wrong("--parallel " + *request.parallel + " is for " + std::to_string(asked.ranks()) +
          " ranks, and there are " + std::to_string(ranks) + (launch ? ", started by " + launch->by : ""));
  }
  if (plan.sampling.causal.block > 0) wrong("causal models make a video on one device; use --parallel off");
  if (const std::string& cache = plan.sampling.cache.method; cache == "mag" || cache == "first-block")
    wrong("--cache " + cache + " works on one device only; use --cache easy, or --parallel off");
  if (plan.machine.device != "cpu" && plan.machine.free_gb > 0)
    plan.machine.free_gb = least_free(parallel.devices, facts, plan.machine.free_gb);

  const Divider divider(plan, model);
  const std::optional<Division> division = asked.division ? asked.division : divider.automatic(ranks);
  if (!division) {
    wrong(std::to_string(ranks) + " ranks cannot divide this video: " + divider.heads_text() +
          "; numbers that can: " + divider.counts(std::max(16, ranks), true));
  }
  divider.check(*division);
  parallel.guidance = division->guidance;
  parallel.sequence = division->sequence;
  parallel.text = why(*division, divider.guides(), !asked.division);
  plan_strips(plan, model, asked.decode);
  if (division->guidance > 1 && plan.picture.tiling)
    plan.warnings.emplace_back(
        "--parallel guidance:2 has no effect on pictures that are made in tiles: half of the ranks wait");
}

}  // namespace sora
