#pragma once
#include "kernels/everywhere.h"

namespace glpose {

/*
 * Which points make a channel of a map of conditions (conditions.h). Plain data and no standard-library types, and each file's
 * own (static): files are compiled for different instruction sets, as in conv/strip.h.
 */

/// J: joints of a person that a head is told of, as CONDITION_JOINTS of src/joints.ts: the nose and the limbs.
constexpr int kConditionJoints = 13;

/// `count` points, x and y each, `step` floats from one to the next.
struct ChannelPoints {
  const float* first;
  int count, step;
};

/// @param points [1 + 2k, O, J, 2] of one key  @param people O, the own person first  @param channel below condition_channels(k)
static GLPOSE_EVERYWHERE inline ChannelPoints points_of_channel(const float* points, int people, int channel) {
  constexpr int kPerson = kConditionJoints * 2;  // floats
  const int others = people - 1;
  if (channel < kConditionJoints) return {points + channel * 2, 1, kPerson};
  if (channel < 2 * kConditionJoints) return {points + kPerson + (channel - kConditionJoints) * 2, others, kPerson};
  const int local = channel - 2 * kConditionJoints;
  const float* frame = points + long(1 + local / 2) * people * kPerson;
  if (local % 2 == 0) return {frame, kConditionJoints, 2};
  return {frame + kPerson, others * kConditionJoints, 2};
}

}  // namespace glpose
