import { el, fitted, words } from './elements.js';
import type { SeverityColours } from './severity-colours.js';
import type { Store } from './state.js';
import { GUTTER, type TimeAxis } from './time-axis.js';
import type { Video } from './video.js';

const PLOT = 34;
const LANE = 9;
/** Movement a frame that counts as fast, in % of the person's size: beyond it the colour stays. */
const FAST = 20;

/** The poses of some frames together. */
interface Cell {
  frame: number;
  poses: number[];
}

/** What is being drawn on. */
interface Drawing {
  context: CanvasRenderingContext2D;
  style: CSSStyleDeclaration;
  /** Frames that a cell stands for. */
  step: number;
  /** Width of a cell, pixels. */
  cell: number;
  cells: Cell[];
}

/** The chosen track over time: its score, its missing joints, the speed of each joint. */
export class TrackLanes {
  readonly element: HTMLElement;
  private readonly canvas = el('canvas', {
    role: 'img',
    'aria-label': 'score, missing joints and speeds of the person',
  });
  private pending = 0;

  constructor(
    private readonly video: Video,
    private readonly store: Store,
    private readonly axis: TimeAxis,
    private readonly colours: SeverityColours,
  ) {
    this.element = el('div', { class: 'lanes', hidden: true }, this.canvas);
    new ResizeObserver(() => this.draw()).observe(this.element);
    axis.on(() => this.draw());
    store.on(['track'], ({ track }) => {
      this.element.hidden = track === null;
      this.draw();
    });
    store.on(['frame', 'joint', 'minScore'], () => this.draw());
    this.canvas.addEventListener('pointerdown', (event) => {
      const lane = Math.floor((event.offsetY - 2 * PLOT) / LANE);
      const k = this.video.given[lane];
      if (lane >= 0 && k !== undefined) this.store.set({ joint: this.video.header.joints[k] });
      if (event.offsetX >= GUTTER) this.store.set({ frame: this.axis.frameAt(event.offsetX), playing: false });
    });
  }

  private draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { track, frame } = this.store.state;
    const width = this.element.clientWidth;
    if (track === null || width === 0) return;
    const { video, axis } = this;
    const height = 2 * PLOT + video.given.length * LANE + 2;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    // Where a cell would be narrower than a pixel, it stands for several frames and shows the worst of them.
    const step = Math.max(1, Math.ceil((axis.end - axis.start) / axis.width));
    const context = fitted(this.canvas, width, height);
    const drawing: Drawing = {
      context,
      style: getComputedStyle(this.element),
      step,
      cell: (axis.width / (axis.end - axis.start)) * step,
      cells: [...this.cells(track, step)],
    };
    this.drawLegend(drawing);
    this.drawScore(drawing, video.header.tracks[track].colour);
    this.drawMissing(drawing);
    video.given.forEach((k, lane) => this.drawSpeeds(drawing, k, 2 * PLOT + lane * LANE, width));
    this.drawFrameMark(drawing, frame, height);
  }

  private drawLegend({ context, style }: Drawing): void {
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    this.label(context, 'score', PLOT / 2, style.getPropertyValue('--quiet'));
    this.label(context, 'missing joints', PLOT * 1.5, style.getPropertyValue('--quiet'));
    context.fillStyle = style.getPropertyValue('--line');
    context.fillRect(GUTTER, PLOT - 1, this.axis.width, 1);
    context.fillRect(GUTTER, 2 * PLOT - 1, this.axis.width, 1);
  }

  private label(context: CanvasRenderingContext2D, text: string, y: number, colour: string): void {
    context.fillStyle = colour;
    context.fillText(text, 6, y, GUTTER - 10);
  }

  private drawScore({ context, cells, step }: Drawing, colour: string): void {
    const { video, axis } = this;
    context.beginPath();
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    let last = -Infinity;
    for (const { frame: at, poses } of cells) {
      const score = Math.min(...poses.map((pose) => video.score(pose)));
      if (Number.isNaN(score)) continue;
      const y = PLOT - 3 - (PLOT - 6) * score;
      if (at - last > step) context.moveTo(Math.max(GUTTER, axis.x(at)), y);
      context.lineTo(Math.max(GUTTER, axis.x(at)), y);
      context.lineTo(axis.x(at + step), y);
      last = at;
    }
    context.stroke();
  }

  private drawMissing(drawing: Drawing): void {
    const { video } = this;
    const { minScore } = this.store.state;
    for (const { frame: at, poses } of drawing.cells) {
      const missing = Math.max(...poses.map((pose) => video.missing(pose, minScore)));
      const share = missing / Math.max(1, video.given.length);
      drawing.context.fillStyle = this.colours.of(share);
      this.fill(drawing, at, 2 * PLOT - 1 - (PLOT - 4) * share, (PLOT - 4) * share);
    }
  }

  /** The lane of joint k. */
  private drawSpeeds(drawing: Drawing, k: number, top: number, width: number): void {
    const { video } = this;
    const { joint, minScore } = this.store.state;
    const { context, style, cells } = drawing;
    const chosen = video.header.joints[k] === joint;
    if (chosen) {
      context.fillStyle = style.getPropertyValue('--chosen');
      context.fillRect(0, top, width, LANE);
    }
    context.font = `${chosen ? '600 ' : ''}9px system-ui, sans-serif`;
    const colour = chosen ? style.color : style.getPropertyValue('--quiet');
    this.label(context, words(video.header.joints[k]), top + LANE / 2 + 0.5, colour);
    for (const { frame: at, poses } of cells) {
      const speeds = poses.map((pose) => video.speed(pose, k, minScore)).filter((speed) => !Number.isNaN(speed));
      if (speeds.length === 0) continue;
      context.fillStyle = this.colours.of(Math.min(1, Math.max(...speeds) / FAST));
      this.fill(drawing, at, top + 1, LANE - 2);
    }
  }

  /** One cell of a lane. */
  private fill({ context, step, cell }: Drawing, frame: number, top: number, high: number): void {
    const { axis } = this;
    const left = Math.max(GUTTER, axis.x(frame));
    context.fillRect(left, top, Math.max(0.5, axis.x(frame + step) - left - (cell > 5 ? 1 : 0)), high);
  }

  private drawFrameMark({ context, style }: Drawing, frame: number, height: number): void {
    const { axis } = this;
    const [left, right] = [axis.x(frame), axis.x(frame + 1)];
    if (right <= GUTTER || left > GUTTER + axis.width) return;
    context.strokeStyle = style.getPropertyValue('--text');
    context.lineWidth = 1.5;
    context.strokeRect(left - 0.5, -2, Math.max(1.5, right - left), height + 4);
  }

  /** The track's poses in sight, those of `step` frames together. */
  private *cells(track: number, step: number): Generator<Cell> {
    const { video, axis } = this;
    const end = video.poseFrom(track, Math.ceil(axis.end));
    for (let pose = video.poseFrom(track, Math.floor(axis.start)); pose < end;) {
      const cell = Math.floor(video.frameOf(pose) / step);
      const poses: number[] = [];
      while (pose < end && Math.floor(video.frameOf(pose) / step) === cell) poses.push(pose++);
      yield { frame: cell * step, poses };
    }
  }
}
