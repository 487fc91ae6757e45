/*
 * Why poses are what they are: the model runs once more as it did for the results, and this time says what each pose was made
 * from. Beside it runs the extractor alone, on the same boxes.
 */
import type { BoxLookup } from '../formats/boxes.js';
import type { EstimateOptions } from '../estimation/estimate-options.js';
import { estimateParts } from '../estimation/estimate-parts.js';
import type { FrameSource } from '../media/frames.js';
import type { Model } from '../estimation/model.js';
import type { TimeRange } from '../postprocessing/time-ranges.js';
import type { FramePoses, Joint, PersonPose } from '../types.js';
import { encodeMaps, type CodedMaps } from './page/map-codes.js';
import type { JointData, PoseData, WhyHeader, WhyPerson } from './page/page-data.js';
import { pack } from './page/packet.js';
import { selectsFrame, selectsTrack, type Selection } from './selection.js';

export interface ExplainOptions extends Omit<EstimateOptions, 'detect' | 'only' | 'explain' | 'memo'> {
  selection: Selection;
  /** The parts of the video that the results are of; none: all. */
  ranges: readonly TimeRange[];
  /** The boxes of the results, for the single-frame poses. */
  resultBoxes: BoxLookup;
}

/** The explained poses of one frame. */
export interface FrameExplanation {
  frame: number;
  people: PersonPose[];
  /** A WhyHeader and its maps. */
  packet: Uint8Array;
  /** Frames that the explained poses refer to, the frame itself among them. */
  pictures: number[];
}

/**
 * Explains the selected poses of a video.
 * @param singleFrame the same bundle by the single-frame method; null where `model` is that already
 * @yields one entry for each frame with selected poses, in order
 */
export async function* explainVideo(
  source: FrameSource,
  model: Model,
  singleFrame: Model | null,
  options: ExplainOptions,
): AsyncGenerator<FrameExplanation, void, undefined> {
  const { selection, ranges, resultBoxes, boxes, ...asRun } = options;
  const reach = model.estimator.k * (options.every ?? 1); // frames around have a say in a joint's place (over-time.ts)
  const near = (frame: number): number[] => Array.from({ length: 2 * reach + 1 }, (_, i) => frame - reach + i);
  const only = (frame: number): boolean => near(frame).some((other) => selectsFrame(selection, other));
  const shared = { ...asRun, only, explain: true };
  const explained = estimateParts(source, model, ranges, { ...shared, boxes });
  const alone = singleFrame && estimateParts(source, singleFrame, ranges, { ...shared, boxes: resultBoxes });
  try {
    for await (const frame of explained) {
      const baseline = alone ? await alone.next() : null; // frame by frame with the other
      if (!selectsFrame(selection, frame.index)) continue;
      const people = frame.people.filter(({ trackId }) => selectsTrack(selection, trackId));
      if (people.length === 0) continue;
      yield explanationOf({ ...frame, people }, model, singleFrame, baseline?.value?.people ?? []);
    }
  } finally {
    await alone?.return();
  }
}

function explanationOf(
  { index, people }: FramePoses,
  model: Model,
  singleFrame: Model | null,
  alone: readonly PersonPose[],
): FrameExplanation {
  const maps = new MapBytes();
  const pictures = new Set([index]);
  const header: WhyHeader = {
    people: people.map((person): WhyPerson => {
      const { window, references, mask, width, height } = person.explanation!;
      for (const { frame } of references) pictures.add(frame);
      const other = alone.find(({ trackId }) => trackId === person.trackId);
      return {
        track: person.trackId,
        boxScore: person.boxScore,
        window: { ...window },
        method: model.method,
        pose: poseData(person, model, maps),
        references: references.map((reference) => ({ ...reference, window: { ...reference.window } })),
        mask: mask ? maps.add(mask, width, height) : null,
        singleFrame: singleFrame && other ? poseData(other, singleFrame, maps) : null,
      };
    }),
  };
  return { frame: index, people, packet: pack(header, maps.all()), pictures: [...pictures] };
}

function poseData({ joints, explanation }: PersonPose, model: Model, maps: MapBytes): PoseData {
  const { heatmaps, width, height } = explanation!;
  return {
    joints: model.estimator.joints,
    places: joints.map(jointData),
    heatmaps: maps.add(heatmaps, width, height),
  };
}

function jointData(joint: Joint | null): JointData {
  return joint && [round(joint.x), round(joint.y), round(joint.score)];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The bytes of a packet's maps as they come. */
class MapBytes {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  add(maps: Float32Array, width: number, height: number): CodedMaps {
    const { coded, codes } = encodeMaps(maps, width, height, this.length);
    this.parts.push(codes);
    this.length += codes.length;
    return coded;
  }

  all(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}
