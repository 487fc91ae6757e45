import type { PageHeader } from '../page-data.js';
import { el } from './elements.js';
import type { Store } from './state.js';

type Problem = PageHeader['problems'][number];

/** What is to be looked at: where it stands in the timeline, and the way from one to the next. */
export class Problems {
  /** The one that was led to; null where the reader has gone elsewhere. */
  private at: number | null = null;

  constructor(
    readonly all: readonly Problem[],
    private readonly store: Store,
  ) {
    store.on(['frame', 'track'], ({ frame }) => {
      const problem = this.at === null ? undefined : this.all[this.at];
      if (problem && frame !== problem.from) this.at = null;
    });
  }

  /** Those of a track. */
  of(track: number): Problem[] {
    return this.all.filter(({ tracks }) => tracks.includes(track));
  }

  /** Goes to the next one, or the one before; round from the end to the beginning. */
  go(direction: 1 | -1): void {
    const { all, store } = this;
    if (all.length === 0) return;
    const { frame } = store.state;
    let next = this.at === null ? -1 : this.at + direction;
    if (this.at === null) {
      next = direction > 0 ? all.findIndex(({ from }) => from > frame) : all.findLastIndex(({ from }) => from < frame);
    }
    const place = next < 0 || next >= all.length ? (direction > 0 ? 0 : all.length - 1) : next;
    this.at = place;
    const { from, tracks } = all[place];
    store.set({ frame: from, track: tracks[0] ?? null, playing: false });
    this.at = place;
    this.told(all[place], place);
  }

  /** Two buttons, and what the problem is that they lead to; nothing where there is none. */
  element(): HTMLElement | null {
    const { all } = this;
    if (all.length === 0) return null;
    const button = (label: string, title: string, direction: 1 | -1): HTMLElement => el('button', { title, onclick: () => this.go(direction) }, label); // prettier-ignore
    this.text.textContent = `${all.length} to look at`;
    return el(
      'div',
      { class: 'problems' },
      button('‹', 'the problem before (,)', -1),
      button('next problem ›', 'the next problem (.)', 1),
      this.text,
    );
  }

  private readonly text = el('output', { class: 'quiet' });

  private told({ says, from, to }: Problem, place: number): void {
    const frames = to > from ? `, ${to - from + 1} frames` : '';
    this.text.textContent = `${place + 1} of ${this.all.length}: ${says}${frames}`;
  }
}
