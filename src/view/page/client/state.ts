export type Metric = 'score' | 'missing' | 'speed';
export type TrackOrder = 'number' | 'first' | 'worst' | 'length';
/** What lies over the crops. */
export type Layer = 'pose' | 'heat' | 'mask';

/** What the reader has chosen. */
export interface State {
  /** Place in the list of frames. */
  frame: number;
  /** Place in the list of tracks. */
  track: number | null;
  /** A joint's name. */
  joint: string | null;
  playing: boolean;
  /** Share of the video's own speed. */
  rate: number;
  /** Joints with a lower score are not drawn and count as missing. */
  minScore: number;
  boxes: boolean;
  labels: boolean;
  /** Draw the chosen person only. */
  alone: boolean;
  metric: Metric;
  order: TrackOrder;
  /** Tracks with fewer poses are not listed and not drawn. */
  minLength: number;
  layer: Layer;
}

type Listener = (state: Readonly<State>, changed: ReadonlySet<keyof State>) => void;

/** The state, and who wants to hear of its changes. */
export class Store {
  private readonly listeners: Listener[] = [];

  constructor(private current: State) {}

  get state(): Readonly<State> {
    return this.current;
  }

  set(change: Partial<State>): void {
    const changed = new Set<keyof State>();
    for (const key of Object.keys(change) as (keyof State)[]) {
      if (this.current[key] !== change[key]) changed.add(key);
    }
    if (changed.size === 0) return;
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener(this.current, changed);
  }

  /** Calls now, and after every change of one of these members. */
  on(members: (keyof State)[], listener: (state: Readonly<State>) => void): void {
    this.listeners.push((state, changed) => {
      if (members.some((member) => changed.has(member))) listener(state);
    });
    listener(this.current);
  }
}
