/** A thing that goes on for some frames. */
interface Spell<T> {
  /** Places among the frames looked at. */
  first: number;
  last: number;
  /** Frames in which it was there. */
  count: number;
  what: T;
}

/** Joins what happens in frame after frame into spells; a frame or two without it do not end one. */
export class Spells<T> {
  private readonly open = new Map<string, Spell<T>>();

  /**
   * @param tolerance frames in a row without it that do not end a spell
   * @param onEnd takes every spell once it is over
   */
  constructor(
    private readonly tolerance: number,
    private readonly onEnd: (spell: Spell<T>) => void,
  ) {}

  /**
   * It is there in a frame.
   * @param key what makes it the same thing in another frame
   * @param join puts what is new to what was there
   */
  note(key: string, frame: number, what: T, join: (before: T) => T = (before) => before): void {
    const spell = this.open.get(key);
    if (!spell) this.open.set(key, { first: frame, last: frame, count: 1, what });
    else Object.assign(spell, { last: frame, count: spell.count + Number(frame > spell.last), what: join(spell.what) });
  }

  /** Ends those that were not there lately; all of them without a frame. */
  passed(frame = Infinity): void {
    for (const [key, spell] of this.open) {
      if (frame - spell.last <= this.tolerance) continue;
      this.open.delete(key);
      this.onEnd(spell);
    }
  }
}
