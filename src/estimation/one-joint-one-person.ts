/*
 * One joint, one person. Where windows overlap, the heat maps of a window show the joints of everyone in it, and each person's own
 * choice would often be the neighbour's. So the joints are given out over all of them at once (CrowdPose's global association;
 * Li et al., CVPR 2019):
 *
 *   peaks       what a person's own heat maps offer for each joint
 *   sites       peaks of several windows that lie together are one place in the picture
 *   assignment  for each joint, people × sites: a site goes to one person at most, so that Σ heat × expectation is largest
 *
 * It is done twice: the left knee of one is no right knee of another, either. To whom nothing is given, that joint is hidden: it stands where it is expected, with a low score.
 */
import { assignWorth } from '../geometry/assignment.js';
import { COCO_JOINTS, mirrored } from '../joints.js';
import type { Box, Joint } from '../types.js';
import { DERIVED_JOINTS, withDerivedJoints } from './derived-joints.js';
import type { ScenePerson } from './estimator.js';
import { expectationWeight } from './expectation.js';
import type { Peak } from './peaks.js';
import { doubles, type Rated } from './pose-nms.js';

/** A place in the image, in pixels. */
interface Place {
  x: number;
  y: number;
}

/** A pose as one window gives it. */
export interface WindowPose {
  /** [K] as the estimator would have them of a person alone. */
  joints: Joint[];
  /** What else the window offers for each joint, in image pixels [K]; there where others are in sight, see `inCompany`. */
  peaks?: Peak[][];
  /** Where the window itself expects the joints, [K]: for people without a coarse pose. */
  expected?: Place[];
}

/**
 * OKS of two coarse poses, over the limbs, above which they show one person. Of 66 pairs of people who overlap, on COCO stills and
 * composites (validation), none is so alike; of 118 second boxes about people who are alone, 6. At 0.5 it would be 13, but people who
 * are half hidden would be lost, too.
 */
export const POSE_NMS = 0.7;
/** Heat × expectation below which nothing speaks for a joint; the score of a hidden one, too. */
const NOTHING = 0.01;
/** Peaks so near to one another are one site, as a share of the smaller window's height. */
const SITE = 0.04;

/**
 * Whose windows show anything of another's: of them, the peaks are asked for.
 * @param together whether joints are given out over all people
 */
export function inCompany(people: readonly Pick<ScenePerson, 'window'>[], together = true): boolean[] {
  if (!together) return people.map(() => false);
  const meets = ({ window: a }: Pick<ScenePerson, 'window'>, { window: b }: Pick<ScenePerson, 'window'>): boolean =>
    Math.abs(a.centreX - b.centreX) < (a.width + b.width) / 2 &&
    Math.abs(a.centreY - b.centreY) < (a.height + b.height) / 2;
  return people.map((person) => people.some((other) => other !== person && meets(person, other)));
}

/**
 * Gives the joints of a frame to its people.
 * @param people of one frame
 * @param poses theirs, in the same order
 * @param names of the K joints
 * @param poseNms OKS of coarse poses from which two boxes show one person; 1: never
 * @returns the joints of each; null of a person whom another box shows with a higher score
 */
export function keepApart(
  people: readonly ScenePerson[],
  poses: readonly WindowPose[],
  names: readonly string[],
  poseNms = POSE_NMS,
): ((Joint | null)[] | null)[] {
  const twice = shownTwice(people, poseNms);
  const joints = poses.map((pose, i): (Joint | null)[] | null => (twice.has(i) ? null : [...pose.joints]));
  const rivals = poses.flatMap((pose, i) =>
    pose.peaks && !twice.has(i) ? [rivalOf(people[i], pose, pose.peaks, names)] : [],
  );
  const places = poses.flatMap((pose, i) => (pose.peaks && !twice.has(i) ? [i] : []));
  if (rivals.length < 2) return joints;
  const first = names.map((_, k) => giveOut(rivals, (rival) => rival.offers[k]));
  for (const [k, name] of names.entries()) {
    const mirror = first[names.indexOf(mirrored(name))] ?? first[k];
    const given =
      mirror === first[k] ? mirror : giveOut(rivals, (rival, r) => notTaken(rivals, rival.offers[k], r, mirror));
    for (const [r, { expected }] of rivals.entries()) joints[places[r]]![k] = toJoint(given[r], expected[k]);
  }
  return joints;
}

/**
 * Joints that were moved, without those moves that would bring together what is two people's: nobody's joint goes to where somebody else's of
 * the same kind, left or right, was, or goes.
 * @param before, after the joints of everyone in a frame, named `names`; null of who is left out
 * @param heights of the people's windows
 * @param kept what becomes of a joint whose move is left out
 */
export function withoutMeeting(
  before: readonly ((Joint | null)[] | null)[],
  after: readonly ((Joint | null)[] | null)[],
  names: readonly string[],
  heights: readonly number[],
  kept: (before: Joint, after: Joint) => Joint = (before) => before,
): ((Joint | null)[] | null)[] {
  const mirrors = names.map((name) => names.indexOf(mirrored(name)));
  return after.map((joints, i) => {
    const isAnothers = (place: Place, k: number): boolean => {
      const isThere = (joint: Joint | null | undefined): boolean =>
        Boolean(joint) && Math.hypot(joint!.x - place.x, joint!.y - place.y) < SITE * heights[i];
      const has = (all: (Joint | null)[] | null): boolean =>
        all !== null && (isThere(all[k]) || isThere(all[mirrors[k]]));
      return before.some((_, other) => other !== i && (has(before[other]) || has(after[other])));
    };
    return (
      joints &&
      joints.map((joint, k) => {
        const old = before[i]![k];
        if (!joint || !old || joint === old || !isAnothers(joint, k)) return joint;
        return kept(old, joint);
      })
    );
  });
}

/** A joint that was given; else a hidden one, where it is known to be about. */
function toJoint(given: Offer | null, expected: Place | null): Joint | null {
  if (given) return { x: given.x, y: given.y, score: given.score };
  return expected && { x: expected.x, y: expected.y, score: NOTHING, occluded: true };
}

/** What a rival offers without the places that others, for whom more speaks, have for the mirror image of the joint. */
function notTaken(
  rivals: readonly Rival[],
  offers: readonly Offer[],
  own: number,
  mirror: readonly (Offer | null)[],
): Offer[] {
  const takes = (offer: Offer, other: Offer | null, r: number): boolean =>
    r !== own && other !== null && other.value > offer.value && isNear(offer, other, rivals[own], rivals[r]);
  return offers.filter((offer) => !mirror.some((other, r) => takes(offer, other, r)));
}

/** Whether two places are one in the picture, of two windows. */
function isNear(a: Place, b: Place, one: { reach: number }, other: { reach: number }): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) < Math.min(one.reach, other.reach);
}

const LIMBS = COCO_JOINTS.flatMap((name, q) => (/shoulder|elbow|wrist|hip|knee|ankle/.test(name) ? [q] : []));
const LIMB_NAMES = LIMBS.map((q) => COCO_JOINTS[q]);

/** Who is shown by another box, too, whose score is higher: by the limbs of the coarse poses. */
function shownTwice(people: readonly ScenePerson[], poseNms: number): Set<number> {
  const rated = people.map(({ score, box, coarsePose }): Rated => {
    const places = LIMBS.map((q) => (coarsePose ? { x: coarsePose[2 * q], y: coarsePose[2 * q + 1] } : null));
    return { score, places, area: box.width * box.height };
  });
  return doubles(rated, LIMB_NAMES, poseNms);
}

/** A peak with what speaks for it: heat × expectation. */
interface Offer extends Peak {
  value: number;
}

/** Someone among others. */
interface Rival {
  /** By joint, in image pixels. */
  offers: Offer[][];
  /** Where the joints are expected, [K]; null where nobody knows. */
  expected: (Place | null)[];
  /** Peaks so near to one another are one, in pixels. */
  reach: number;
}

function rivalOf(person: ScenePerson, pose: WindowPose, peaks: readonly Peak[][], names: readonly string[]): Rival {
  const expected = expectedPlaces(person, names) ?? pose.expected ?? names.map(() => null);
  const { height } = person.window;
  const weight = expectationWeight(height);
  const offers = peaks.map((some, k) =>
    some.map((peak) => {
      const from = expected[k];
      const distance = from ? Math.hypot(peak.x - from.x, peak.y - from.y) : distanceTo(person.box, peak);
      return { ...peak, value: peak.score * weight(distance) };
    }),
  );
  return { offers, expected: [...expected], reach: SITE * height };
}

/** Where a coarse pose has the joints of these names; undefined without one. */
function expectedPlaces({ coarsePose }: ScenePerson, names: readonly string[]): (Place | null)[] | undefined {
  if (!coarsePose) return undefined;
  const coarse = COCO_JOINTS.map((_, q) => ({ x: coarsePose[2 * q], y: coarsePose[2 * q + 1], score: 1 }));
  const all = withDerivedJoints(COCO_JOINTS, coarse);
  const known = [...COCO_JOINTS, ...DERIVED_JOINTS] as readonly string[];
  return names.map((name) => all[known.indexOf(name)] ?? null);
}

/** From a place to a box; 0 within. */
function distanceTo({ x, y, width, height }: Box, place: Place): number {
  const outside = (at: number, from: number, size: number): number => Math.max(from - at, 0, at - from - size);
  return Math.hypot(outside(place.x, x, width), outside(place.y, y, height));
}

/** A place in the picture that windows show a joint at. */
interface Site extends Place {
  reach: number;
  /** Each rival's best peak there. */
  offers: Map<number, Offer>;
}

/**
 * Gives out one joint.
 * @param offersOf what a rival offers for it
 * @returns what each rival is given
 */
function giveOut(rivals: readonly Rival[], offersOf: (rival: Rival, r: number) => readonly Offer[]): (Offer | null)[] {
  const given = rivals.map((): Offer | null => null);
  for (const sites of contestedSites(sitesOf(rivals, offersOf))) {
    const group = [...new Set(sites.flatMap(({ offers }) => [...offers.keys()]))].sort((a, b) => a - b);
    const worth = group.map((rival) => sites.map(({ offers }) => (offers.get(rival)?.value ?? 0) - NOTHING));
    for (const [row, column] of assignWorth(worth).entries()) {
      const offer = sites[column]?.offers.get(group[row]);
      if (offer) given[group[row]] = offer;
    }
  }
  return given;
}

/** The places in the picture that all windows together show a joint at. */
function sitesOf(rivals: readonly Rival[], offersOf: (rival: Rival, r: number) => readonly Offer[]): Site[] {
  const all = rivals.flatMap((one, rival) => offersOf(one, rival).map((offer) => ({ rival, reach: one.reach, offer })));
  const worth = all.filter(({ offer }) => offer.value > NOTHING).sort((a, b) => b.offer.value - a.offer.value);
  const sites: Site[] = [];
  for (const { rival, reach, offer } of worth) {
    const site = sites.find((one) => isNear(one, offer, one, { reach }));
    if (!site) sites.push({ x: offer.x, y: offer.y, reach, offers: new Map([[rival, offer]]) });
    else if (!site.offers.has(rival)) site.offers.set(rival, offer);
  }
  return sites;
}

/** Sites by those who contend for them: no two of the lists have anybody in common. */
function contestedSites(sites: readonly Site[]): Site[][] {
  const leaders = new Map<number, number>();
  const leaderOf = (rival: number): number => {
    const next = leaders.get(rival) ?? rival;
    return next === rival ? rival : leaderOf(next);
  };
  for (const { offers } of sites) {
    const [first, ...others] = offers.keys();
    for (const other of others) leaders.set(leaderOf(other), leaderOf(first));
  }
  const lists = new Map<number, Site[]>();
  for (const site of sites) {
    const leader = leaderOf(site.offers.keys().next().value!);
    lists.set(leader, [...(lists.get(leader) ?? []), site]);
  }
  return [...lists.values()];
}
