import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LabelledFrame, LabelledPose, PoseSequence } from '../../src/formats/pose-sequence.js';
import { readPoseFiles } from '../../src/formats/read-poses.js';
import { Warnings } from '../../src/formats/warnings.js';
import type { Figures } from '../../src/evaluation/figures.js';
import { evaluatePoseTrack, type PoseTrackFigures, type PoseTrackResult } from '../../src/evaluation/posetrack.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import { describeWithShared } from '../shared-data.js';

type Places = Partial<Record<(typeof POSETRACK17_JOINTS)[number], [x: number, y: number, score?: number]>>;

/** A person with a head of 10 px (a box whose diagonal × 0.6 is 10): joints within 5 px are right. */
function person(places: Places, trackId: number | null = null): LabelledPose {
  const joints = new Float64Array(45).fill(NaN);
  for (const [name, [x, y, score = 1]] of Object.entries(places)) {
    joints.set([x, y, score], POSETRACK17_JOINTS.indexOf(name as 'nose') * 3);
  }
  const headBox = { x: 0, y: 0, width: 10, height: 40 / 3 };
  return { joints, trackId, headBox, box: null, area: null, crowd: false, score: null };
}

function sequence(name: string, frames: LabelledPose[][], overrides: Partial<LabelledFrame> = {}): PoseSequence {
  return {
    name,
    file: `${name}.json`,
    alone: true,
    joints: POSETRACK17_JOINTS,
    frames: frames.map((people, t) => ({
      name: `images/${name}/${String(t).padStart(6, '0')}.jpg`,
      imageId: null,
      labelled: true,
      ignoreRegions: [],
      people,
      listed: people.length,
      ...overrides,
    })),
  };
}

function score(
  annotated: LabelledPose[][],
  predicted: LabelledPose[][],
  frame?: Partial<LabelledFrame>,
): PoseTrackResult {
  return evaluatePoseTrack([sequence('s', annotated, frame)], [sequence('s', predicted)]);
}

describe('PoseTrack AP by hand', () => {
  it('counts a joint at exactly half a head as right and one beyond as wrong', () => {
    const truth = person({ nose: [100, 100], neck: [100, 120] });
    const { ap, recall } = score([[truth]], [[person({ nose: [105, 100], neck: [100, 125.001] })]]);
    expect([ap.joints.nose, recall.joints.nose]).toEqual([100, 100]);
    expect([ap.joints.neck, recall.joints.neck]).toEqual([0, 0]);
  });

  it('is exact at the bound for whole pixels, as the reference is', () => {
    const hits: number[] = [];
    for (let w = 10; w <= 200; w += 10) {
      for (let h = 10; h <= 200; h += 10) {
        const truth = { ...person({ nose: [0, 0] }), headBox: { x: 0, y: 0, width: w, height: h } };
        // 0.3 of the box is half of 0.6 of its diagonal; what numpy makes of it
        const isRight = Math.sqrt((3 * w) ** 2 / 100 + (3 * h) ** 2 / 100) / (0.6 * Math.sqrt(w * w + h * h)) <= 0.5;
        const { recall } = score([[truth]], [[person({ nose: [(3 * w) / 10, (3 * h) / 10] })]]);
        if ((recall.joints.nose === 100) !== isRight) hits.push(w * 1000 + h);
      }
    }
    expect(hits).toEqual([]);
  });

  it('interpolates: right, wrong, right of three gives 2/3 of the area at 1 and 2/3', () => {
    const at = (x: number, s: number): LabelledPose => person({ nose: [x, 0, s] });
    const { ap } = score(
      [[at(0, 1), at(100, 1), at(200, 1)]],
      [[at(0, 0.9), at(50, 0.8), at(200, 0.7)]],
    ); // prettier-ignore
    expect(ap.joints.nose).toBeCloseTo(100 * (1 / 3 + (1 / 3) * (2 / 3)), 10);
  });

  it('gives a person the prediction that hits the larger share, whatever the scores', () => {
    const truth = person({ nose: [0, 0], neck: [0, 20], head_top: [0, -20] });
    const better = person({ nose: [0, 0, 0.1], neck: [0, 20, 0.1] });
    const surer = person({ nose: [0, 0, 0.9] });
    const { ap, precision } = score([[truth]], [[surer, better]]);
    expect(precision.joints.nose).toBe(50); // the surer one stands for nobody
    expect(ap.joints.nose).toBe(50);
    expect(ap.joints.head_top).toBe(0);
  });

  it('counts every joint of a prediction that stands for nobody, and joints its person lacks, as wrong', () => {
    const { precision } = score(
      [[person({ nose: [0, 0] })]],
      [[person({ nose: [0, 0], neck: [0, 20] }), person({ nose: [500, 0] })]],
    ); // prettier-ignore
    expect(precision.joints.nose).toBe(50);
    expect(precision.joints.neck).toBe(0);
  });

  it('leaves joints that are predicted but nowhere annotated out of the mean, and counts absent ones as 0', () => {
    const { ap } = score([[person({ nose: [0, 0] })]], [[person({ nose: [0, 0], neck: [0, 20] })]]);
    expect(ap.joints.neck).toBeNaN();
    expect(ap.joints.left_hip).toBe(0);
    expect(ap.groups.mean).toBeCloseTo(100 / 14, 10);
    expect(ap.groups.head).toBeNaN();
  });

  it('drops frames with nobody annotated, with their predictions', () => {
    const { counts, precision, warnings } = score(
      [[person({ nose: [0, 0] })], []],
      [[person({ nose: [0, 0] })], [person({ nose: [0, 0] })]],
    ); // prettier-ignore
    expect(counts).toMatchObject({ frames: 1, predictedJoints: 1 });
    expect(precision.joints.nose).toBe(100);
    expect(warnings).toContainEqual(
      expect.objectContaining({ text: 'frames in which nobody is annotated, not scored', count: 1 }),
    );
  });

  it('leaves sequences without a scored frame out and says so; with none at all, it is an error', () => {
    const nobody = sequence('b', [[]]);
    const truth = sequence('a', [[person({ nose: [0, 0] })]]);
    const result = evaluatePoseTrack([truth, nobody], [truth, nobody]);
    expect(result.sequences.map(({ name }) => name)).toEqual(['a']);
    expect(result.counts.sequences).toBe(1);
    expect(result.warnings).toContainEqual({
      text: 'sequences without a frame to score, left out',
      count: 1,
      first: 'b.json',
    });
    expect(() => evaluatePoseTrack([nobody], [nobody])).toThrow(
      /^b\.json: no person to score in 1 frames; 1 frames in which nobody is annotated, not scored\. Give/,
    );
  });

  it('PoseTrack21: predicted joints at x ≤ 0 or y ≤ 0 are none', () => {
    const found = [[person({ nose: [0, 5], neck: [3, 20], head_top: [3, -1] })]];
    const truth = sequence('s', [[person({ nose: [3, 5], neck: [3, 20] })]]);
    const { counts, precision } = evaluatePoseTrack([{ ...truth, positiveOnly: true }], [sequence('s', found)]);
    expect(counts.predictedJoints).toBe(1);
    expect(precision.joints).toMatchObject({ nose: 0, neck: 100 });
    expect(evaluatePoseTrack([truth], [sequence('s', found)]).counts.predictedJoints).toBe(3);
  });

  it('removes joints strictly inside an ignore region on both sides, not those on its border', () => {
    const region = Float64Array.from([0, 0, 50, 0, 50, 50, 0, 50]);
    const { counts, recall } = score(
      [[person({ nose: [25, 25], neck: [50, 25] })]],
      [[person({ nose: [25, 25], neck: [50, 25] }), person({ nose: [10, 10] })]],
      { ignoreRegions: [region] },
    );
    expect(counts).toMatchObject({ annotatedJoints: 1, predictedJoints: 1, ignoredJoints: 3, predictedPeople: 1 });
    expect(recall.joints.neck).toBe(100);
  });

  it('leaves what it was given as it was', () => {
    const truth = [[person({ nose: [25, 25] })]];
    const before = truth[0][0].joints.slice();
    score(truth, truth, { ignoreRegions: [Float64Array.from([0, 0, 50, 0, 50, 50, 0, 50])] });
    expect(truth[0][0].joints).toEqual(before);
  });
});

describe('MOTA by hand', () => {
  const at = (x: number, track: number): LabelledPose => person({ nose: [x, 0] }, track);

  it('counts misses, false positives and switches, without the last frame', () => {
    const annotated = [[at(0, 1)], [at(0, 1)], [at(0, 1)], [at(0, 1)], [at(0, 1)]];
    const predicted = [[at(0, 7)], [at(0, 8)], [], [at(0, 8), at(300, 9)], [at(900, 9)]];
    const { tracking } = score(annotated, predicted);
    // of 4 objects: a switch in the second frame; a miss and a false positive for the empty third; one in the fourth
    expect(tracking!.mota.joints.nose).toBe(100 * (1 - 4 / 4));
    expect(tracking!.recall.joints.nose).toBe(75);
    expect(tracking!.precision.joints.nose).toBe(60);
  });

  it('keeps a pair of the past that can still match, even where another is nearer', () => {
    const { tracking } = score([[at(0, 1)], [at(0, 1)], [at(0, 1)]], [[at(0, 7)], [at(4, 7), at(0, 8)], []]);
    expect(tracking!.mota.joints.nose).toBe(50); // one false positive, no switch, of two objects
  });

  it('is null where there are no track ids or no two frames', () => {
    const { tracking, warnings } = score([[person({ nose: [0, 0] })]], [[at(0, 1)]]);
    expect(tracking).toBeNull();
    expect(warnings).toMatchObject([{ text: 'annotated people without track id, therefore no MOTA', count: 1 }]);
    expect(score([[at(0, 1)]], [[at(0, 1)]]).tracking).toBeNull();
  });

  it('refuses two people of one track in a frame, unless tracks are left out', () => {
    const [annotated, predicted] = [
      [[at(0, 1)], [at(0, 1)]],
      [[at(0, 4), at(90, 4)], []],
    ];
    expect(() => score(annotated, predicted)).toThrow(
      /s\.json, frame images\/s\/000000\.jpg: two people have the track_id 4/,
    );
    const { tracking } = evaluatePoseTrack([sequence('s', annotated)], [sequence('s', predicted)], { tracks: false });
    expect(tracking).toBeNull();
    const { warnings } = score([[at(0, 1), at(90, 1)], [at(0, 1)]], [[at(0, 4)], []]);
    expect(warnings.map(({ text }) => text)).toEqual(['annotated frames in which two people have one track_id']);
  });
});

describe('missing things', () => {
  const truth = [[person({ nose: [0, 0] })], [person({ nose: [0, 0] })]];

  it('names sequences without predictions; --allow-missing scores the others and counts', () => {
    const annotations = [sequence('a', truth), sequence('b', truth)];
    const predictions = [sequence('a', truth), sequence('c', truth)];
    expect(() => evaluatePoseTrack(annotations, predictions)).toThrow(/no predictions for 1 of 2 sequences: b/);
    const { counts, warnings } = evaluatePoseTrack(annotations, predictions, { allowMissing: true, tracks: false });
    expect(counts.sequences).toBe(1);
    expect(warnings.map(({ text, count }) => [text, count])).toEqual([
      ['annotated sequences without predictions, not scored', 1],
      ['predicted sequences without annotations, left out', 1],
    ]);
  });

  it('says who was left out where nobody can be scored at all', () => {
    const headless = [sequence('a', [[{ ...person({ nose: [0, 0] }), headBox: null }]])];
    expect(() => evaluatePoseTrack(headless, headless, { allowMissing: true })).toThrow(
      /^a\.json: no person to score in 1 frames; 1 frames with a person without head box, not scored\. Give .* another --metric\.$/,
    );
  });

  it('says what is wrong with nothing on either side', () => {
    expect(() => evaluatePoseTrack([], [sequence('a', truth)])).toThrow(/^annotations: no person to score/);
    expect(() => evaluatePoseTrack([sequence('a', truth)], [])).toThrow(/no predictions for 1 of 1 sequences: a/);
  });

  it('fails where no sequence is in both, even with allowMissing', () => {
    const run = (): unknown =>
      evaluatePoseTrack([sequence('a', truth), sequence('b', truth)], [sequence('c', truth)], { allowMissing: true });
    expect(run).toThrow(/no sequence is in both: annotations have a, b, predictions c/);
  });

  it('names files that hold one sequence twice', () => {
    const twice = ['one.json', 'copy.json'].map((file) => ({ ...sequence('a', truth), file }));
    const other = sequence('b', truth);
    const doubled = (): unknown => evaluatePoseTrack([{ ...twice[0], file: 'gt.json' }, other], [...twice, other]);
    expect(doubled).toThrow(/several files hold predictions of a: one\.json, copy\.json/);
    expect(() => evaluatePoseTrack(twice, [twice[0], other])).toThrow(
      /two annotated sequences .*: one\.json and copy\.json/,
    );
  });

  it('names the first frame without prediction', () => {
    const predicted = sequence('s', [truth[0]]);
    expect(() => evaluatePoseTrack([sequence('s', truth)], [predicted])).toThrow(
      /1 of the 2 annotated frames of s have no counterpart .* images\/s\/000001\.jpg/,
    );
    const { counts } = evaluatePoseTrack([sequence('s', truth)], [predicted], { allowMissing: true });
    expect(counts.frames).toBe(1);
  });

  it('names the person without head box', () => {
    const headless = [[{ ...person({ nose: [0, 0] }), headBox: null }], truth[1]];
    expect(() => score(headless, truth)).toThrow(/s\.json, frame images\/s\/000000\.jpg: person 0 has no head box/);
    const { counts } = evaluatePoseTrack([sequence('s', headless)], [sequence('s', truth)], { allowMissing: true });
    expect(counts.frames).toBe(1);
    const jointless = [[{ ...person({}), headBox: null }, ...truth[0]], truth[1]];
    expect(score(jointless, truth).counts.frames).toBe(2); // whom nothing can match needs no scale
  });

  it('says which joints the predictions do not have at all', () => {
    const joints = POSETRACK17_JOINTS.filter((joint) => joint !== 'head_top');
    const bare = { ...person({ nose: [0, 0] }), joints: person({ nose: [0, 0] }).joints.slice(0, 42) };
    const { warnings } = evaluatePoseTrack([sequence('s', [truth[0]])], [{ ...sequence('s', [[bare]]), joints }]);
    expect(warnings[0].text).toBe('sequences predicted without head_top, counted as missed');
  });
});

describe('which frame belongs to which', () => {
  const truth = [[person({ nose: [0, 0] })], [person({ nose: [50, 0] })]];
  const renamed = (names: string[]): PoseSequence => {
    const { frames, ...rest } = sequence('s', truth);
    return { ...rest, frames: frames.map((frame, i) => ({ ...frame, name: `images/s/${names[i]}` })) };
  };

  it.each([
    ['PoseTrack17 names, from 1', ['00000001.jpg', '00000002.jpg']],
    ['other extensions', ['000000.png', '000001.png']],
    ['other names, in order', ['a.jpg', 'b.jpg']],
  ])('%s', (_, names) => {
    expect(evaluatePoseTrack([sequence('s', truth)], [renamed(names)]).recall.joints.nose).toBe(100);
  });

  it('does not mistake PoseTrack17 numbers for PoseTrack18 ones', () => {
    const annotations = renamed(['00000001.jpg', '00000002.jpg']);
    const predictions = renamed(['000001.jpg', '000000.jpg']); // swapped: frame 1 of one is frame 0 of the other
    expect(evaluatePoseTrack([annotations], [predictions]).recall.joints.nose).toBe(0);
  });
});

const ORACLE_KEYS = { ap: 'ap', precision: 'pre', recall: 'rec' } as const;
const MOT_KEYS = { mota: 'mota', motp: 'motp', precision: 'pre', recall: 'rec' } as const;

describeWithShared('oracles/poseval', 'the reference evaluator', (oracles) => {
  type Expected = Record<string, number[]> & { names: Record<string, string> };
  const expected = (set: string, name: string): Expected =>
    JSON.parse(readFileSync(path.join(oracles, set, 'expected', name), 'utf8')) as Expected;
  const flat = ({ joints, groups }: Figures, { names }: Expected): number[] =>
    Object.entries(names)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, name]) => (name === 'total' ? groups.mean : joints[name]));
  const check = (scores: PoseTrackFigures, set: string, name: string): void => {
    const ap = expected(set, `${name}_AP_metrics.json`);
    for (const [key, theirs] of Object.entries(ORACLE_KEYS)) {
      flat(scores[key as keyof typeof ORACLE_KEYS], ap).forEach((value, k) =>
        expect(value).toBeCloseTo(ap[theirs][k], 9),
      );
    }
    const mot = expected(set, `${name}_MOT_metrics.json`);
    for (const [key, theirs] of Object.entries(MOT_KEYS)) {
      flat(scores.tracking![key as keyof typeof MOT_KEYS], mot).forEach((value, k) =>
        expect(value).toBeCloseTo(mot[theirs][k], 9),
      );
    }
  };

  it.each([
    ['pt17', 'pt17'],
    ['pt18', 'pt18'],
    ['pt17', 'pt18'],
    ['pt18', 'pt17'],
  ])('annotations %s, predictions %s: every figure, in total and per sequence', (gt, pred) => {
    const warnings = new Warnings();
    const annotations = readPoseFiles(path.join(oracles, gt, 'gt'), { role: 'annotations', warnings });
    const predictions = readPoseFiles(path.join(oracles, pred, 'pred'), { role: 'predictions', warnings });
    const result = evaluatePoseTrack(annotations, [...predictions].reverse(), { warnings });
    check(result, gt, 'total');
    expect(result.sequences).toHaveLength(6);
    for (const each of result.sequences) check(each, gt, each.name);
  });
});
