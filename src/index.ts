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
export type { Device } from './estimation/device.js';
export type { OtherProvider } from './onnx/place.js';
export type { DrawnCandidate } from './estimation/candidates.js';
export type { Frame, Start } from './media/frame.js';
export { VERSION } from './version.js';
export type {
  Box,
  FrameList,
  FramePoses,
  Joint,
  PersonPose,
  VideoPoses,
  Window,
  Image,
  Detection,
  Explanation,
  Reference,
} from './types.js';
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
export type { ExtractorRuntime, Method, Model, ModelOptions } from './estimation/model.js';
export type { Reuse } from './estimation/glpose.js';
export { DEFAULT_BUNDLE, loadBundle, shippedBundles, type Bundle } from './bundle/bundle.js';
export type { Tensor } from './native/contract.js';
export type { BundleConfig, DetectorConfig } from './bundle/config.js';

// Frames in, poses out
export { openFrames } from './library.js';
export { estimateVideo } from './estimation/estimate.js';
export type { EstimateOptions, PeopleOptions } from './estimation/estimate-options.js';
export { estimateParts } from './estimation/estimate-parts.js';
export { estimateStream, type StreamOptions } from './estimation/estimate-stream.js';
export type { Estimator, Scene, SceneOptions, ScenePerson, EstimatedPose } from './estimation/estimator.js';
export type { GivenDetection } from './estimation/survey.js';
export type { Crop } from './estimation/crop-net.js';
export type { FrameSource, OpenOptions } from './media/frames.js';
export {
  findVideos,
  type FindOptions,
  type FoundVideos,
  type ImageFolder,
  type VideoFile,
  type VideoInput,
} from './media/inputs.js';
export { imageStream, type ImageSize } from './media/image-stream.js';
export { bridge, BRIDGE_DEFAULTS, type BridgeOptions } from './postprocessing/bridge.js';
export { PoseSmoother, SMOOTH_DEFAULTS, type SmoothOptions } from './postprocessing/smooth.js';

// Filters and parts of what is there
export { filterPoses, type FilteredPoses, type FilterOptions } from './postprocessing/filter-poses.js';
export { butterworth, BUTTERWORTH_DEFAULTS, type ButterworthOptions } from './postprocessing/butterworth.js';
export { hampel, HAMPEL_DEFAULTS, type HampelOptions } from './postprocessing/hampel.js';
export { fillGaps } from './postprocessing/fill-gaps.js';
export {
  choosePeople,
  selectPeople,
  type PeopleChoice,
  type Polygon,
  type SelectOptions,
} from './postprocessing/select-people.js';
export type { Moment, TimeRange } from './postprocessing/time-ranges.js';

// Movements
export {
  analyseVideo,
  type Analysis,
  type AnalyseOptions,
  type PersonAnalysis,
  type Scale,
} from './analysis/analyse.js';
export type { AngleSeries, Facing } from './analysis/angles.js';
export type { Gait, GaitEvent, Stance, Step } from './analysis/gait.js';
export type { Path, Points } from './analysis/points.js';
export { anglesCsv, gaitCsv, motOf, positionsCsv, trcOf } from './analysis/tables.js';
export { writeTrc, type MarkerTable } from './formats/trc.js';
export { writeOpenSimMot, type MotionTable } from './formats/opensim-mot.js';
export { writeAnalysis } from './library.js';
export type { WriteAnalysisOptions, WrittenAnalysis } from './view/movement/write-analysis.js';

// Many videos, as `glpose infer` does them
export { runSession, type SessionEvents, type SessionOptions } from './run/session.js';
export type { RunEvents } from './run/run-videos.js';
export { RUN_OPTIONS, type OptionName, type RunOptionValues } from './run/options.js';
export type { RunOption, ValueOf } from './run/option.js';
export type { InputFingerprint } from './run/provenance.js';
export { readEarlierRun, type EarlierRun, type RunRecord } from './run/record.js';
export type { VideoReport } from './run/outcome.js';
export type { Shard } from './run/shard.js';

// Files in and out
export { readResultPoses, type ReadResultPosesOptions } from './view/result-poses.js';
export { readBoxes, type BoxFile, type BoxLookup, type GivenBox } from './formats/boxes.js';
export { readPoseFiles, type ReadPoseFilesOptions } from './formats/read-poses.js';
export type { Category, LabelledFrame, LabelledPose, PoseSequence } from './formats/pose-sequence.js';
export type { CocoDialect, ReadPosesOptions, Role } from './formats/coco.js';
export { readJhmdb, type JhmdbSplit } from './formats/jhmdb.js';
export { Warnings, type Warning } from './formats/warnings.js';
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
export { checkPoses, QualityCheck, type CheckedFrame } from './evaluation/quality/check.js';
export {
  describeProblem,
  PROBLEM_KINDS,
  type Problem,
  type ProblemKind,
  type Quality,
} from './evaluation/quality/problem.js';
export { evaluateOks, type OksResult } from './evaluation/oks.js';
export { evaluatePckh, type PckhResult } from './evaluation/pckh.js';
export { evaluateJhmdbPck, type JhmdbPckResult } from './evaluation/jhmdb-pck.js';
export type { PrecisionRecall } from './evaluation/average-precision.js';
export type { FrameAssignment } from './evaluation/head-assignment.js';
export type { Figures, GroupName } from './evaluation/figures.js';

// Pictures
export { drawPoses, type OverlayOptions } from './drawing/overlay.js';
export { blurFaces } from './drawing/blur-faces.js';
export type { Canvas } from './drawing/canvas.js';
