// Files whose own parameters name files to write, replace, open or use: none of it happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "canary.h"
#include "cli/program.h"
#include "sora/request.h"

namespace fs = std::filesystem;

namespace sora::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const json kHonest{{"generator", "sora-gen " SORA_GEN_VERSION},
                   {"prompt", "a fox"},
                   {"model", "wan21"},
                   {"seed", 7},
                   {"frames", 5},
                   {"steps", 2}};

json with(json more) {
  json all = kHonest;
  all.update(more);
  return all;
}

// Every option of the kind; those that are texts have the path of a canary.
json naming_all(OptionKind wanted, const std::string& path) {
  json all = kHonest;
  Request request;
  visit_request_kinds(request, [&](const std::string& name, auto& field, OptionKind kind, const char*) {
    if (kind != wanted) return;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, bool>) {
      all[name] = true;
    } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
      all[name] = {name == "shot_image" ? "0:01 " + path : path};
    } else if constexpr (std::is_same_v<Field, std::string> ||
                         std::is_same_v<Field, std::optional<std::string>>) {
      all[name] = path;
    } else {
      all[name] = 1;
    }
  });
  return all;
}

// The three kinds of file whose parameters the tests can write.
std::string as_sidecar(const json& parameters) { return json{{"parameters", parameters}}.dump(); }
std::string as_video(const json& parameters) { return "a fake video that says " + parameters.dump(); }
std::string as_latents(const json& parameters) {
  const std::string header = json{{"__metadata__", {{"parameters", parameters.dump()}}},
                                  {"window.0", {{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {0, 4}}}}}
                                 .dump();
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + std::string(4, '\0');
}

struct Form {
  const char* file;
  std::string (*text)(const json&);
  const char* verb;
};
const std::vector<Form> forms{{"clip.mp4", as_video, "rerun"},
                              {"clip.mp4.json", as_sidecar, "rerun"},
                              {"clip.safetensors", as_latents, "rerun"},
                              {"clip.safetensors", as_latents, "decode"}};

class Strangers : public testing::Test {
 protected:
  Finished run(const Form& form, const json& parameters, const std::vector<std::string>& more = {}) {
    program.write(form.file, form.text(parameters));
    std::vector<std::string> line{form.verb, form.file};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  }

  // What the run made beside the file that it was given. All of it is removed again.
  std::vector<std::string> made(const Form& form) {
    std::vector<std::string> names;
    for (const std::string& name : program.files()) {
      if (name == "private") continue;
      if (name != form.file) names.push_back(name);
      fs::remove_all(program.folder() / name);
    }
    return names;
  }

  Program program;
  Canaries canaries{program.folder() / "private", {"canary.png", "model/model_index.json"}};
};

TEST_F(Strangers, WriteAndReplaceNothingAndChooseNoMachine) {
  for (const Form& form : forms) {
    json said = naming_all(OptionKind::machine, "private/canary.png");
    said["device"] = "cuda:9";
    said["offload"] = "nonsense";
    said["max_memory"] = 0.000001;
    const Finished finished = run(form, said);
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(finished.err, AllOf(HasSubstr("--output"), HasSubstr("--overwrite"), HasSubstr("--device"),
                                    HasSubstr("which is ignored: only the command line chooses")));
    EXPECT_EQ(canaries.touched(), "") << form.verb << ' ' << form.file;
    EXPECT_THAT(made(form), ElementsAre("a-fox-7.mp4")) << form.verb << ' ' << form.file;
  }
  EXPECT_TRUE(canaries.whole());
}

TEST_F(Strangers, OpenNoFileThatTheyName) {
  const json all = naming_all(OptionKind::source, "private/canary.png");
  for (const Form& form : forms) {
    for (const auto& [name, value] : all.items()) {
      if (kHonest.contains(name)) continue;
      const Finished finished = run(form, with({{name, value}}));
      EXPECT_EQ(finished.code, 66) << name << ": " << finished.err;
      std::string option = "--" + name;
      std::replace(option.begin(), option.end(), '_', '-');
      EXPECT_THAT(
          finished.err,
          AllOf(HasSubstr(option + " \""),
                HasSubstr("private/canary.png\"; files that it names are not opened unless you give them: "
                          "sora-gen " +
                          std::string(form.verb) + " " + form.file + " " + option)));
      EXPECT_EQ(canaries.touched(), "") << name;
      EXPECT_THAT(made(form), ElementsAre()) << name;
    }
    EXPECT_EQ(run(form, all).code, 66);
    EXPECT_EQ(canaries.touched(), "");
    EXPECT_THAT(made(form), ElementsAre());
  }
}

TEST_F(Strangers, NameModelsThatAreInstalledAndNoPaths) {
  const std::string here = program.folder().string();
  for (const Form& form : forms) {
    for (const std::string& path :
         {std::string("private/model"), here + "/private/model", std::string("./private/../private/model/"),
          std::string("private"), std::string(".."), std::string("/"), std::string("."),
          std::string("wan21/.."), std::string("private\n"), std::string(5000, 'x')}) {
      const Finished finished = run(form, with({{"model", path}}));
      EXPECT_EQ(finished.code, 66) << path << ": " << finished.err;
      EXPECT_THAT(finished.err, AllOf(HasSubstr("(not installed here)"), HasSubstr("--model DIR")));
      EXPECT_LT(finished.err.size(), 400U);
      EXPECT_EQ(canaries.touched(), "") << path;
      EXPECT_THAT(made(form), ElementsAre());
    }
    // Only the name of the folder is used, and looked for where models are.
    EXPECT_EQ(run(form, with({{"model", "/gone/models/wan21/"}})).code, 0);
    EXPECT_THAT(made(form), ElementsAre("a-fox-7.mp4"));
    EXPECT_EQ(run(form, with({{"model", "elsewhere"}}), {"--model", "wan21"}).code, 0);
    EXPECT_THAT(made(form), ElementsAre("a-fox-7.mp4"));
  }
}

TEST_F(Strangers, NameFilesAfterWordsAlone) {
  const std::string longest(3000, 'a');
  for (const Form& form : forms) {
    for (const std::string& prompt :
         {std::string("../../etc/passwd"), std::string("/tmp/x"), std::string("a\nb\x1b[31m\x7f"), longest,
          std::string("."), std::string("-rf"), std::string("%d%s{seed}"),
          std::string("\xe2\x80\xae"
                      "gpj")}) {
      const Finished finished = run(form, with({{"prompt", prompt}}));
      EXPECT_EQ(finished.code, 0) << finished.err;
      const auto names = made(form);
      ASSERT_EQ(names.size(), 1U) << prompt;
      EXPECT_THAT(names[0], testing::MatchesRegex("[a-z0-9][a-z0-9-]*-7\\.mp4"));
      EXPECT_LT(names[0].size(), 100U);
    }
    for (const char* option : {"format", "codec", "pix_fmt", "verb", "scheduler", "res", "preset", "fit"}) {
      const Finished finished = run(form, with({{option, "../../private/canary"}}));
      EXPECT_EQ(finished.code, 64) << option << ": " << finished.err;
      EXPECT_THAT(made(form), ElementsAre()) << option;
    }
    EXPECT_EQ(run(form, with({{"format", "webm"}})).code, 0);
    EXPECT_THAT(made(form), ElementsAre("a-fox-7.webm"));
    for (const json& value : {json(std::string("a\0b", 3)), json(std::string(2 << 20, 'a'))}) {
      const Finished finished = run(form, with({{"prompt", value}}));
      EXPECT_EQ(finished.code, 65) << finished.err;
      EXPECT_THAT(made(form), ElementsAre());
    }
  }
  EXPECT_EQ(canaries.touched(), "");
}

TEST_F(Strangers, TellTheOptionsThatMakeAFileAgain) {
  program.write("my picture.png", "x");
  const Form& form = forms[0];
  const json said = with({{"verb", "animate"}, {"image", "/home/someone/photo.jpg"}});
  const Finished asked = run(form, said);
  EXPECT_EQ(asked.code, 66);
  EXPECT_THAT(asked.err, HasSubstr("clip.mp4 was made with --image \"/home/someone/photo.jpg\""));
  const Finished given = run(form, said, {"--image", "my picture.png", "--dry-run"});
  EXPECT_EQ(given.code, 0) << given.err;
  EXPECT_THAT(given.out, HasSubstr("verb      animate my picture.png"));
  // An empty option does without what the file names.
  const json with_lora = with({{"lora", {"styles/ink.safetensors:0.8"}}});
  EXPECT_EQ(run(form, with_lora).code, 66);
  const Finished without = run(form, with_lora, {"--lora", "", "--dry-run"});
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_THAT(without.out, Not(HasSubstr("ink")));
  EXPECT_EQ(run(form, with_lora, {"--lora", "gone/ink.safetensors", "--dry-run"}).code, 66)
      << "is looked for";
}

TEST_F(Strangers, DoNotReplaceWhatIsThereUnlessTheLineSaysSo) {
  program.write("a-fox-7.mp4", "mine");
  EXPECT_EQ(run(forms[0], with({{"overwrite", true}, {"output", "a-fox-7.mp4"}})).code, 0);
  EXPECT_EQ(program.read("a-fox-7.mp4"), "mine");
  EXPECT_EQ(program.read("a-fox-7-2.mp4"), "a fake video\n") << "a free name";
  EXPECT_EQ(run(forms[3], with({{"overwrite", true}})).code, 73);
  EXPECT_EQ(program.read("a-fox-7.mp4"), "mine");
  EXPECT_EQ(run(forms[3], kHonest, {"-o", "a-fox-7.mp4", "--overwrite"}).code, 0);
  EXPECT_EQ(program.read("a-fox-7.mp4"), "a fake video\n");
}

TEST_F(Strangers, FinishOpensNothingThatADraftNames) {
  const auto finish = [&](const json& said, std::vector<std::string> more = {}) {
    program.write("told.mp4", as_video(said));
    std::vector<std::string> line{"finish", "told.mp4", "--res", "512x384", "--dry-run"};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  };
  const json draft = with({{"res", "128x96"}, {"frames", 24}, {"fps", 12}, {"draft", true}});
  EXPECT_THAT(finish(draft).out, HasSubstr("the draft is made again from its seed"));
  json said = draft;
  for (const char* name : {"lora", "vae", "transformer"}) {
    said = draft;
    said[name] = name == std::string("lora") ? json({"private/canary.png"}) : json("private/canary.png");
    const Finished finished = finish(said);
    EXPECT_EQ(finished.code, 66) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("--" + std::string(name) + " \"private/canary.png\""));
  }
  said = draft;
  said["model"] = "private/model";
  EXPECT_THAT(finish(said).err, HasSubstr("--model \"private/model\" (not installed here)"));
  said = draft;
  said["verb"] = "animate";
  said["image"] = "private/canary.png";
  const Finished frames = finish(said);
  EXPECT_EQ(frames.code, 0) << frames.err;
  EXPECT_THAT(frames.out, HasSubstr("file are used: it was made with --image \"private/canary.png\", "
                                    "which is not given to finish"));
  EXPECT_EQ(canaries.touched(), "");
  program.write("picture.png", "x");
  EXPECT_THAT(finish(said, {"--image", "picture.png"}).out,
              HasSubstr("the draft is made again from its seed"));
  EXPECT_THAT(finish(draft, {"--image", "picture.png"}).err, HasSubstr("--image is for a draft"));
  said = draft;
  said["model_digest"] = "0123456789abcdef";
  EXPECT_THAT(finish(said).out, HasSubstr("the model of that name here is another one"));
}

TEST_F(Strangers, ExtendTakesTheWordsAlone) {
  json said = naming_all(OptionKind::source, "private/canary.png");
  said.update(naming_all(OptionKind::machine, "private/canary.png"));
  program.write("told.mp4", as_video(said));
  const Finished finished =
      program.run({"extend", "told.mp4", "--model", "wan21", "--seed", "1", "--frames", "5"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("prompt: \"a fox\", with which the file was made"));
  EXPECT_EQ(canaries.touched(), "");
  EXPECT_THAT(program.files(), ElementsAre("extend-told-1.mp4", "private", "told.mp4"));
}

TEST_F(Strangers, LatentsWithoutASeedOrOfAnotherModelAreRefused) {
  json said = kHonest;
  said.erase("seed");
  for (const Form& form : forms) {
    const Finished finished = run(form, said);
    EXPECT_EQ(finished.code, 65) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("does not say its seed"));
    EXPECT_THAT(made(form), ElementsAre());
  }
  said = with({{"model_digest", "0123456789abcdef"}});
  const Finished finished = run(forms[3], said);
  EXPECT_EQ(finished.code, 65) << finished.err;
  EXPECT_THAT(finished.err,
              HasSubstr("the model wan21 is not the one that clip.safetensors was denoised with"));
  EXPECT_THAT(made(forms[3]), ElementsAre());
  EXPECT_EQ(run(forms[3], said, {"--model", "wan21"}).code, 0);
  EXPECT_THAT(run(forms[0], said).err, HasSubstr("the video will differ"));
}

}  // namespace
}  // namespace sora::test
