import type { Frame } from '../media/frame.js';
import type { Box, Detection, Image } from '../types.js';
import type { PersonDetector } from '../detection/detector.js';
import { mergeScales } from '../detection/merge.js';
import { LEAST_INPUT, PLACE_INPUT } from '../detection/scales.js';
import { iou } from '../geometry/boxes.js';
import type { Turn } from '../geometry/window.js';
import type { Look, Memo } from './memo.js';
import type { PeopleSource } from './survey.js';
import { turnOf } from './upright.js';

type SeenFrame = Image & Pick<Frame, 'index' | 'pixels'>;

/** Whoever is smaller, in pixels of the frame, is a guess. */
const LEAST_HEIGHT = 20;
/** A look at one place takes in so many times the box's longer side. */
const PLACE_MARGIN = 1.5;
/** Weaker detections are mostly of nobody, whom a look in a turned window could make people of: it must be this sure of them. */
const SOMEBODY = 0.25;
const SURE = 0.5;
/** How near (IoU) who is seen in a turned window must be to be the same person. */
const SAME_PLACE = 0.3;

/** Looks at frames with the detector, each look once: also where an earlier run has left the answer. */
export class Looks implements PeopleSource {
  private readonly known = new Map<number, Promise<Look[]>>();

  /**
   * @param threshold lowest score, 0–1
   * @param alone whether nobody else sees the frames: their pixels are then made in memory that is used again
   */
  constructor(
    private readonly detector: PersonDetector,
    private readonly threshold: number,
    private readonly memo?: Memo<readonly Look[]>,
    private readonly signal?: AbortSignal,
    private readonly alone = false,
  ) {}

  /** A detector whose input has one size takes as long for a place as for a frame. */
  get mostLooks(): number {
    return this.detector.scales ? 16 : 1;
  }

  /** Everyone in a frame. @param scales see scales.ts; ascending */
  async everyone(frame: SeenFrame, scales: readonly number[]): Promise<readonly Detection[]> {
    const { width, height } = frame;
    const longerSide = Math.max(width, height);
    const found = (this.detector.scales ? scales : [LEAST_INPUT]).map(async (scale) => {
      const input = Math.max(scale, LEAST_INPUT);
      const room = input / scale; // the frame in the middle
      const part = {
        x: (width * (1 - room)) / 2,
        y: (height * (1 - room)) / 2,
        width: width * room,
        height: height * room,
      };
      return { scale: scale / longerSide, detections: await this.look(frame, part, input) };
    });
    const merged = mergeScales(await Promise.all(found), frame);
    const people = merged.filter(
      ({ box, score }) => score >= this.threshold && Math.max(box.width, box.height) >= LEAST_HEIGHT,
    );
    return this.turned(frame, people);
  }

  /** People at a place of a frame. */
  async near(frame: SeenFrame, place: Box): Promise<readonly Detection[]> {
    return this.turned(frame, await this.look(frame, about(place), PLACE_INPUT));
  }

  /** Detections; of those who are not upright, what a look at their place sees in which they are, where it sees them more surely. */
  private turned(frame: SeenFrame, people: readonly Detection[]): Promise<Detection[]> {
    const better = people.map(async (person) => {
      const turn = person.coarsePose && turnOf(person.coarsePose);
      if (!turn) return person;
      const found = await this.look(frame, about(person.box), PLACE_INPUT, turn);
      const same = found.find(({ box }) => iou(box, person.box) >= SAME_PLACE); // the surest
      const least = person.score < SOMEBODY ? SURE : person.score;
      return same && same.score > least ? same : person;
    });
    return Promise.all(better);
  }

  /** After the last look at a frame; frames end in order. */
  async end(frame: number): Promise<void> {
    const looks = (await this.known.get(frame)) ?? [];
    this.known.delete(frame);
    await this.memo?.of(frame, async () => looks);
  }

  private async look(frame: SeenFrame, part: Box, longerSide: number, turn: Turn = 0): Promise<readonly Detection[]> {
    this.signal?.throwIfAborted();
    let known = this.known.get(frame.index);
    if (!known) {
      known = Promise.resolve(this.memo?.kept(frame.index)).then((kept) => [...(kept ?? [])]);
      this.known.set(frame.index, known);
    }
    const looks = await known;
    const before = looks.find(
      (look) => look.longerSide === longerSide && look.turn === turn && isSame(look.part, part),
    );
    if (before) return before.detections;
    if (this.alone) await frame.pixels?.();
    const detections = await this.detector.detectIn(frame, part, this.threshold, longerSide, turn);
    looks.push({ part, longerSide, turn, detections });
    return detections;
  }
}

/** The part of a frame about a place that is looked at. */
function about({ x, y, width, height }: Box): Box {
  const side = PLACE_MARGIN * Math.max(width, height);
  return { x: x + width / 2 - side / 2, y: y + height / 2 - side / 2, width: side, height: side };
}

function isSame(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
