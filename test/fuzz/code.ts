/* The code under test: as it is compiled, or a copy of it with counters in every branch. */
import type * as BundleConfig from '../../src/bundle/bundle.js';
import type * as DetectorConfig from '../../src/bundle/detector-config.js';
import type * as Errors from '../../src/errors.js';
import type * as Boxes from '../../src/formats/boxes.js';
import type * as Region from '../../src/formats/region.js';
import type * as SelectPeople from '../../src/postprocessing/select-people.js';
import type * as Jhmdb from '../../src/formats/jhmdb.js';
import type * as JsonFile from '../../src/formats/json-file.js';
import type * as Mat5 from '../../src/formats/mat5.js';
import type * as ReadPoses from '../../src/formats/read-poses.js';
import type * as RemarksModule from '../../src/formats/warnings.js';
import type * as TrainingAnnotations from '../../src/features/annotations.js';
import type * as PoseTrack from '../../src/evaluation/posetrack.js';
import type * as Oks from '../../src/evaluation/oks.js';
import type * as ActivationStatistics from '../../src/models/quantize/activation-statistics.js';
import type * as Float16Storage from '../../src/models/quantize/float16.js';
import type * as Graph from '../../src/onnx/graph.js';
import type * as Int8 from '../../src/models/quantize/int8.js';
import type * as Opset from '../../src/models/quantize/opset.js';
import type * as Simplify from '../../src/onnx/simplify.js';
import type * as Lower from '../../src/onnx/lowering/lower.js';
import type * as Hrnet from '../../src/models/hrnet.js';
import type * as OnnxCut from '../../src/models/onnx-cut.js';
import type * as OnnxModel from '../../src/onnx/onnx-model.js';
import type * as Safetensors from '../../src/bundle/safetensors.js';
import type * as HeadTensors from '../../src/bundle/head-tensors.js';
import type * as Tfjs from '../../src/models/convert/tfjs.js';
import type * as TfjsToOnnx from '../../src/models/convert/tfjs-to-onnx.js';
import type * as Frames from '../../src/media/frames.js';
import type * as View from '../../src/view/view.js';
import type * as RunRecord from '../../src/run/record.js';
import type * as ViewResults from '../../src/view/results.js';
import type * as FrameMatch from '../../src/view/frame-match.js';
import type * as PoseColumns from '../../src/view/page/pose-columns.js';

export type Code = Awaited<ReturnType<typeof loadCode>>;

/** @param root the folder of compiled sources, as a URL that ends in a slash */
export async function loadCode(root: URL) {
  const load = <M>(file: string): Promise<M> => import(new URL(file, root).href) as Promise<M>;
  return {
    ...(await load<typeof Errors>('errors.js')),
    ...(await load<typeof BundleConfig>('bundle/bundle.js')),
    ...(await load<typeof DetectorConfig>('bundle/detector-config.js')),
    ...(await load<typeof Boxes>('formats/boxes.js')),
    ...(await load<typeof Region>('formats/region.js')),
    ...(await load<typeof SelectPeople>('postprocessing/select-people.js')),
    ...(await load<typeof Jhmdb>('formats/jhmdb.js')),
    ...(await load<typeof JsonFile>('formats/json-file.js')),
    ...(await load<typeof Mat5>('formats/mat5.js')),
    ...(await load<typeof ReadPoses>('formats/read-poses.js')),
    ...(await load<typeof RemarksModule>('formats/warnings.js')),
    ...(await load<typeof TrainingAnnotations>('features/annotations.js')),
    ...(await load<typeof PoseTrack>('evaluation/posetrack.js')),
    ...(await load<typeof Oks>('evaluation/oks.js')),
    ...(await load<typeof ActivationStatistics>('models/quantize/activation-statistics.js')),
    ...(await load<typeof Float16Storage>('models/quantize/float16.js')),
    ...(await load<typeof Graph>('onnx/graph.js')),
    ...(await load<typeof Int8>('models/quantize/int8.js')),
    ...(await load<typeof Opset>('models/quantize/opset.js')),
    ...(await load<typeof Simplify>('onnx/simplify.js')),
    ...(await load<typeof Lower>('onnx/lowering/lower.js')),
    ...(await load<typeof Hrnet>('models/hrnet.js')),
    ...(await load<typeof OnnxCut>('models/onnx-cut.js')),
    ...(await load<typeof OnnxModel>('onnx/onnx-model.js')),
    ...(await load<typeof Safetensors>('bundle/safetensors.js')),
    ...(await load<typeof HeadTensors>('bundle/head-tensors.js')),
    ...(await load<typeof Tfjs>('models/convert/tfjs.js')),
    ...(await load<typeof TfjsToOnnx>('models/convert/tfjs-to-onnx.js')),
    ...(await load<typeof Frames>('media/frames.js')),
    ...(await load<typeof RunRecord>('run/record.js')),
    ...(await load<typeof ViewResults>('view/results.js')),
    ...(await load<typeof FrameMatch>('view/frame-match.js')),
    ...(await load<typeof View>('view/view.js')),
    ...(await load<typeof PoseColumns>('view/page/pose-columns.js')),
  };
}
