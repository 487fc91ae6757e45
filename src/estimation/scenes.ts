import type { Frame } from '../media/frame.js';
import type { Box, Window } from '../types.js';
import type { Scene, ScenePerson } from './estimator.js';
import type { ReadableFrame } from './neighbourhood.js';
import { extentOf } from '../geometry/window.js';
import { inTurnedWindow } from './upright.js';

const NOTHING = new Uint8Array(0);

/**
 * The frames of a pass that looks at people's windows only, and who is in them. Where the source can do so, only what windows show is made into
 * pixels. Every frame's people are made once, and given up with its pixels when no key needs them.
 */
export class Scenes {
  private readonly people = new Map<number, readonly ScenePerson[]>();
  private readonly held = new Map<number, Frame>();

  /**
   * @param peopleOf who is in a frame, by its index; nobody in those that do not exist
   * @param k frames on either side of a key that are looked at with it
   * @param isKey whether anything is estimated in a frame
   * @param aspect width / height of windows
   */
  constructor(
    private readonly source: AsyncIterable<Frame>,
    private readonly peopleOf: (frame: number) => readonly ScenePerson[],
    private readonly k: number,
    private readonly isKey: (frame: number) => boolean,
    private readonly aspect: number,
  ) {}

  /** The frames, with pixels wherever a window of theirs is looked at. */
  async *frames(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of this.source) {
      if (!frame.part) {
        yield frame;
        continue;
      }
      const { index, name, width, height, problem, timeSeconds } = frame;
      this.held.set(index, frame);
      const windows = this.windowsOf(index);
      const data = windows.length > 0 ? await frame.part(around(windows)) : NOTHING;
      yield { index, name, width, height, problem, timeSeconds, data };
    }
  }

  of(frame: ReadableFrame): Scene {
    return { ...frame, people: [...this.peopleIn(frame.index)] };
  }

  /** No frame before this one is needed any more. */
  release(before = Infinity): void {
    for (const index of this.people.keys()) if (index < before) this.people.delete(index);
    for (const [index, frame] of this.held) {
      if (index >= before) continue;
      this.held.delete(index);
      frame.release?.();
    }
  }

  private peopleIn(frame: number): readonly ScenePerson[] {
    let people = this.people.get(frame);
    if (!people) this.people.set(frame, (people = this.peopleOf(frame)));
    return people;
  }

  /** All that are cut from a frame: of whoever is missing in it, the window is a key's, k frames away at most. */
  private windowsOf(frame: number): Window[] {
    const around = Array.from({ length: 2 * this.k + 1 }, (_, i) => frame - this.k + i).filter((index) => index >= 0);
    if (!around.some((index) => this.isKey(index))) return [];
    const people = around.flatMap((index) => this.peopleIn(index));
    const turned = people.flatMap((person) => inTurnedWindow(person, this.aspect) ?? []);
    return [...people, ...turned].map(({ window }) => window);
  }
}

/** The box about all windows. */
function around(windows: readonly Window[]): Box {
  const extents = windows.map(extentOf);
  const x = Math.min(...extents.map((extent) => extent.x));
  const y = Math.min(...extents.map((extent) => extent.y));
  const right = Math.max(...extents.map((extent) => extent.x + extent.width));
  const bottom = Math.max(...extents.map((extent) => extent.y + extent.height));
  return { x, y, width: right - x, height: bottom - y };
}
