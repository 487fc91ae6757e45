/** Width of the names beside the timeline, in CSS pixels. */
export const GUTTER = 92;
/** Fewest frames across. */
const NEAREST = 12;

type Listener = () => void;

/** Which frames the timelines show, from `start` to `end`, and where; all timelines share one. */
export class TimeAxis {
  private first = 0;
  private beyond: number;
  private total = 1;
  private readonly listeners: Listener[] = [];

  /** @param frames how many there are */
  constructor(private readonly frames: number) {
    this.beyond = Math.max(1, frames);
  }

  get start(): number {
    return this.first;
  }

  get end(): number {
    return this.beyond;
  }

  /** CSS pixels right of the gutter. */
  get width(): number {
    return this.total;
  }

  set width(width: number) {
    this.total = Math.max(1, width);
  }

  /** Left edge of a frame, in CSS pixels from the left of the gutter. */
  x(frame: number): number {
    return GUTTER + ((frame - this.first) / (this.beyond - this.first)) * this.total;
  }

  /** The frame at a place, kept among those there are. */
  frameAt(x: number): number {
    const frame = this.first + ((x - GUTTER) / this.total) * (this.beyond - this.first);
    return Math.max(0, Math.min(this.frames - 1, Math.floor(frame)));
  }

  /** Shows fewer (factor < 1) or more frames, the one at x staying where it is. */
  zoom(factor: number, x: number): void {
    const at = this.first + ((x - GUTTER) / this.total) * (this.beyond - this.first);
    const span = Math.max(Math.min(NEAREST, this.frames), Math.min(this.frames, (this.beyond - this.first) * factor));
    this.move(at - ((x - GUTTER) / this.total) * span, span);
  }

  /** Moves by CSS pixels. */
  pan(pixels: number): void {
    const span = this.beyond - this.first;
    this.move(this.first + (pixels / this.total) * span, span);
  }

  /** Moves so that a frame is among those shown. */
  reveal(frame: number): void {
    const span = this.beyond - this.first;
    if (frame >= this.first && frame < this.beyond) return;
    this.move(frame - span / 4, span);
  }

  on(listener: Listener): void {
    this.listeners.push(listener);
  }

  private move(first: number, span: number): void {
    const start = Math.max(0, Math.min(this.frames - span, first));
    if (start === this.first && start + span === this.beyond) return;
    this.first = start;
    this.beyond = start + span;
    for (const listener of this.listeners) listener();
  }
}

/** Steps of whole, round numbers of frames for about `count` marks. */
export function niceStep(span: number, count: number): number {
  const rough = Math.max(1, span / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  return Math.max(1, [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power);
}
