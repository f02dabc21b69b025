// Live films: a video is made block by block (a window each) and shown meanwhile, and what is typed takes
// effect from the next block on. No tensors.
//
// Note [Live films]
// A live film is a storyboard whose shots are not known in advance: a prompt that is typed is a shot from the
// time of the next block on, without a fade. What is typed is noted by block, so the same film can be made
// again from its log: "2 a storm" is the prompt from block 2 on (counted from 0), "3 !undo" took block 2 away
// before block 3 was made, so that the next block is number 2 again; "3 !back" is the same where the frames
// had left already: the film went on from before block 2, which stays in it; "4 !seed 7". Where the film ends
// is not in the log: its number of frames says it. Each block draws its noise from where the one before it
// left the generator, also after an undo: the block that replaces another is a different one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

constexpr double kLongestLive = 3600;  // seconds of a film that is not told how long it may be

/// Of the log that a turn leaves: "2 a storm". Empty when nothing happens in it.
std::vector<std::string> lines_of_turn(int block, const LiveTurn& turn);

/// Removes the last lines of a log that are about blocks which a film of so many does not have.
void trim_log(std::vector<std::string>& log, int blocks);

/// Does what a log says, each line at its block. The lines were checked by plan_live().
LiveDirector replay(const std::vector<std::string>& log);

/// What is wrong with a text as a prompt of a live film; empty: nothing.
std::string fault_of_live_prompt(const std::string& prompt);

/// Checks the log and the options of a live film, and begins its shots with the prompt. Throws Error (usage).
void plan_live(Plan& plan, const ModelFacts& model);

/// Frames of the network before this block.
std::int64_t frames_before_block(const Plan& plan, std::size_t block, int temporal_scale);

/// For people: how long a block is.
std::string live_note(const Plan& plan, const ModelFacts& model);

/// The prompt is that of the film from this block on.
void add_live_prompt(Plan& plan, std::size_t block, int temporal_scale, const std::string& prompt);
/// Block number `block` is not in the film: nor are the prompts that began with it.
void remove_live_prompts(Plan& plan, std::size_t block, int temporal_scale);

/// The plan of a film that was made live: with its log and its length.
Plan plan_of_film(const Plan& plan, const std::vector<std::string>& log, std::int64_t frames);

}  // namespace sora
