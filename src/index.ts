/**
 * glpose as a library: 2D poses of every person in every frame of a video.
 *
 * ```ts
 * import { estimateVideo, loadModel, openFrames } from 'glpose';
 *
 * await using model = await loadModel();
 * await using video = await openFrames('match.mp4');
 * for await (const { index, people } of estimateVideo(video, model)) console.log(index, people.length);
 * ```
 *
 * Everything that fails for a reason a caller can act on throws a {@link GlposeError} with a `code`. Coordinates are image
 * pixels with pixel centres at whole numbers; scores are 0–1; frames, tracks and joints count from 0.
 *
 * @packageDocumentation
 */
export { GlposeError, type ErrorCode } from './errors.js';
export { VERSION } from './version.js';
export type { Box, FrameList, FramePoses, Joint, PersonPose, VideoPoses } from './types.js';
export {
  COCO_JOINTS,
  JHMDB_JOINTS,
  LIMBS,
  LSP_JOINTS,
  POSETRACK17_JOINTS,
  POSETRACK18_JOINTS,
  mirrored,
} from './joints.js';

// Models
export { loadModel } from './library.js';
export type { Device, Method, Model, ModelOptions } from './pipeline/model.js';
export type { Reuse } from './pipeline/glpose.js';
export { DEFAULT_BUNDLE, loadBundle, shippedBundles, type Bundle } from './models/bundle.js';
export type { Tensor } from './native/binding.js';
export type { BundleConfig, DetectorConfig } from './models/config.js';

// Frames in, poses out
export { openFrames } from './library.js';
export { estimateVideo, type EstimateOptions, type PeopleOptions } from './pipeline/estimate.js';
export { estimateStream, type StreamOptions } from './pipeline/estimate-stream.js';
export type { Estimator, Explanation, Reference, Scene, ScenePerson, EstimatedPose } from './pipeline/estimator.js';
export type { Detection } from './pipeline/detect.js';
export type { DrawnCandidate, GivenDetection } from './pipeline/survey.js';
export type { Crop, Image } from './pipeline/extract.js';
export type { Frame, FrameSource, OpenOptions } from './pipeline/frames.js';
export { findVideos, type FoundVideos, type ImageFolder, type VideoFile, type VideoInput } from './pipeline/inputs.js';
export { imageStream, type ImageSize } from './pipeline/image-stream.js';
export { bridge, BRIDGE_DEFAULTS, type BridgeOptions } from './pipeline/bridge.js';
export { PoseSmoother, SMOOTH_DEFAULTS, type SmoothOptions } from './pipeline/smooth.js';
export type { Window } from './pipeline/window.js';

// Files in and out
export { readBoxes, type BoxFile, type BoxLookup, type GivenBox } from './formats/boxes.js';
export { readPoseFiles, type ReadPoseFilesOptions } from './formats/read-poses.js';
export type { LabelledFrame, LabelledPose, PoseSequence } from './formats/pose-sequence.js';
export type { CocoDialect, ReadPosesOptions, Role } from './formats/coco.js';
export { readJhmdb, type JhmdbSplit } from './formats/jhmdb.js';
export { Remarks, type Remark } from './formats/remarks.js';
export { RESULT_FORMATS, writeResults, type ResultFormat } from './formats/results.js';
export {
  writePoseTrack18,
  type PoseTrack18Annotation,
  type PoseTrack18Category,
  type PoseTrack18Document,
  type PoseTrack18Image,
} from './formats/posetrack18.js';
export {
  writePoseTrack17,
  type PoseTrack17Document,
  type PoseTrack17Frame,
  type PoseTrack17Person,
  type PoseTrack17Point,
} from './formats/posetrack17-writer.js';
export {
  writeCoco,
  writeCocoResults,
  type CocoAnnotation,
  type CocoDocument,
  type CocoResult,
} from './formats/coco-results.js';
export { writeOpenPose, type OpenPoseDocument, type OpenPosePerson } from './formats/openpose.js';
export { writeCsv } from './formats/csv.js';
export { writeMot } from './formats/mot.js';

// Evaluation
export { evaluateFiles, type EvaluateFilesOptions } from './library.js';
export type { Evaluation, MetricName, MetricOptions } from './evaluation/metrics.js';
export {
  evaluatePoseTrack,
  type PoseTrackCounts,
  type PoseTrackFigures,
  type PoseTrackOptions,
  type PoseTrackResult,
  type ScoredFrame,
  type ScoredSequence,
  type TrackingFigures,
} from './evaluation/posetrack.js';
export { evaluateOks, type OksResult } from './evaluation/oks.js';
export { evaluatePckh, type PckhResult } from './evaluation/pckh.js';
export { evaluateJhmdbPck, type JhmdbPckResult } from './evaluation/jhmdb-pck.js';
export type { PrecisionRecall } from './evaluation/average-precision.js';
export type { FrameAssignment } from './evaluation/head-assignment.js';
export type { Figures, GroupName } from './evaluation/figures.js';

// Pictures
export { drawPoses, type OverlayOptions } from './view/overlay.js';
export { blurFaces } from './view/blur-faces.js';
export type { Canvas } from './view/canvas.js';
