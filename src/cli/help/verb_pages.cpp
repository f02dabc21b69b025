#include "cli/help/verb_pages.h"

namespace sora {
namespace {

const std::vector<VerbPage> pages{
    {"generate",
     "Makes a video, or a picture with -o x.png, from words alone. The verb needs not be named. What a model "
     "makes at another size or rate than that which was asked for is enlarged or resampled, and said.",
     {"prompt",    "prompt_file", "negative_prompt", "strict_words",  "seconds",      "frames",
      "fps",       "res",         "aspect",          "draft",         "refine",       "drift_control",
      "reference", "control",     "control_kind",    "control_scale", "keep_latents", "count",
      "prompts",   "out_dir"},
     {"sora-gen --prompt \"a lighthouse by the sea\" -o sea.mp4 --res 720p",
      "sora-gen --prompt \"a blue boat\" --count 4 -o boat.png",
      "echo \"a lighthouse\" | sora-gen --prompt - -o - | ffplay -"}},
    {"animate",
     "Makes a video that begins with a picture, and ends with another one where --last-image names it. It "
     "has the picture's shape unless --res or --aspect says otherwise.",
     {"prompt", "last_image", "fit", "background", "seconds", "frames", "res", "aspect", "drift_control"},
     {"sora-gen animate photo.jpg --prompt \"the waves roll in\"",
      "sora-gen animate dawn.png --last-image dusk.png --seconds 4 -o day.mp4"}},
    {"extend",
     "Makes new footage that goes on where a clip ends, or leads to where it begins. The file has the clip "
     "and the new frames, at the clip's size and rate, with its sound.",
     {"seconds", "frames", "backward", "only_new", "no_audio", "copy", "prompt", "fit", "background",
      "drift_control", "latents", "keep_latents"},
     {"sora-gen extend clip.mp4 --seconds 5",
      "sora-gen extend clip.mp4 --backward --prompt \"a street at dawn\""}},
    {"connect",
     "Makes a transition that grows from the end of one clip into the start of another. The file has both "
     "clips and what lies between.",
     {"seconds", "frames", "only_new", "no_audio", "copy", "prompt", "fit", "background", "latents",
      "keep_latents"},
     {"sora-gen connect a.mp4 b.mp4 --seconds 3", "sora-gen connect a.mp4 b.mp4 --only-new -o between.mp4"}},
    {"loop",
     "Makes a video whose end meets its start: a clip and new frames that lead back to its first one, or a "
     "new video from --prompt.",
     {"prompt", "seconds", "frames", "only_new", "no_audio", "copy", "fit", "background"},
     {"sora-gen loop clip.mp4 --seconds 2", "sora-gen loop --prompt \"waves on a beach\" -o waves.gif"}},
    {"remix",
     "Makes a clip anew from --prompt: the same movement, seen differently.",
     {"prompt", "strength", "no_audio", "fit", "background", "draft", "refine"},
     {"sora-gen remix clip.mp4 --prompt \"in winter\" --strength 0.6",
      "sora-gen remix photo.jpg --prompt \"at night\" -o night.png"}},
    {"edit",
     "Makes a part of a clip or of a picture anew: what a mask covers (white) or a box, in all of the time "
     "or "
     "in a part of it; or what is around it, with --outpaint. The rest keeps its pixels. It needs a model "
     "with a control branch, such as Wan2.1-VACE.",
     {"prompt", "mask", "box", "outpaint", "reference", "control", "control_kind", "control_scale",
      "no_composite", "no_audio", "res"},
     {"sora-gen edit clip.mp4 --mask mask.png --prompt \"a red car\" --model wan2.1-vace-1.3b",
      "sora-gen edit clip.mp4 --box 40,30,200,120@0:02-0:04 --prompt \"an empty street\"",
      "sora-gen edit photo.jpg --outpaint 16:9 --prompt \"a wide beach\" -o wide.png"}},
    {"storyboard",
     "Makes one continuous video of prompts at times. The story is a file of lines such as \"0:04 a storm\", "
     "or JSON; - reads it from standard input; --shot gives it on the command line.",
     {"shot", "shot_image", "image", "fade", "seconds", "frames", "fit", "background", "drift_control"},
     {"sora-gen storyboard story.txt -o story.mp4",
      "sora-gen storyboard --shot \"0:00 a forest\" --shot \"0:05 a forest at night\""}},
    {"live",
     "Makes a video block by block, and plays it meanwhile: without -o it goes to stdout, where that is a "
     "pipe. "
     "On a terminal, each line that is typed is the prompt from the next block on; +4s TEXT in 4 seconds, "
     "+4s "
     "ends after 4 more, !undo takes the last block back, !seed draws another noise, !pause, !go, !end. From "
     "a pipe it reads JSON lines such as {\"prompt\": \"a storm\"}, and writes events. An .mp4 has in it "
     "what "
     "was typed, and rerun makes the same frames of it.",
     {"prompt", "output", "seconds", "seed", "res", "aspect", "fps", "steps", "drift_control", "live_log"},
     {"sora-gen live --prompt \"a lighthouse by the sea\" | ffplay -",
      "sora-gen live --prompt \"a forest\" -o film.mp4",
      "echo '+4s a forest at night' | sora-gen live --prompt \"a forest\" -o night.mp4"},
     {{"output", "an .mp4 or .mov, or - for standard output; default: standard output where that is a pipe"},
      {"seconds", "how long the film is; default: until it is told to end, at most an hour"}}},
    {"finish",
     "Makes a small video again at full size: same seed, same composition. Its prompt, seed and model are "
     "those that the file names.",
     {"res", "aspect", "strength", "steps", "prompt", "model", "latents"},
     {"sora-gen finish draft.mp4 --res 1920x1080",
      "sora-gen finish draft.mp4 --res 4k --strength 0.5 -o large.mp4"}},
    {"scout",
     "Tries several seeds of a prompt quickly, so that you find the one worth finishing. The drafts, "
     "numbered, "
     "are in a folder with a page that fills while they are made; sora-gen pick finishes one. The same "
     "command "
     "again continues where it stopped.",
     {"prompt", "prompt_file", "count", "out_dir", "seed", "steps", "res", "aspect", "draft"},
     {"sora-gen scout --prompt \"a lighthouse by the sea\"",
      "sora-gen scout --prompt \"a blue boat\" --count 12 --out-dir boats/"},
     {{"count", "how many seeds to try, 1 to 200; default: 9; a larger number than before adds drafts"},
      {"out_dir", "folder of the drafts and their page; default: scout/ and the prompt in short"},
      {"seed", "the first seed, from which they count up; default: chosen by the prompt"},
      {"steps", "denoising steps of a draft; default: half of the model's; pick makes all of them"},
      {"draft", "a quarter of the area, as larger models always do; pick enlarges it"},
      {"overwrite", "replace drafts of the same numbers and seeds that were made with other settings"}}},
    {"pick",
     "Makes the video of a draft of sora-gen scout, with all steps and at full size: same seed, same scene. "
     "Without DIR it takes the folder of the newest scout in scout/.",
     {"output", "steps", "res", "aspect", "refine", "strength"},
     {"sora-gen pick 7", "sora-gen pick 3 7 boats/", "sora-gen pick 7 -o boat.mp4 --res 1280x720"}},
    {"inspect",
     "Shows how a file was made, from what stands in it or in the sidecar beside it.",
     {"json", "watermark_key"},
     {"sora-gen inspect clip.mp4", "sora-gen inspect clip.mp4 --json | jq .seed"}},
    {"detect",
     "Shows what files say about being made by a generator: their content credentials (C2PA), who signed "
     "these and whether they are whole; the watermark in their pixels, which outlives cutting and new "
     "encoding; the parameters of sora-gen, which are a claim and no proof. - reads a file from standard "
     "input. Ends with 0 when a sign was found in any of them, with 1 when none was, which proves nothing.",
     {"json", "trust_list", "watermark_key"},
     {"sora-gen detect clip.mp4", "sora-gen detect *.png --json", "curl -s URL | sora-gen detect -"}},
    {"rerun",
     "Makes a file again from the parameters that it holds; options on the command line change some of them. "
     "With --verify nothing is kept: the frames are compared with the file's, and the exit code is 0 where "
     "they are the same, and 65 where they are not.",
     {"seed", "prompt", "steps", "res", "output", "verify", "json"},
     {"sora-gen rerun clip.mp4", "sora-gen rerun clip.mp4 --seed 8 -o another.mp4",
      "sora-gen rerun --verify clip.mp4"}},
    {"status",
     "Shows what is done, failed, running and left in the folder of a batch.",
     {"json"},
     {"sora-gen status shots/", "sora-gen status shots/ --json"}},
    {"decode",
     "Makes the video of latents that a run kept (--keep-latents), or that a failed run saved: the end of "
     "the "
     "work without the rest of it.",
     {"output", "codec", "crf", "pix_fmt", "format", "keep_latents"},
     {"sora-gen decode clip.mp4.latents.safetensors -o again.mp4",
      "sora-gen decode clip.mp4.latents.safetensors -o clip.webm --codec vp9"}},
    {"serve",
     "Keeps the model in memory and takes requests as JSON, one a line on standard input; events go to "
     "standard output, one a line.",
     {"stdio", "model", "device", "enhance", "enhance_command"},
     {"sora-gen serve --stdio", "echo '{\"prompt\": \"a red ball\"}' | sora-gen serve --stdio"},
     {{"enhance",
       "requests with \"enhance\": true have their prompts written out, by the endpoint of "
       "$SORA_GEN_ENHANCE_URL"},
      {"enhance_command", "the same, by a command: the prompt on its stdin, the answer on its stdout"}}},
    {"models",
     "Lists the models that are found: their family, what they make and what they need.",
     {"json"},
     {"sora-gen models", "SORA_GEN_MODELS=/data/models sora-gen models --json"}},
    {"doctor",
     "Checks devices, libraries, codecs and models, and says what to install.",
     {"json"},
     {"sora-gen doctor", "sora-gen doctor --json"}}};

}  // namespace

const VerbPage& verb_page(std::string_view verb) {
  static const VerbPage none{"", "", {}, {}};
  for (const VerbPage& page : pages) {
    if (verb == page.verb) return page;
  }
  return none;
}

OptionInfo option_of(const VerbPage& page, std::string_view name) {
  OptionInfo option = option_info(name);
  for (const auto& [meant, help] : page.meanings) {
    if (meant == name) option.help = help;
  }
  return option;
}

}  // namespace sora
