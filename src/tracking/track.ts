/*
 * Follows people from key frame to key frame, the frames in which the detector looks at everything, and in between.
 *
 *   link       detections of a key frame and the tracks, where each is expected
 *   look       for whom nothing was linked: at the place itself, enlarged (`near`)
 *   recognise  who was lost for no more than PATIENCE and comes back: by place, size and colours
 *   strangers  whom looks at others' places show surely, and nobody knows
 *   tell apart who was in others' way and is in plain sight again: whose number they have, by how they looked before (whose.ts)
 *   connect    two sights of a person: what lies between is interpolated where both are alike; else a look at the middle
 *   judge      whether what stands about is a person at all: belief.ts
 *   grow       back in time, to where a newcomer came in; and on, to where someone who was lost went out
 *
 * A look answers for one frame: nothing depends on the order or the time in which answers come.
 */
import type { Box, Detection } from '../types.js';
import { assign, assignWorth } from '../geometry/assignment.js';
import { areaOf, centreOf, distanceBetween, iou, longerSide, sharedArea } from '../geometry/boxes.js';
import { isSameCutOff } from '../geometry/cut-off.js';
import { moved, type Motion } from '../geometry/motion.js';
import { blended, isPartOf, isSamePerson } from '../geometry/same-person.js';
import { Belief } from './belief.js';
import { colourDifference } from './colours.js';
import { isOut, type Size } from './edges.js';
import { OTHER_COLOURS, likeness, sizeRatio, type Followed } from './likeness.js';
import { between, isCalm, middle, shifted, type Sight } from './sight.js';
import { SAME_COLOURS, gainOf, turnOf, type Look } from './whose.js';

/** Who is where in one frame. */
export interface TrackedBox {
  trackId: number;
  box: Box;
  score: number;
  /** Who is meant, as in `Detection`; absent for foreign boxes. */
  coarsePose?: Float32Array;
  /** True where the person was looked for and not seen: box and coarse pose lie between those of the frames around. */
  interpolated?: boolean;
}

export interface TrackerOptions {
  /** A detection scored lower than this prolongs a track but starts none. */
  startScore: number;
  /** Seconds of a frame; grows from frame to frame. */
  timeOf(frame: number): number;
  /** Looks for people at a place in a frame; null where the frame is not there any more. */
  near?(frame: number, box: Box): Promise<readonly Detection[]> | null;
  /** Looks for everyone in a frame, which costs as much as looks at `places`; null where the frame is not there any more. */
  everyone?(frame: number): { places: number; look(): Promise<readonly Detection[]> } | null;
  /** Colours of what a box shows, as colours.ts has them; null where the frame is not there any more. */
  coloursOf?(frame: number, box: Box): Float32Array | null;
  /** How what stands moved in the picture from one frame to another of the same scene; a camera that stands where it is missing. */
  camera?(from: number, to: number): Motion;
  /** A frame's width and height, in pixels; null where the frame is not there any more. */
  sizeOf?(frame: number): Size | null;
  /** How surely a pose is seen of someone detected, 0–1; null where the frame is not there any more. */
  poseScore?(frame: number, person: Detection): Promise<number> | null;
  /** Whether frames in which the detector missed a person are filled in. */
  fillGaps: boolean;
  /** Whether someone is given out at once, not only once they were seen well or for some time. */
  hasty?: boolean;
  /** Looks at places, a key frame: so that crowds stay affordable. */
  mostLooks: number;
}

/** Seconds after which someone who was not seen is somebody else. */
export const PATIENCE = 2;
/** Seconds without being seen that are filled in; in longer ones the person is hidden or away. */
const FILLED = 0.5;
/** Seconds for which someone who is lost is looked for at their place, time and again. */
const SOUGHT = 0.7;
/** Likeness under which a detection is not the person expected there. */
const LOWEST_LIKENESS = -0.1;
/** The same for what a look at a place finds, where there is no choice of others. */
const FOUND_LIKENESS = 0.3;
/** How much of the last step's velocity is believed: boxes of detectors jitter. */
const VELOCITY_SMOOTHING = 0.5;
/** The same of who overlaps with somebody: what is seen of them is a part, or both. */
const VELOCITY_SMOOTHING_MEETING = 0.4;
/** Seconds in which the velocity of someone who is not seen fades. */
const VELOCITY_FADES = 0.5;
/** Seen so well, or for so long and so often, a track is no mistake of the detector. */
const SURE_SCORE = 0.5;
const SURE_SECONDS = 0.4;
const SURE_SIGHTS = 3;
/** Boxes that were filled in are believed so much less. */
const INTERPOLATED_SHARE = 0.5;
/** Someone who comes back has about the same size and colours. */
const SIZE_RATIO = 1.5;
/** A newcomer's box shares less (IoU) with those of people who are followed: the rest are second boxes about these. */
const NEWCOMER_IOU = 0.5;
/** A stranger seen beside somebody lies in their box by less: the rest are parts of them. */
const PART_INSIDE = 0.7;
/** Whoever has so much of another's box in theirs may hide them. */
const HIDDEN = 0.2;
/** Boxes that share more show colours of both people. */
const UNCLEAR_IOU = 0.2;
/** Who was about to walk out of the picture is seen at that edge, or hardly moved: their boxes share so much (IoU). */
const STILL_IOU = 0.2;
/** Seconds for which it is remembered how they looked. */
const REMEMBERED = 5;
/** How far they come back from where they are expected, in box sizes, and more for every second. */
const REACH = 0.5;
const REACH_SECOND = 1;

/** Who may be somebody followed. */
interface Candidate {
  detection: Detection;
  colours: Float32Array | null;
  alike: number;
}

interface Track {
  /** None until somebody asks. */
  id: number | null;
  /** By frame, in no order; those not forgotten. */
  sights: Map<number, Sight>;
  first: Sight;
  /** Where that would lie in the frame of a later sight, had only the camera moved. */
  home: Sight;
  /** Seconds at its first sight. */
  begun: number;
  /** The last two sights in key frames. */
  previous: Sight;
  last: Sight;
  seen: number;
  /** Of the scores of its sights. */
  best: number;
  total: number;
  /** Of the box's centre, pixels a second; the camera's motion is none of it. */
  velocityX: number;
  velocityY: number;
  /** The last sight with nobody in the way, and its colours. */
  clear: Sight;
  colours: Float32Array | null;
  /** How they looked last with nobody in the way, missed or seen, and who has been in the way since. */
  look: Look | null;
  met: Set<Track>;
  belief: Belief;
  /** Whether it was looked for back in time. */
  grown: boolean;
  ended: boolean;
  /** Still there when the scene ended. */
  lasted: boolean;
}

export class Tracker {
  private tracks: Track[] = [];
  private nextId = 0;
  /** Those before are forgotten. */
  private firstFrame = 0;
  /** Key frames of this scene within PATIENCE, and what was detected in them and belongs to nobody. */
  private keys: { frame: number; left: Detection[] }[] = [];
  /** What was taken for people in this scene, and is none. */
  private things: Sight[] = [];
  /** Looks asked for in this key frame. */
  private readonly asked = new Map<string, { frame: number; look: Promise<readonly Detection[]> | null }>();

  constructor(private readonly options: TrackerOptions) {}

  /** Boxes of those followed just now who are no mistakes of the detector. */
  boxes(): Box[] {
    return this.tracks.filter((track) => !track.ended && this.isSure(track)).map(({ last: { box } }) => box);
  }

  /**
   * Takes the detections of the next key frame.
   * @param newScene whether it shows something else than the frame before
   * @returns those that belong to a track
   */
  async next(frame: number, detected: readonly Detection[], newScene = false): Promise<Detection[]> {
    if (newScene) this.endScene();
    for (let last = this.keys.at(-1)?.frame; last !== undefined && frame - last > 1; last = this.keys.at(-1)!.frame) {
      const half = this.options.hasty ? null : this.options.everyone?.((last + frame) >> 1);
      if (!half || this.unclear(frame, detected) <= half.places) break;
      await this.next((last + frame) >> 1, await half.look());
    }
    const { startScore } = this.options;
    this.asked.clear();
    this.things = this.things.map((thing) => ({ ...this.carried(thing, frame), frame }));
    const before = this.keys.at(-1)?.frame ?? frame;
    for (const track of this.tracks) {
      track.ended ||= track.last.frame < before && this.seconds(track.last.frame, frame) > PATIENCE;
    }
    const alive = this.tracks.filter((track) => !track.ended);
    const firstLinks = this.link(detected, frame);
    const detections = await this.lookCloser(frame, detected, firstLinks);
    const linked = detections === detected ? firstLinks : this.link(detections, frame);
    const missed = alive.filter((track) => !linked.has(track));
    const known = [...linked.values()];
    const free = detections.filter((one) => one.score >= startScore && !known.includes(one) && !isSecond(one, known));
    const recognised = this.recognise(missed, free, frame);
    const taken = new Set([...linked.values(), ...recognised.values()]);

    const steps = [...linked].map(([track, detection]) => ({
      track,
      from: track.last,
      to: this.advance(track, { ...detection, frame }),
    }));
    const lost = alive
      .filter((track) => !linked.has(track) && !recognised.has(track) && this.isSought(track, frame))
      .sort((a, b) => b.best - a.best);
    for (const track of lost) void this.ask(frame, this.expected(track, frame).box);
    if (this.options.fillGaps) {
      for (const { from, to } of steps)
        if (this.isUnclear(from, to, before))
          void this.ask(middle(from, to), this.between(from, to, middle(from, to)).box);
      for (const { track, from, to } of steps) await this.connect(track, from, to, from.frame < before);
    }
    for (const [track, detection] of recognised) await this.comeBack(track, { ...detection, frame }, before);
    for (const track of lost) {
      const from = track.last;
      const found = await this.find(track, frame, this.expected(track, frame));
      if (found) await this.connect(track, from, this.advance(track, found), from.frame < before);
      else if (from.frame === before) await this.followOut(track, frame);
    }

    for (const detection of detections) {
      if (taken.has(detection) || detection.score < startScore || !this.isNobody(frame, detection)) continue;
      this.tracks.push(begin({ ...detection, frame }, this.options.timeOf(frame)));
      taken.add(detection);
    }
    const strangers = await this.strangers(frame);
    const back = this.recognise(
      alive.filter(({ last }) => last.frame < frame),
      strangers,
      frame,
    );
    for (const [track, stranger] of back) await this.comeBack(track, { ...stranger, frame }, before);
    for (const stranger of strangers.filter((one) => ![...back.values()].includes(one)))
      this.tracks.push(begin({ ...stranger, frame }, this.options.timeOf(frame)));
    this.keys.push({ frame, left: detections.filter((detection) => !taken.has(detection)) });
    while (this.keys.length > 2 && this.seconds(this.keys[0].frame, frame) > PATIENCE) this.keys.shift();
    this.tellApart(frame);
    for (const track of this.tracks) {
      if (track.ended || track.last.frame !== frame) continue;
      this.paint(track);
      await this.judge(track);
      if (track.grown || this.options.hasty || !this.options.fillGaps || !this.isSure(track)) continue;
      track.grown = true;
      await this.growBack(track, track.first, -1);
    }
    return detections.filter((detection) => taken.has(detection));
  }

  /** Looks for everyone who was there just before, each at their place: a frame between key frames of a stream. */
  async glance(frame: number): Promise<void> {
    this.asked.clear();
    const tracks = this.tracks.filter((track) => !track.ended && this.isSought(track, frame));
    for (const track of tracks) void this.ask(frame, this.expected(track, frame).box);
    for (const track of tracks) {
      const found = await this.find(track, frame, this.expected(track, frame));
      if (found) this.advance(track, found);
    }
  }

  /** Who is in a frame, as far as it is known by now. */
  at(frame: number): TrackedBox[] {
    const people: TrackedBox[] = [];
    for (const track of this.tracks) {
      const sight = track.sights.get(frame);
      if (!sight || track.belief.isDoubted) continue;
      if (!(this.options.hasty || track.lasted || this.isSure(track))) continue;
      track.id ??= this.nextId++;
      const { box, score, coarsePose, interpolated } = sight;
      const trackedBox: TrackedBox = { trackId: track.id, box, score };
      if (coarsePose) trackedBox.coarsePose = coarsePose;
      if (interpolated) trackedBox.interpolated = true;
      people.push(trackedBox);
    }
    return people;
  }

  /** Forgets who is in frames before this one. */
  forget(frame: number): void {
    this.firstFrame = frame;
    for (const { sights } of this.tracks) for (const place of sights.keys()) if (place < frame) sights.delete(place);
    const now = this.keys.at(-1)?.frame ?? frame;
    const isRemembered = ({ look, last }: Track): boolean =>
      look !== null && this.seconds(last.frame, now) <= REMEMBERED;
    this.tracks = this.tracks.filter((track) => !track.ended || track.sights.size > 0 || isRemembered(track));
    for (const { met } of this.tracks) for (const other of met) if (!this.tracks.includes(other)) met.delete(other);
  }

  /** Ends all tracks: those of the next frame are not expected to be these people. */
  endScene(): void {
    const last = this.keys.at(-1)?.frame;
    for (const track of this.tracks) {
      track.lasted ||= !track.ended && track.last.frame === last;
      track.ended = true;
      track.look = null;
      track.met.clear();
    }
    this.things = [];
    this.keys = [];
  }

  /** How many places would have to be looked at for what is unclear between the key frame before and this one. */
  private unclear(frame: number, detections: readonly Detection[]): number {
    const linked = this.link(detections, frame);
    const found = new Set(linked.values());
    let places = detections.filter((detection) => !found.has(detection) && detection.score >= SURE_SCORE).length;
    for (const track of this.tracks) {
      const detection = linked.get(track);
      const isMissed = !detection && track.last.frame === this.keys.at(-1)!.frame && this.isSure(track);
      if (isMissed || (detection && !this.isCalm(track.last, { ...detection, frame }))) places++;
    }
    return places;
  }

  /**
   * Detections of a frame for the tracks seen not long ago, confident ones first, then weak ones for the tracks that are left.
   */
  private link(detections: readonly Detection[], frame: number): Map<Track, Detection> {
    const before = this.keys.at(-1)?.frame ?? frame;
    const isRecent = ({ last }: Track): boolean => last.frame >= before || this.seconds(last.frame, frame) <= FILLED;
    const tracks = this.tracks.filter((track) => !track.ended && isRecent(track));
    const linked = new Map<Track, Detection>();
    const isConfident = ({ score }: Detection): boolean => score >= this.options.startScore;
    for (const some of [detections.filter(isConfident), detections.filter((one) => !isConfident(one))]) {
      const free = tracks.filter((track) => !linked.has(track));
      const colours = some.map(({ box }) => this.options.coloursOf?.(frame, box) ?? null);
      const worths = free.map((track) => {
        const place = this.expected(track, frame);
        const followed = this.followed(track, frame);
        return some.map((detection, i) => likeness(followed, place, detection, colours[i]) - LOWEST_LIKENESS);
      });
      assignWorth(worths).forEach((column, row) => column >= 0 && linked.set(free[row], some[column]));
    }
    return linked;
  }

  /**
   * The detections of a frame, and what looks at the places of those who are missed show better: of two who overlap, a look from
   * far away often sees but one, between them.
   * @param linked as of `detections`, which are returned where nothing shows better
   */
  private async lookCloser(
    frame: number,
    detections: readonly Detection[],
    linked: ReadonlyMap<Track, Detection>,
  ): Promise<readonly Detection[]> {
    const before = this.keys.at(-1)?.frame;
    const missed = this.tracks.filter(
      (track) => !track.ended && track.last.frame === before && !linked.has(track) && this.isSought(track, frame),
    );
    for (const track of missed) void this.ask(frame, this.expected(track, frame).box);
    let all = detections;
    for (const track of missed) {
      const place = this.expected(track, frame);
      const seen = (await this.ask(frame, place.box)) ?? [];
      for (const one of all) {
        const both = blended(one, seen).filter(({ score }) => score > Math.max(one.score, this.options.startScore));
        if (both.length < 2) continue;
        const others = all.filter((other) => other !== one);
        all = [...others, ...both.filter((person) => !others.some((other) => isSamePerson(other, person)))];
      }
      const found = this.mostAlike(track, place, seen, frame)?.detection;
      if (!found) continue;
      const same = all.filter((one) => one !== found && isSamePerson(one, found));
      if (same.length > 0 && same.every(({ score }) => score < found.score))
        all = [...all.filter((one) => one !== found && !same.includes(one)), found];
    }
    return all;
  }

  /**
   * Detections that show someone who was lost, not too far away, of the same size and colours; whoever was about to walk out at
   * an edge of the picture is still seen there, and does not come back in at once.
   */
  private recognise(lost: readonly Track[], free: readonly Detection[], frame: number): Map<Track, Detection> {
    const colours = free.map(({ box }) => this.options.coloursOf?.(frame, box) ?? null);
    const costs = lost.map((track) =>
      free.map(({ box }, i) => {
        const difference = track.colours && colours[i] ? colourDifference(track.colours, colours[i]) : 0;
        return difference > OTHER_COLOURS ? Infinity : this.wayBack(track, frame, box) + difference / OTHER_COLOURS;
      }),
    );
    const found = new Map<Track, Detection>();
    assign(costs).forEach((column, row) => column >= 0 && found.set(lost[row], free[column]));
    return found;
  }

  /** How far from somebody who was lost a box lies, in box sizes; Infinity where it does not show them, by place and size. */
  private wayBack(track: Track, frame: number, box: Box): number {
    const picture = this.options.sizeOf?.(frame) ?? null;
    const seconds = this.seconds(track.last.frame, frame);
    const followed = this.followed(track, frame);
    const { last, clear } = followed;
    if (sizeRatio(followed, box) > SIZE_RATIO) return Infinity;
    const places = [last.box, clear.box, this.expected(track, frame).box];
    const distance = Math.min(...places.map((place) => distanceBetween(place, box))) / longerSide(clear.box);
    const way = shifted(last, track.velocityX * seconds, track.velocityY * seconds).box;
    const isGone = picture !== null && isOut(last.box, way, box, picture) && iou(last.box, box) < STILL_IOU;
    return isGone || distance > REACH + REACH_SECOND * seconds ? Infinity : distance;
  }

  private isSought(track: Track, frame: number): boolean {
    if (track.belief.isDoubted) return false;
    return this.seconds(track.last.frame, frame) <= SOUGHT && (track.seen > 1 || track.best >= SURE_SCORE);
  }

  /** Whether a detection shows neither anybody who is followed nor a thing. */
  private isNobody(frame: number, detection: Detection): boolean {
    if (this.things.some(({ box }) => iou(box, detection.box) >= NEWCOMER_IOU)) return false;
    const picture = this.options.sizeOf?.(frame) ?? null;
    const isTheirs = ({ last }: Track): boolean =>
      picture !== null && last.frame === frame && isSameCutOff(last, detection, picture);
    return !this.tracks.some(
      (track) => this.isSeen(track, frame, detection) || covers(track, frame, detection) || isTheirs(track),
    );
  }

  /** Who was seen surely in looks at others' places and is nobody known, as a look at their own place shows them. */
  private async strangers(frame: number): Promise<Detection[]> {
    const found: Detection[] = [];
    const isStranger = (one: Detection): boolean =>
      one.score >= SURE_SCORE &&
      this.isNobody(frame, one) &&
      !this.tracks.some(({ last }) => last.frame === frame && isPartOf(one.box, last.box, PART_INSIDE, 1)) &&
      !found.some((other) => iou(other.box, one.box) >= NEWCOMER_IOU || isSamePerson(other, one));
    const seen: Detection[] = [];
    for (const { frame: at, look } of this.asked.values()) if (at === frame) seen.push(...((await look) ?? []));
    for (const one of seen.toSorted((a, b) => b.score - a.score)) {
      if (!isStranger(one)) continue;
      const own = await this.ask(frame, one.box);
      const same = own?.find((other) => isSamePerson(one, other));
      if (same && isStranger(same)) found.push(same);
    }
    return found;
  }

  /** Whether a detection is somebody who was seen in that frame already. */
  private isSeen(track: Track, frame: number, detection: Detection): boolean {
    const sight = track.sights.get(frame);
    return sight !== undefined && !sight.interpolated && isSamePerson(sight, detection);
  }

  /** Someone is there again; far from where they were last, nobody knows how they got there. */
  private async comeBack(track: Track, sight: Sight, before: number): Promise<void> {
    const from = track.last;
    this.advance(track, sight);
    if (!this.options.fillGaps) return;
    if (distanceBetween(this.carried(from, sight.frame).box, sight.box) <= REACH * longerSide(sight.box))
      return this.connect(track, from, sight, from.frame < before);
    if (!this.options.hasty) await this.growBack(track, sight, from.frame);
  }

  /** What lies between two sights of a person. */
  private async connect(track: Track, from: Sight, to: Sight, missed: boolean): Promise<void> {
    if (!this.options.fillGaps || to.frame - from.frame < 2) return;
    if (missed && this.seconds(from.frame, to.frame) > FILLED) {
      return this.options.hasty ? undefined : this.growBack(track, to, from.frame);
    }
    if (!this.isCalm(from, to)) {
      const frame = middle(from, to);
      const found = await this.find(track, frame, this.between(from, to, frame));
      if (found) {
        this.put(track, found);
        await this.connect(track, from, found, missed);
        return this.connect(track, found, to, missed);
      }
      missed = true;
    }
    for (let frame = from.frame + 1; frame < to.frame; frame++) {
      const sight = this.between(from, to, frame);
      if (missed) Object.assign(sight, { score: sight.score * INTERPOLATED_SHARE, interpolated: true });
      this.put(track, sight);
    }
  }

  /** Looks where someone who is lost was last, between their last sight and a frame where they are not. */
  private async followOut(track: Track, frame: number): Promise<void> {
    for (let beyond = frame; this.options.fillGaps && beyond - track.last.frame > 1;) {
      const half = (track.last.frame + beyond) >> 1;
      const found = await this.find(track, half, this.expected(track, half));
      if (found) {
        const from = track.last;
        await this.connect(track, from, this.advance(track, found), false);
      } else beyond = half;
    }
  }

  /** Follows someone back in time from a sight, as far as they are seen; not beyond an earlier sight. */
  private async growBack(track: Track, from: Sight, bound: number): Promise<void> {
    let later = this.after(track, from);
    const step = async (frame: number, left?: Detection[]): Promise<boolean> => {
      const place = this.beyond(from, later, frame);
      const free = this.mostAlike(track, place, left ?? [], frame)?.detection;
      if (free) left!.splice(left!.indexOf(free), 1);
      const found = free ? { ...free, frame } : await this.find(track, frame, place);
      if (!found) return false;
      this.put(track, found);
      await this.connect(track, found, from, false);
      if (found.frame < track.first.frame) {
        [track.first, track.home] = [found, found];
        track.begun = this.options.timeOf(found.frame);
      }
      [from, later] = [found, from];
      return true;
    };
    for (let i = this.keys.length - 1; i >= 0; i--) {
      const { frame, left } = this.keys[i];
      if (frame >= from.frame) continue;
      if (frame <= bound) break;
      if (await step(frame, left)) continue;
      for (let before = frame; from.frame - before > 1;) {
        const half = (before + from.frame) >> 1;
        if (!(await step(half))) before = half;
      }
      break;
    }
  }

  /** The sight after another one, itself where there is none. */
  private after(track: Track, sight: Sight): Sight {
    const later = [...track.sights.values()].filter(({ frame, interpolated }) => frame > sight.frame && !interpolated);
    return later.reduce((next, other) => (other.frame < next.frame ? other : next), later[0] ?? sight);
  }

  /** Looks for a person in a frame; null where they are not seen, or where somebody else is whom one sees. */
  private async find(track: Track, frame: number, place: Detection): Promise<Sight | null> {
    const detections = await this.ask(frame, place.box);
    if (!detections) return null;
    const best = this.mostAlike(track, place, detections, frame);
    if (!best) return null;
    const { detection, colours, alike } = best;
    for (const other of this.tracks) {
      const theirs = other === track || other.ended ? undefined : this.placeOf(other, frame);
      if (!theirs) continue;
      if (
        likeness(this.followed(other, frame), theirs, detection, colours) > alike ||
        this.isSeen(other, frame, detection)
      )
        return null;
    }
    return { ...detection, frame };
  }

  /** Which of some detections is most like someone where they are expected; null where none is like enough. */
  private mostAlike(track: Track, place: Detection, detections: readonly Detection[], frame: number): Candidate | null {
    const followed = this.followed(track, frame);
    let best: Candidate | null = null;
    for (const detection of detections) {
      const colours = this.options.coloursOf?.(frame, detection.box) ?? null;
      const alike = likeness(followed, place, detection, colours);
      if (alike > (best?.alike ?? FOUND_LIKENESS)) best = { detection, colours, alike };
    }
    return best;
  }

  /** What a look at a place shows; null where there can be none, or were enough of them. */
  private ask(frame: number, box: Box): Promise<readonly Detection[]> | null {
    const key = `${frame} ${box.x} ${box.y} ${box.width} ${box.height}`;
    const known = this.asked.get(key);
    if (known) return known.look;
    const look = this.asked.size < this.options.mostLooks ? (this.options.near?.(frame, box) ?? null) : null;
    look?.catch(() => {}); // reported where it is awaited
    this.asked.set(key, { frame, look });
    return look;
  }

  /** Where someone is in a frame as far as it is known by now. */
  private placeOf(track: Track, frame: number): Detection | undefined {
    const { previous, last, sights } = track;
    if (frame > last.frame) return this.expected(track, frame);
    const isBetween = frame > previous.frame && frame < last.frame;
    return sights.get(frame) ?? (isBetween ? this.between(previous, last, frame) : undefined);
  }

  private isUnclear(from: Sight, to: Sight, before: number): boolean {
    return from.frame >= before && to.frame - from.frame > 1 && !this.isCalm(from, to);
  }

  private put(track: Track, sight: Sight): void {
    if (sight.frame >= this.firstFrame) track.sights.set(sight.frame, sight);
  }

  /** Takes note of how someone looks where nobody else is in the way. */
  private paint(track: Track): void {
    const { box, frame } = track.last;
    const others = this.tracks.filter((other) => other !== track && !other.ended && other.last.frame === frame);
    if (track.colours && others.some(({ last }) => iou(last.box, box) > UNCLEAR_IOU)) return;
    track.clear = track.last;
    track.colours = this.options.coloursOf?.(frame, box) ?? track.colours;
  }

  /** Gives people who were in others' way, and are in plain sight now, the numbers of those as whom they looked before. */
  private tellApart(frame: number): void {
    const here = this.tracks.filter((track) => !track.ended && track.last.frame === frame);
    const plain = new Set<Track>();
    for (const track of here) {
      const others = this.inTheWay(track, frame);
      if (others.length === 0) plain.add(track);
      for (const other of others) {
        track.met.add(other);
        other.met.add(track);
      }
    }
    const coloursOf = ({ last }: Track): Float32Array | null => this.options.coloursOf?.(frame, last.box) ?? null;
    const colours = new Map(here.map((track) => [track, coloursOf(track)]));
    for (const track of here) {
      const now = colours.get(track);
      if (!now) continue;
      if (plain.has(track)) {
        const other = track.look?.isPlain || !this.resume(track, now) ? lookingLike(track, now, colours, plain) : null;
        if (other) this.exchange(track, other, frame);
        track.met.clear();
      }
      if (plain.has(track) || !track.look) track.look = { sight: track.last, colours: now, isPlain: plain.has(track) };
    }
  }

  /** Who overlaps with somebody where they are seen, or is missed and may be hidden there. */
  private inTheWay(track: Track, frame: number): Track[] {
    const { box } = track.last;
    return this.tracks.filter((other) => {
      if (other === track || other.ended) return false;
      if (other.last.frame === frame) return iou(other.last.box, box) > UNCLEAR_IOU;
      return [this.carried(other.last, frame), this.expected(other, frame)].some(
        (place) => sharedArea(place.box, box) > HIDDEN * Math.min(areaOf(place.box), areaOf(box)),
      );
    });
  }

  /** Whether somebody who is in plain sight for the first time is someone who was lost before they came: then, from now on, they are. */
  private resume(track: Track, colours: Float32Array): boolean {
    if (track.id !== null && !this.options.hasty) return false;
    const { first } = track;
    let lost: Track | null = null;
    let least = SAME_COLOURS;
    for (const other of this.tracks) {
      if (!other.look?.isPlain || other.last.frame >= first.frame || !this.isSure(other)) continue;
      if (this.seconds(other.last.frame, first.frame) > REMEMBERED) continue;
      const difference = colourDifference(other.look.colours, colours);
      if (difference < least && this.wayBack(other, first.frame, first.box) < Infinity)
        [lost, least] = [other, difference];
    }
    if (!lost) return false;
    for (const sight of lost.sights.values()) track.sights.set(sight.frame, sight);
    const { id, home, begun, belief } = lost;
    Object.assign(track, { id, first: lost.first, home, begun, belief: belief.isBelieved ? belief : track.belief });
    track.seen += lost.seen;
    track.total += lost.total;
    track.best = Math.max(track.best, lost.best);
    this.tracks = this.tracks.filter((other) => other !== lost);
    return true;
  }

  /** Two people are each other from where they were taken for one another: up to there, each gets the other's sights, and all that follows from these. */
  private exchange(a: Track, b: Track, frame: number): void {
    const turn = turnOf(a.sights, b.sights, Math.max(a.look!.sight.frame, b.look!.sight.frame), frame);
    if (turn === null) return;
    const before = [a, b].map(({ sights }) => [...sights.values()].filter((sight) => sight.frame <= turn));
    const own = ({ id, first, home, begun, seen, best, total, look, met, belief, grown }: Track): Partial<Track> => ({ id, first, home, begun, seen, best, total, look, met, belief, grown }); // prettier-ignore
    const [ofA, ofB] = [own(a), own(b)];
    Object.assign(a, ofB);
    Object.assign(b, ofA);
    for (const [i, { sights }] of [a, b].entries()) {
      for (const sight of before[i]) sights.delete(sight.frame);
      for (const sight of before[1 - i]) sights.set(sight.frame, sight);
    }
    if (b.last.frame > turn) return;
    // Who is still missed is so where the other one was last, before.
    const last = before[0].reduce((latest, sight) => (sight.frame > latest.frame ? sight : latest), b.last);
    Object.assign(b, { previous: last, last, velocityX: 0, velocityY: 0 });
  }

  /** Asks whether what is followed has a pose, where neither a step nor anybody in the way tells. */
  private async judge(track: Track): Promise<void> {
    const { belief, last, seen } = track;
    const seconds = this.options.timeOf(last.frame);
    track.home = { ...this.carried(track.home, last.frame), frame: last.frame };
    belief.seen(track.home, last);
    if (seen < 2 || !belief.isDue(seconds)) return;
    const hides = (other: Track): boolean => {
      if (other === track || other.ended || other.last.frame !== last.frame) return false;
      if (sharedArea(other.last.box, last.box) < HIDDEN * areaOf(last.box)) return false;
      return other.belief.isBelieved || (!other.belief.isDoubted && other.best > track.best);
    };
    if (this.tracks.some(hides)) return;
    const score = await this.options.poseScore?.(last.frame, last);
    if (score === undefined || score === null) return;
    belief.judge(score, seconds);
    if (!belief.isRefuted) return;
    track.ended = true;
    this.things.push(last);
  }

  private isSure({ best, total, seen, begun, last, belief }: Track): boolean {
    if (belief.isDoubted) return false;
    if (best >= SURE_SCORE && seen > 1) return true;
    const lasting = seen >= SURE_SIGHTS && this.options.timeOf(last.frame) - begun >= SURE_SECONDS;
    return lasting && total / seen >= this.options.startScore;
  }

  /** Prolongs a track. @returns the sight */
  private advance(track: Track, sight: Sight): Sight {
    const seconds = this.seconds(track.last.frame, sight.frame);
    const [now, then] = [centreOf(sight.box), centreOf(this.carried(track.last, sight.frame).box)];
    const believed = this.meets(track, sight) ? VELOCITY_SMOOTHING_MEETING : VELOCITY_SMOOTHING;
    track.velocityX += believed * ((now.x - then.x) / seconds - track.velocityX);
    track.velocityY += believed * ((now.y - then.y) / seconds - track.velocityY);
    this.put(track, sight);
    track.previous = track.last;
    track.last = sight;
    track.seen++;
    track.best = Math.max(track.best, sight.score);
    track.total += sight.score;
    return sight;
  }

  /** Whether somebody overlaps with somebody else where they are seen. */
  private meets(track: Track, { box, frame }: Sight): boolean {
    const others = this.tracks.filter((other) => other !== track && !other.ended);
    return others.some((other) => {
      const place = this.placeOf(other, frame);
      return place !== undefined && iou(place.box, box) > UNCLEAR_IOU;
    });
  }

  /** Where a track is expected after its last sight. */
  private expected({ last, velocityX, velocityY }: Track, frame: number): Detection {
    const seconds = fading(this.seconds(last.frame, frame));
    return shifted(this.carried(last, frame), velocityX * seconds, velocityY * seconds);
  }

  /** Where a person is expected before a sight, from it and the one after. */
  private beyond(from: Sight, later: Sight, frame: number): Detection {
    const here = this.carried(from, frame);
    if (later === from) return here;
    const share = fading(this.seconds(frame, from.frame)) / this.seconds(from.frame, later.frame);
    const [now, then] = [centreOf(here.box), centreOf(this.carried(later, frame).box)];
    return shifted(here, (now.x - then.x) * share, (now.y - then.y) * share);
  }

  /** Where somebody would be in another frame, had only the camera moved. */
  private carried(sight: Sight, frame: number): Sight {
    const { camera } = this.options;
    return camera && sight.frame !== frame ? moved(sight, camera(sight.frame, frame)) : sight;
  }

  private followed({ last, clear, colours }: Track, frame: number): Followed & { last: Sight; clear: Sight } {
    return { last: this.carried(last, frame), clear: this.carried(clear, frame), colours };
  }

  /** The straight line between two sights, but for the camera's motion. */
  private between(a: Sight, b: Sight, frame: number): Sight {
    return between(this.carried(a, frame), this.carried(b, frame), frame);
  }

  private isCalm(from: Sight, to: Sight): boolean {
    return isCalm(this.carried(from, to.frame), to);
  }

  private seconds(from: number, to: number): number {
    return this.options.timeOf(to) - this.options.timeOf(from);
  }
}

function begin(sight: Sight, begun: number): Track {
  return {
    id: null,
    sights: new Map([[sight.frame, sight]]),
    first: sight,
    home: sight,
    begun,
    previous: sight,
    last: sight,
    seen: 1,
    best: sight.score,
    total: sight.score,
    velocityX: 0,
    velocityY: 0,
    clear: sight,
    colours: null,
    look: null,
    met: new Set(),
    belief: new Belief(),
    grown: false,
    ended: false,
    lasted: false,
  };
}

/**
 * Of those whom somebody in plain sight met, and whom these met, the one as whom they look rather than as themselves; null where they look like themselves.
 * @param colours of whoever is seen
 * @param plain whoever has nobody in the way
 */
function lookingLike(
  track: Track,
  now: Float32Array,
  colours: ReadonlyMap<Track, Float32Array | null>,
  plain: ReadonlySet<Track>,
): Track | null {
  const { look, met } = track;
  let best: Track | null = null;
  let most = 0;
  for (const other of new Set([...met].flatMap((one) => [one, ...one.met]))) {
    if (other === track || !look || !other.look) continue;
    const gain = gainOf(look, other.look, now, colours.get(other) ?? null, plain.has(other));
    if (gain > most) [best, most] = [other, gain];
  }
  return best;
}

/** Whether a detection is a second box about somebody who was detected more surely. */
function isSecond({ box, score }: Detection, known: readonly Detection[]): boolean {
  return known.some((one) => one.score > score && iou(one.box, box) >= NEWCOMER_IOU);
}

/** Whether somebody followed for longer is so near to a detection that it hardly is somebody else. */
function covers({ seen, last }: Track, frame: number, { box }: Detection): boolean {
  return seen > 1 && last.frame === frame && iou(last.box, box) >= NEWCOMER_IOU;
}

/** Seconds at full velocity in which someone gets as far as with one that fades. */
function fading(seconds: number): number {
  return VELOCITY_FADES * (1 - Math.exp(-seconds / VELOCITY_FADES));
}
