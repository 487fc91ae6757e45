import { el, fitted, fixed } from './elements.js';
import type { Parts } from './parts.js';
import type { Problems } from './problems.js';
import type { SeverityColours } from './severity-colours.js';
import type { Store } from './state.js';
import { GUTTER, niceStep, type TimeAxis } from './time-axis.js';
import type { Tracks } from './tracks.js';
import type { Video } from './video.js';

const ROW = 16;
const RULER = 22;
/** Where a cell would be narrower, it stands for several frames and shows the worst of them. */
const NARROWEST = 2;

/**
 * One row a track, one cell a frame, coloured by the chosen metric. Only the rows in sight are drawn, whatever their number. Press and
 * move to scrub; a click on a row chooses its person; with Ctrl the wheel zooms.
 */
export class Timeline {
  readonly element: HTMLElement;
  private readonly ruler = el('canvas', { class: 'ruler', 'aria-hidden': 'true' });
  private readonly canvas = el('canvas', { 'aria-label': 'timeline of the tracks', role: 'img' });
  private readonly spacer = el('div', { class: 'spacer' });
  private readonly scroller: HTMLElement;
  private readonly tip = el('div', { class: 'tip', hidden: true });
  private pending = 0;
  /** A track whose row is to come into sight with the next drawing. */
  private sought: number | null = null;

  constructor(
    private readonly video: Video,
    private readonly tracks: Tracks,
    private readonly parts: Parts,
    private readonly store: Store,
    private readonly axis: TimeAxis,
    private readonly colours: SeverityColours,
    private readonly problems: Problems,
  ) {
    this.spacer.append(this.canvas);
    this.scroller = el('div', { class: 'rows', tabindex: '-1' }, this.spacer);
    this.element = el('div', { class: 'timeline' }, this.ruler, this.scroller, this.tip);
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw());
    this.listen(this.scroller);
    this.listen(this.ruler);
    axis.on(() => this.draw());
    store.on(['frame'], ({ frame }) => {
      axis.reveal(frame);
      this.draw();
    });
    store.on(['track'], ({ track }) => {
      this.sought = track;
      this.draw();
    });
    store.on(['metric', 'order', 'minLength', 'minScore', 'joint'], () => this.draw());
  }

  private revealRow(track: number): void {
    const row = this.tracks.rowOf(track);
    if (row === undefined) return;
    const { scrollTop, clientHeight } = this.scroller;
    if (row * ROW < scrollTop) this.scroller.scrollTop = row * ROW;
    if ((row + 1) * ROW > scrollTop + clientHeight) this.scroller.scrollTop = (row + 1) * ROW - clientHeight;
  }

  private draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const height = this.tracks.all.length * ROW;
    this.spacer.style.height = `${Math.max(ROW, height)}px`;
    if (this.sought !== null) this.revealRow(this.sought);
    this.sought = null;
    const { clientWidth, clientHeight, scrollTop } = this.scroller;
    if (clientWidth === 0) return;
    this.axis.width = clientWidth - GUTTER - 4;
    const style = getComputedStyle(this.element);
    this.drawRuler(clientWidth, style);
    this.canvas.style.width = `${clientWidth}px`;
    this.canvas.style.height = `${clientHeight}px`;
    const context = fitted(this.canvas, clientWidth, clientHeight);
    const first = Math.floor(scrollTop / ROW);
    const last = Math.min(this.tracks.all.length - 1, Math.floor((scrollTop + clientHeight) / ROW));
    for (let row = first; row <= last; row++) this.drawRow(context, row, row * ROW - scrollTop, style);
    this.drawCursor(context, clientHeight, style);
  }

  private drawRow(context: CanvasRenderingContext2D, row: number, top: number, style: CSSStyleDeclaration): void {
    const { video, axis, tracks } = this;
    const track = tracks.all[row];
    const { id, colour } = video.header.tracks[track];
    if (track === this.store.state.track) {
      context.fillStyle = style.getPropertyValue('--chosen');
      context.fillRect(0, top, GUTTER + axis.width + 4, ROW);
    }
    context.fillStyle = colour;
    context.fillRect(6, top + 3, 10, ROW - 6);
    context.fillStyle = style.color;
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    context.fillText(`${video.header.tracked ? '' : 'person '}${id}`, 22, top + ROW / 2, GUTTER - 28);

    const values = tracks.valuesOf(track);
    const [start] = video.posesOf(track);
    const framesPerCell = Math.max(1, Math.ceil((NARROWEST * (axis.end - axis.start)) / axis.width));
    const from = video.poseFrom(track, Math.floor(axis.start));
    const end = video.poseFrom(track, Math.ceil(axis.end));
    const gap = axis.x(1) - axis.x(0) > 5 ? 1 : 0;
    for (let pose = from; pose < end;) {
      const cell = Math.floor(video.frameOf(pose) / framesPerCell);
      let worst = NaN;
      for (; pose < end && Math.floor(video.frameOf(pose) / framesPerCell) === cell; pose++) {
        const severity = tracks.severity(values[pose - start]);
        if (!(severity <= worst)) worst = Number.isNaN(severity) ? worst : severity;
      }
      const left = Math.max(GUTTER, axis.x(cell * framesPerCell));
      const right = axis.x((cell + 1) * framesPerCell);
      context.fillStyle = Number.isNaN(worst) ? style.getPropertyValue('--line') : this.colours.of(worst);
      context.fillRect(left, top + 2, Math.max(0.5, right - left - gap), ROW - 4);
    }
    context.fillStyle = style.getPropertyValue('--text');
    this.markProblems(context, this.problems.of(track), top + ROW - 3);
  }

  /** A line, 2 pixels high, under the frames of each. */
  private markProblems(
    context: CanvasRenderingContext2D,
    problems: readonly { from: number; to: number }[],
    top: number,
  ): void {
    const { axis } = this;
    for (const { from, to } of problems) {
      if (to < axis.start || from >= axis.end) continue;
      const left = Math.max(GUTTER, axis.x(from));
      context.fillRect(left, top, Math.max(2, axis.x(to + 1) - left - 1), 2);
    }
  }

  private drawRuler(width: number, style: CSSStyleDeclaration): void {
    const { axis, video } = this;
    this.ruler.style.width = `${width}px`;
    const context = fitted(this.ruler, width, RULER);
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = style.getPropertyValue('--quiet');
    context.textBaseline = 'top';
    context.fillText('frame', 6, 5);
    const { index } = video.header.frames;
    const step = niceStep(axis.end - axis.start, axis.width / 70);
    for (let frame = Math.ceil(axis.start / step) * step; frame < axis.end; frame += step) {
      const x = axis.x(frame);
      context.fillRect(x, RULER - 5, 1, 5);
      if (x + 40 < width) context.fillText(String(index[frame]), x + 3, 5);
    }
    context.fillStyle = style.getPropertyValue('--bad');
    this.markProblems(context, this.problems.all, 0);
    context.fillStyle = style.getPropertyValue('--accent');
    const [start, end] = [Math.floor(axis.start), Math.ceil(axis.end)];
    const cell = axis.width / (axis.end - axis.start);
    for (const [frame, place] of this.explainedFrames()) {
      if (frame < start || frame >= end) continue;
      context.fillRect(Math.max(GUTTER, axis.x(place)), RULER - 3, Math.max(1, cell - 1), 3);
    }
  }

  /** Places of explained frames: [place, place]. */
  private *explainedFrames(): Generator<[number, number]> {
    const { index } = this.video.header.frames;
    for (let place = 0; place < index.length; place++) if (this.parts.isExplained(index[place])) yield [place, place];
  }

  private drawCursor(context: CanvasRenderingContext2D, height: number, style: CSSStyleDeclaration): void {
    const { frame } = this.store.state;
    const [left, right] = [this.axis.x(frame), this.axis.x(frame + 1)];
    if (right <= GUTTER || left > GUTTER + this.axis.width) return;
    context.strokeStyle = style.getPropertyValue('--text');
    context.lineWidth = 1.5;
    context.strokeRect(left - 0.5, -2, Math.max(1.5, right - left), height + 4);
  }

  private listen(element: HTMLElement): void {
    const scrub = (event: PointerEvent): void => {
      const x = event.clientX - this.scroller.getBoundingClientRect().left;
      if (x >= GUTTER) this.store.set({ frame: this.axis.frameAt(x), playing: false });
    };
    let scrubbing = false;
    element.addEventListener('pointerdown', (event) => {
      const { left } = this.scroller.getBoundingClientRect();
      if (event.button !== 0 || event.clientX - left > this.scroller.clientWidth) return; // the scroll bar is no row
      const track = element === this.scroller ? this.trackAt(event.clientY) : undefined;
      if (track !== undefined) this.store.set({ track });
      if (event.pointerType === 'touch' && element === this.scroller) return scrub(event); // moving a finger scrolls
      element.setPointerCapture(event.pointerId);
      scrubbing = true;
      scrub(event);
    });
    element.addEventListener('pointermove', (event) => {
      if (scrubbing) scrub(event);
      this.showTip(event, element === this.scroller);
    });
    for (const type of ['pointerup', 'pointercancel'] as const) {
      element.addEventListener(type, () => (scrubbing = false));
    }
    element.addEventListener('pointerleave', () => (this.tip.hidden = true));
    element.addEventListener(
      'wheel',
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          this.axis.zoom(Math.exp(event.deltaY * 0.003), event.clientX - element.getBoundingClientRect().left);
        } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.axis.pan(event.deltaX || event.deltaY);
        }
      },
      { passive: false },
    );
  }

  private trackAt(clientY: number): number | undefined {
    const y = clientY - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
    return this.tracks.all[Math.floor(y / ROW)];
  }

  private showTip(event: PointerEvent, onRow: boolean): void {
    const { left, top } = this.element.getBoundingClientRect();
    const x = event.clientX - left;
    const track = onRow ? this.trackAt(event.clientY) : undefined;
    this.tip.hidden = track === undefined || x < GUTTER || event.pointerType === 'touch';
    if (this.tip.hidden || track === undefined) return;
    const { video } = this;
    const frame = this.axis.frameAt(x);
    const pose = video.poseOf(track, frame);
    const { metric } = this.store.state;
    const value = pose === null ? NaN : this.tracks.valuesOf(track)[pose - video.posesOf(track)[0]];
    const said = pose === null ? 'not there' : describeValue(metric, value);
    this.tip.textContent = `${video.header.tracks[track].id}, frame ${video.header.frames.index[frame]}: ${said}`;
    const width = this.element.clientWidth;
    this.tip.style.left = `${Math.min(x + 12, width - 190)}px`;
    this.tip.style.top = `${event.clientY - top - 30}px`;
  }
}

function describeValue(metric: string, value: number): string {
  if (metric === 'score') return `score ${fixed(value, 2)}`;
  if (metric === 'missing') return `${value} joints missing`;
  return Number.isNaN(value) ? 'no speed' : `moves ${fixed(value, 1)} % of its size`;
}
