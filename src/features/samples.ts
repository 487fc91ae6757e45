/*
 * From a labelled video to training samples, on one page:
 *
 *   labels ─ keys, candidates ─ looks (augmentation) ─ patches ─ passers-by ─┬───────────────┬─ crops ─ extractor ─ maps
 *                                                                            └─ degradations ┘
 *   … and where the detector expects everyone in sight
 *
 * The windows, crops and maps of a plain sample are those that inference makes of the same boxes and coarse poses.
 */
import { CandidateDraw } from '../estimation/candidates.js';
import { isAbout, placesIn } from '../estimation/conditions.js';
import type { Box, Image, PersonWindow, Window } from '../types.js';
import type { Crop } from '../estimation/crop-net.js';
import type { CutOut } from './cut-outs.js';
import { detectedIn, type Sights } from './detected.js';
import { spoiled, toCoco, type CoarsePoses } from './expected.js';
import type { FrameSource } from '../media/frames.js';
import { overlap, paintOver } from '../estimation/painted-over.js';
import { neighbourhoods, type Neighbourhood, type ReadableFrame } from '../estimation/neighbourhood.js';
import { betweenGrids, windowOf } from '../geometry/window.js';
import { COCO_JOINTS, mirrored } from '../joints.js';
import { augmentedLook, movingCamera, plainLook, type Look } from './augmentation.js';
import { drawDegradation, reachOf, type DegradationKind, type Subject } from './degradations.js';
import type { Extractor } from './extractor.js';
import { labelsDigest, type LabelledPerson, type LabelledVideo } from './labels.js';
import type { Expected, ExpectedPose, Maps, MapWriter, Sample, VideoSamples } from './layout.js';
import { drawPasser, type Passer } from './passer.js';
import { Random } from './random.js';
import { PASTE } from './severities.js';
import { extentOf, render, toView, type Patch, type View } from './viewpoint.js';

export interface SampleOptions {
  /** Neighbouring frames on either side of a key. */
  k: number;
  /** Candidates to draw from a video. */
  m: number;
  /** Every n-th labelled frame becomes a key. */
  every: number;
  /** Looks at each person: the plain one, then augmented ones. */
  views: number;
  /** Degradations of each look, drawn among `kinds`. */
  degraded: number;
  kinds: readonly DegradationKind[];
  /**
   * Cut everyone's own window in the neighbouring frames: beside the key's where true, and instead of it in this share of the
   * samples where a number.
   */
  warp: boolean | number;
  /** The video is one photo, which becomes a clip. */
  stills: boolean;
  /** Weight of joints that labels lack and the extractor is sure of; 0 for none. */
  fill: number;
  /** Labels near the extractor's own sure joint are moved onto it. */
  refine: boolean;
  /** Also keep the extractor's own poses of the keys, clean and degraded. */
  poses: boolean;
  /** People to paste over the samples; empty for none. */
  paste: readonly CutOut[];
  seed: number;
  signal?: AbortSignal;
}

/** The extractor's own joint is relied upon from this score. */
const SURE = 0.5;
/** `refine`: how near, in shares of the larger side of the box. Farther away, one of the two means something else. */
const NEAR = 0.1;

/** What is to be made of one video; known before it is read. */
export interface Plan {
  keys: { frame: number; person: number }[];
  candidates: { frame: number; person: number }[];
  /** Feature maps, if every frame can be read. */
  maps: number;
}

/** Chooses keys and candidates. */
export async function planSamples(video: LabelledVideo, options: SampleOptions): Promise<Plan> {
  const { k, m, every, views, degraded, kinds, warp, stills, seed } = options;
  const frames = [...video.people.keys()].sort((a, b) => a - b);
  const peopleOf = (frame: number): { frame: number; person: number }[] =>
    video.people.get(frame)!.map((_, person) => ({ frame, person }));
  const first = new Random(seed, video.input.name, 'keys').integer(0, Math.min(every, frames.length));
  const hasJoints = ({ frame, person }: { frame: number; person: number }): boolean =>
    video.people.get(frame)![person].joints.some((value, i) => i % 3 === 0 && !Number.isNaN(value));
  const keys = frames
    .filter((_, i) => i % every === first)
    .flatMap(peopleOf)
    .filter(hasJoints);
  const draw = new CandidateDraw<{ frame: number; person: number }>(stills ? 0 : m, seed);
  for (const detection of frames.flatMap(peopleOf)) await draw.offer(true, async () => detection);
  const candidates = draw.drawn().sort((a, b) => a.frame - b.frame || a.person - b.person);
  const crops = 2 * k + 1 + (warp === true ? 2 * k : 0);
  const maps = keys.length * views * (1 + Math.min(degraded, kinds.length)) * crops + candidates.length;
  return { keys, candidates, maps };
}

/** Makes the samples of one video; their maps go to `writer`. */
export async function makeSamples(
  source: FrameSource,
  video: LabelledVideo,
  plan: Plan,
  extractor: Extractor,
  writer: MapWriter,
  options: SampleOptions,
): Promise<VideoSamples> {
  const { net } = extractor;
  const made: VideoSamples = {
    name: video.input.name,
    labels: labelsDigest(video),
    split: video.split,
    maps: 0,
    candidates: [],
    samples: [],
  };
  for await (const { key, around } of neighbourhoods(source.frames(), options.k)) {
    options.signal?.throwIfAborted();
    if (!around) continue;
    const image = around[options.k];
    const people = video.people.get(key.index) ?? [];
    const here = (list: Plan['keys']): number[] => list.filter(({ frame }) => frame === key.index).map((p) => p.person);

    const drawn = here(plan.candidates);
    const windows = drawn.map((person) => windowOf(people[person].box, net.aspect));
    const truth = people.map(({ joints }): CoarsePoses => [toCoco(joints, extractor.joints)]);
    const seen = await Promise.all(
      drawn.map(async (person, i): Promise<PersonWindow> => {
        const random = new Random(options.seed, video.input.name, key.index, person, 'candidate');
        const size = sizeOf(people[person].box);
        const poses = extractor.detector
          ? (await detectedIn(extractor.detector, [{ ...image, x: 0, y: 0 }], truth, size))[person][0]?.coarsePose
          : spoiled(truth[person], size, random)[0];
        return { window: windows[i], coarsePose: poses ?? undefined };
      }),
    );
    const maps = await writer.append(await extractor.maps(await net.cut(image, windows), seen));
    made.candidates.push(...drawn.map((person, i) => ({ frame: key.index, person, map: maps[i] })));

    for (const person of here(plan.keys)) {
      const subject = new Person(video, people[person], { key, around }, extractor, options);
      made.samples.push(...(await subject.samples(person, writer)));
    }
  }
  return { ...made, maps: writer.count };
}

/** Somebody in every frame of a sample. */
interface Someone {
  poses: CoarsePoses;
  /** In the key frame's image; null of who was pasted. */
  box: Box | null;
}

/** Coarse poses in every frame of a sample, in the view. */
interface Expectations {
  own: CoarsePoses;
  others: CoarsePoses[];
  /** Those of the others who are painted over. */
  inFront: CoarsePoses[];
}

/** One key person and the frames around. */
class Person {
  private readonly around: readonly ReadableFrame[];
  private readonly frame: number;

  constructor(
    private readonly video: LabelledVideo,
    private readonly label: LabelledPerson,
    { key, around }: Neighbourhood,
    private readonly extractor: Extractor,
    private readonly options: SampleOptions,
  ) {
    this.around = around!;
    this.frame = key.index;
  }

  async samples(person: number, writer: MapWriter): Promise<Sample[]> {
    const { views, seed } = this.options;
    const { aspect } = this.extractor.net;
    const joints = await this.targets();
    const samples: Sample[] = [];
    for (let view = 0; view < views; view++) {
      const random = new Random(seed, this.video.input.name, this.frame, person, view);
      const look = view === 0 ? plainLook(this.label.box, aspect) : augmentedLook(this.label.box, aspect, random);
      samples.push({
        frame: this.frame,
        person,
        plain: view === 0,
        ...(await this.sample(look, joints, random, writer)),
      });
    }
    return samples;
  }

  private async sample(
    { view, scale, window }: Look,
    joints: Float64Array,
    random: Random,
    writer: MapWriter,
  ): Promise<Omit<Sample, 'frame' | 'person' | 'plain'>> {
    const { k, degraded, kinds, warp, stills, poses, paste } = this.options;
    const { extractor } = this;
    const { width: columns, height: rows } = extractor.features;
    const size = sizeOf(this.label.box);
    const owns = typeof warp === 'number' ? random.chance(warp) : warp;
    const exacts = warp === true || !owns;
    const looks = stills ? movingCamera(view, k, size, random) : this.around.map(() => view);
    const own = this.ownWindows(looks, scale, window);
    const extent = extentOf(owns ? [window, ...own] : [window], reachOf(size));
    const boxes = looks.map((look, place) => boxInView(look, this.boxIn(this.around[place], place)));
    const passer = paste.length > 0 && random.chance(PASTE.chance) ? await drawPasser(paste, boxes, random) : null;
    const patches = this.around.map((frame, place) => {
      const patch = render(frame, looks[place], extent);
      return passer?.over(patch, place) ?? patch;
    });
    const everyone = this.everyone(looks, passer);
    const expected = await this.expected(everyone, patches, random);

    const cut = async (
      places: readonly Patch[],
      { own: coarse, inFront }: Pick<Expectations, 'own' | 'inFront'>,
    ): Promise<Maps> => {
      const windowsAt = (place: number): Window[] => {
        if (place === k) return [window];
        return [...(exacts ? [window] : []), ...(owns ? [own[place]] : [])];
      };
      const crops = await Promise.all(places.map((patch, place) => this.cut(patch, windowsAt(place))));
      const seen = places.flatMap((_, place) =>
        windowsAt(place).map((at): PersonWindow => {
          const poses = inFront.flatMap((one) => one[place] ?? []);
          return { window: at, coarsePose: coarse[place] ?? undefined, ...(poses.length > 0 && { inFront: poses }) };
        }),
      );
      for (const [i, crop] of crops.flat().entries()) paintOver(crop, this.extractor.net.columns, seen[i]);
      const maps = await writer.append(await this.extractor.maps(crops.flat(), seen));
      let written = 0;
      const placed = crops.map((some) => maps.slice(written, (written += some.length)));
      return {
        ...(exacts && { exact: placed.map((some) => some[0]) }),
        ...(owns && { own: placed.map((some) => some.at(-1)!) }),
        ...(poses && { pose: await this.ownPose(places[k], window, coarse[k]) }),
      };
    };

    const clean = await cut(patches, expected);
    const subject = this.subject(view, joints, size);
    const degradedMaps: Sample['degraded'] = [];
    for (const kind of random.some(kinds, degraded)) {
      const degrade = drawDegradation(kind, subject, random);
      const frames: Patch[] = [];
      for (const patch of patches) frames.push(await degrade(patch)); // one after another: the draws are in order
      // Tracks carry people over from clean frames, or the detector sees no better than the extractor.
      const seen = extractor.detector && random.chance(0.5) ? await this.expected(everyone, frames, random) : expected;
      degradedMaps.push({ kind, ...(await cut(frames, seen)) });
    }
    const cell = window.width / columns;
    const sample = {
      joints: this.cells(view, joints, window, columns, rows),
      size: rounded(size / cell),
      expected: looks.map((_, place): Expected => {
        const inCells = (pose: Float32Array): ExpectedPose => pairsOf(placesIn(window, pose, columns, rows));
        const own = expected.own[place];
        const about = expected.others
          .flatMap((one) => one[place] ?? [])
          .filter((coarsePose) => isAbout({ coarsePose }, window));
        return { own: own && inCells(own), others: about.map(inCells) };
      }),
      clean,
      degraded: degradedMaps,
    };
    if (!owns) return sample;
    const transforms = own.map((to): [number, number, number] => {
      const { scale: factor, shiftX, shiftY } = betweenGrids(window, to, columns, rows);
      return [factor, shiftX, shiftY];
    });
    return { ...sample, transforms };
  }

  /** Where everyone labelled or pasted truly is, in each frame, in the view; the person themselves first, who is pasted last. */
  private everyone(looks: readonly View[], passer: Passer | null): Someone[] {
    const { label, video, around } = this;
    const names = this.extractor.joints;
    const inView = (person: LabelledPerson, place: number): Float32Array => {
      const { flip } = looks[place];
      const pose = toCoco(
        person.joints,
        names.map((name) => (flip ? mirrored(name) : name)),
      );
      for (let q = 0; q < COCO_JOINTS.length; q++) {
        const { x, y } = toView(looks[place], { x: pose[2 * q], y: pose[2 * q + 1] });
        pose.set([x, y], 2 * q);
      }
      return pose;
    };
    const { k } = this.options;
    const key = video.people.get(around[k].index)!;
    const someone = (person: LabelledPerson): Someone => {
      const poses = around.map(({ index }, place) => {
        const there = place === k ? person : this.samePerson(person, index);
        return there ? inView(there, place) : null;
      });
      return { poses, box: person.box };
    };
    const labelled = [label, ...key.filter((person) => person !== label)].map(someone);
    return passer ? [...labelled, { poses: [...passer.joints], box: null }] : labelled;
  }

  /**
   * Where inference would expect everyone, and who of the others it would paint over: whom the bundle's detector sees, and sees better than
   * the person. Of other bundles, the labels, spoiled; and who was pasted, and in one of two samples, where one of two people is, whose boxes overlap.
   */
  private async expected(
    everyone: readonly Someone[],
    patches: readonly Patch[],
    random: Random,
  ): Promise<Expectations> {
    const size = sizeOf(this.label.box);
    const { detector } = this.extractor;
    if (detector) {
      const truth = everyone.map(({ poses }) => poses);
      const [own, ...others] = await detectedIn(detector, patches, truth, size);
      const posesOf = (sights: Sights): CoarsePoses => sights.map((sight) => sight?.coarsePose ?? null);
      const isInFront = (other: Sights[number], place: number): boolean => {
        const person = own[place];
        return other !== null && person !== null && other.score > person.score && overlap(other.box, person.box);
      };
      const inFront = others.map((sights) => sights.map((sight, place) => (isInFront(sight, place) ? sight : null)));
      return { own: posesOf(own), others: others.map(posesOf), inFront: inFront.map(posesOf) };
    }
    const [own, ...others] = everyone.map(({ poses, box }) => spoiled(poses, box ? sizeOf(box) : size, random));
    const inFront = others.filter((_, i) => {
      const { box } = everyone[i + 1];
      return box === null || (overlap(box, this.label.box) && random.chance(0.5));
    });
    return { own, others, inFront };
  }

  /** A person of the key frame in another frame; themselves where the labels do not track. */
  private samePerson(person: LabelledPerson, frame: number): LabelledPerson | null {
    if (person.trackId === null) return person;
    return this.video.people.get(frame)?.find(({ trackId }) => trackId === person.trackId) ?? null;
  }

  /** The person's own window in each frame around the key, as its look sees them; the key's is `window`. */
  private ownWindows(looks: readonly View[], scale: number, window: Window): Window[] {
    return this.around.map((frame, place): Window => {
      if (place === this.options.k) return window;
      const { centreX, centreY, width, height } = windowOf(this.boxIn(frame, place), this.extractor.net.aspect);
      const centre = toView(looks[place], { x: centreX, y: centreY });
      return { centreX: centre.x, centreY: centre.y, width: width * scale, height: height * scale };
    });
  }

  private cut(patch: Patch, windows: readonly Window[]): Promise<Crop[]> {
    const inPatch = windows.map((w) => ({ ...w, centreX: w.centreX - patch.x, centreY: w.centreY - patch.y }));
    return this.extractor.net.cut(patch, inPatch);
  }

  /** What the extractor alone makes of a frame, in cells. */
  private async ownPose(patch: Patch, window: Window, coarse: Float32Array | null): Promise<Maps['pose']> {
    const { extractor } = this;
    const { width: columns, height: rows } = extractor.features;
    const cell = window.width / columns;
    const inPatch = { ...window, centreX: window.centreX - patch.x, centreY: window.centreY - patch.y };
    const expected = coarse?.map((value, i) => value - (i % 2 === 0 ? patch.x : patch.y));
    const pose = await extractor.ownPose(patch, inPatch, expected);
    return extractor.joints.map((name) => {
      const joint = pose.get(name);
      if (!joint) return null;
      const [x, y] = [joint.x - inPatch.centreX, joint.y - inPatch.centreY];
      return [rounded(x / cell + columns / 2), rounded(y / cell + rows / 2), rounded(joint.score)];
    });
  }

  /** The person's box in a neighbouring frame; the key's where the labels do not say. */
  private boxIn({ index }: ReadableFrame, place: number): LabelledPerson['box'] {
    const { trackId, box } = this.label;
    if (place === this.options.k || trackId === null) return box;
    return this.video.people.get(index)?.find((other) => other.trackId === trackId)?.box ?? box;
  }

  /**
   * K × (x, y, weight) in the image: labels, and the extractor's own joints where labels lack them or, with `refine`, are less
   * exact: puppets fitted to a clip are some percent off, and differently from frame to frame.
   */
  private async targets(): Promise<Float64Array> {
    const targets = this.label.joints.slice();
    // A joint that is annotated as hidden counts, too: it is what the other frames are for.
    for (let i = 0; i < targets.length; i += 3) targets[i + 2] = Number.isNaN(targets[i]) ? 0 : 1;
    const { fill, refine } = this.options;
    if (fill === 0 && !refine) return targets;
    const reach = NEAR * sizeOf(this.label.box);
    const window = windowOf(this.label.box, this.extractor.net.aspect);
    const own = await this.extractor.ownPose(this.image(), window, toCoco(targets, this.extractor.joints));
    this.extractor.joints.forEach((name, i) => {
      const joint = own.get(name);
      if (!joint || joint.score < SURE) return;
      const [x, y, weight] = targets.subarray(3 * i, 3 * i + 3);
      if (weight === 0) targets.set([joint.x, joint.y, fill], 3 * i);
      else if (refine && Math.hypot(joint.x - x, joint.y - y) < reach) targets.set([joint.x, joint.y], 3 * i);
    });
    return targets;
  }

  /** Targets in cells of the window's grid, of which the centres are whole numbers. */
  private cells(view: View, joints: Float64Array, window: Window, columns: number, rows: number): Sample['joints'] {
    const names = this.extractor.joints;
    const cell = window.width / columns;
    return names.map((name) => {
      const from = 3 * names.indexOf(view.flip ? mirrored(name) : name);
      const [x, y, v] = joints.subarray(from, from + 3);
      if (!(v > 0)) return [0, 0, 0];
      const seen = toView(view, { x, y });
      const place = [(seen.x - window.centreX) / cell + columns / 2, (seen.y - window.centreY) / cell + rows / 2];
      const inside = place[0] > -0.5 && place[0] < columns - 0.5 && place[1] > -0.5 && place[1] < rows - 0.5;
      return [rounded(place[0]), rounded(place[1]), inside ? v : 0];
    });
  }

  private subject(view: View, joints: Float64Array, size: number): Subject {
    const labelled = (all: Float64Array): { x: number; y: number }[] =>
      Array.from({ length: all.length / 3 }, (_, i) => ({ x: all[3 * i], y: all[3 * i + 1] }))
        .filter(({ x, y }) => !Number.isNaN(x + y))
        .map((place) => toView(view, place));
    return { size, joints: labelled(joints), direction: this.direction(view, size), texture: this.image() };
  }

  /** Where the person moves to in the view, by the boxes of the frames before and after. */
  private direction(view: View, size: number): number | null {
    const { k, stills } = this.options;
    if (stills || k === 0) return null;
    const [before, after] = [k - 1, k + 1].map((place) => {
      const box = this.boxIn(this.around[place], place);
      return toView(view, { x: box.x + box.width / 2, y: box.y + box.height / 2 });
    });
    const [dx, dy] = [after.x - before.x, after.y - before.y];
    return Math.hypot(dx, dy) > 0.01 * size ? Math.atan2(dy, dx) : null;
  }

  private image(): Image {
    return this.around[this.options.k];
  }
}

/** The larger side. */
function sizeOf({ width, height }: Box): number {
  return Math.max(width, height);
}

/** The upright box about the same middle, wherever the view looks from. */
function boxInView(view: View, { x, y, width, height }: Box): Box {
  const middle = toView(view, { x: x + width / 2, y: y + height / 2 });
  return { x: middle.x - width / 2, y: middle.y - height / 2, width, height };
}

/** x, y, x, y, … as pairs; null where NaN. */
function pairsOf(places: Float32Array): ExpectedPose {
  return Array.from({ length: places.length / 2 }, (_, i) => {
    const [x, y] = places.subarray(2 * i, 2 * i + 2);
    return Number.isNaN(x) ? null : [rounded(x), rounded(y)];
  });
}

/** Thousandths of a cell are enough, and keep the index small. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
