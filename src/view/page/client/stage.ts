import { el, fitted } from './elements.js';
import type { Parts, Picture } from './parts.js';
import { drawSkeleton, type SkeletonPlan } from './skeleton.js';
import type { State, Store } from './state.js';
import type { Tracks } from './tracks.js';
import type { Video } from './video.js';

/** Zoom and place of the picture: canvas = image × scale + offset, in CSS pixels. */
interface View {
  scale: number;
  x: number;
  y: number;
}

const MAX_ZOOM = 40;
/** A press that moves less is a click. */
const CLICK_DISTANCE = 4;
/** How near to a limb a click counts, in CSS pixels. */
const REACH = 10;

/** The frame with its people; wheel and drag zoom and move, a click chooses a person. */
export class Stage {
  readonly element: HTMLElement;
  private readonly canvas = el('canvas', { 'aria-label': 'the frame with its people', tabindex: '0' });
  private readonly notice = el('p', { class: 'notice', hidden: true });
  /** null: the whole picture. */
  private zoom: View | null = null;
  private shown: { frame: number; picture: Picture | null } = { frame: -1, picture: null };
  private size = { width: 0, height: 0 };
  private pending = 0;

  constructor(
    private readonly video: Video,
    private readonly tracks: Tracks,
    private readonly parts: Parts,
    private readonly store: Store,
    private readonly plan: SkeletonPlan,
  ) {
    this.element = el('div', { class: 'stage' }, this.canvas, this.notice);
    this.element.style.setProperty('--aspect', `${video.header.width} / ${video.header.height}`);
    new ResizeObserver(([entry]) => {
      this.size = { width: entry.contentRect.width, height: entry.contentRect.height };
      this.draw();
    }).observe(this.element);
    this.listen();
    store.on(['frame'], ({ frame }) => void this.show(frame));
    store.on(['track', 'joint', 'minScore', 'boxes', 'labels', 'alone', 'minLength'], () => this.draw());
  }

  /** The whole picture again. */
  resetZoom(): void {
    this.zoom = null;
    this.draw();
  }

  /** Brings a person near. */
  zoomTo(pose: number): void {
    const box = this.video.box(pose);
    if (!box) return;
    const [left, top, right, bottom] = box;
    const { width, height } = this.size;
    const scale = 0.7 * Math.min(width / Math.max(8, right - left), height / Math.max(8, bottom - top));
    this.zoom = { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 };
    this.draw();
  }

  private async show(frame: number): Promise<void> {
    const index = this.video.header.frames.index[frame];
    const ready = this.parts.readyPicture(index);
    if (ready || !this.parts.hasPicture(index)) this.shown = { frame, picture: ready };
    this.draw();
    const picture = await this.parts.picture(index);
    if (this.store.state.frame !== frame) return;
    this.shown = { frame, picture };
    const gone = this.parts.hasPicture(index) && !picture;
    this.notice.hidden = !gone;
    if (gone)
      this.notice.textContent = `The picture of this frame is not in the folder ${this.video.header.folder ?? ''}.`;
    this.draw();
  }

  private view(): View {
    if (this.zoom) return this.zoom;
    const { width, height } = this.video.header;
    const scale = Math.min(this.size.width / width, this.size.height / height);
    return { scale, x: (this.size.width - scale * width) / 2, y: (this.size.height - scale * height) / 2 };
  }

  /** Once a screen frame, however often asked. */
  private draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    if (this.size.width === 0) return;
    const { video, shown } = this;
    const state = this.store.state;
    const context = fitted(this.canvas, this.size.width, this.size.height);
    const { scale, x, y } = this.view();
    context.translate(x, y);
    context.scale(scale, scale);
    const { width, height } = video.header;
    // Places are pixel centres: pixel (0, 0) reaches from −½ to ½.
    if (shown.picture) context.drawImage(shown.picture, -0.5, -0.5, width, height);
    else drawGround(context, width, height, getComputedStyle(this.canvas));
    const poses = [...video.posesIn(shown.frame)].filter((pose) => this.isShown(pose));
    for (const pose of poses) if (video.trackOf(pose) !== state.track) this.drawPose(context, pose, scale);
    for (const pose of poses) if (video.trackOf(pose) === state.track) this.drawPose(context, pose, scale); // on top
  }

  private isShown(pose: number): boolean {
    const { track, alone } = this.store.state;
    const own = this.video.trackOf(pose);
    return own === track || (!(alone && track !== null) && this.tracks.isListed(own));
  }

  private drawPose(context: CanvasRenderingContext2D, pose: number, scale: number): void {
    const { video, plan } = this;
    const { track, joint, minScore, boxes, labels } = this.store.state;
    const own = video.trackOf(pose);
    const { id, colour } = video.header.tracks[own];
    const box = video.box(pose);
    if (!box) return;
    const [left, top, right, bottom] = box;
    const chosen = own === track;
    context.globalAlpha = track === null || chosen ? 1 : 0.6;
    const radius = Math.min(8, Math.max(1.2 / scale, Math.sqrt((right - left) * (bottom - top)) / 90));
    const places = plan.joints.map((_, k) => (video.isSeen(pose, k, minScore) ? video.joint(pose, k) : null));
    const emphasised = chosen && joint !== null ? plan.joints.indexOf(joint) : undefined;
    drawSkeleton(context, plan, places, { colour, radius, emphasised });
    if (boxes || chosen) {
      context.strokeStyle = colour;
      context.lineWidth = (chosen ? 2 : 1) / scale;
      context.setLineDash(chosen && !boxes ? [4 / scale, 4 / scale] : []);
      context.strokeRect(left, top, right - left, bottom - top);
      context.setLineDash([]);
    }
    if (labels && (boxes || chosen || places.some((place) => place !== null))) {
      const size = 12 / scale;
      context.font = `600 ${size}px system-ui, sans-serif`;
      const width = context.measureText(String(id)).width + 8 / scale;
      const highest = Math.min(top, ...places.flatMap((place) => (place ? [place.y] : [])));
      const at = Math.max(0, highest - radius * 2 - size * 1.4);
      context.fillStyle = colour;
      context.fillRect((left + right) / 2 - width / 2, at, width, size * 1.3);
      context.fillStyle = '#000';
      context.fillText(String(id), (left + right) / 2 - width / 2 + 4 / scale, at + size);
    }
    context.globalAlpha = 1;
  }

  private listen(): void {
    const { canvas } = this;
    let pressed: { x: number; y: number; view: View } | null = null;
    let moved = false;
    let before = chosen(this.store.state);
    const fingers = new Map<number, { x: number; y: number }>();
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      pressed = { x: event.offsetX, y: event.offsetY, view: this.view() };
      moved = fingers.size > 1;
    });
    canvas.addEventListener('pointermove', (event) => {
      const before = fingers.get(event.pointerId);
      if (!before || !pressed) return;
      const now = { x: event.offsetX, y: event.offsetY };
      if (fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)![1];
        const factor = distance(now, other) / Math.max(1, distance(before, other));
        this.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, factor);
      } else if (fingers.size === 1 && (moved || distance(now, pressed) > CLICK_DISTANCE)) {
        moved = true;
        if (this.zoom) {
          this.zoom = { ...this.zoom, x: this.zoom.x + now.x - before.x, y: this.zoom.y + now.y - before.y };
          this.draw();
        }
      }
      fingers.set(event.pointerId, now);
    });
    const release = (event: PointerEvent): void => void fingers.delete(event.pointerId);
    canvas.addEventListener('pointerup', release);
    canvas.addEventListener('pointercancel', release);
    canvas.addEventListener('click', (event) => {
      if (moved) return;
      if (event.detail < 2) before = chosen(this.store.state);
      this.choose(event.offsetX, event.offsetY);
    });
    canvas.addEventListener('dblclick', () => {
      this.resetZoom();
      this.store.set(before); // its two clicks were not meant to choose
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.002 : 0.05)));
      },
      { passive: false },
    );
  }

  private zoomAt(x: number, y: number, factor: number): void {
    const whole = Math.min(this.size.width / this.video.header.width, this.size.height / this.video.header.height);
    const view = this.view();
    const scale = Math.min(MAX_ZOOM * whole, Math.max(whole, view.scale * factor));
    if (scale === whole) return this.resetZoom();
    const grown = scale / view.scale;
    this.zoom = { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
    this.draw();
  }

  /** The person whose skeleton is nearest to the click, else the smallest box around it, else nobody. */
  private choose(canvasX: number, canvasY: number): void {
    const { scale, x, y } = this.view();
    const at = { x: (canvasX - x) / scale, y: (canvasY - y) / scale };
    const { minScore } = this.store.state;
    let best: { pose: number; joint: string | null; rank: number } | null = null;
    for (const pose of this.video.posesIn(this.shown.frame)) {
      if (!this.isShown(pose)) continue;
      const places = this.plan.joints.map((_, k) =>
        this.video.isSeen(pose, k, minScore) ? this.video.joint(pose, k) : null,
      );
      let near = Infinity;
      let joint: string | null = null;
      places.forEach((place, k) => {
        if (!place || distance(place, at) * scale > Math.min(REACH, near)) return;
        near = distance(place, at) * scale;
        joint = this.plan.joints[k];
      });
      for (const [from, to] of this.plan.limbs) {
        const [a, b] = [places[from], places[to]];
        if (a && b) near = Math.min(near, distanceToLine(at, a, b) * scale);
      }
      const [left, top, right, bottom] = this.video.box(pose) ?? [NaN, NaN, NaN, NaN];
      const inside = at.x >= left && at.x <= right && at.y >= top && at.y <= bottom;
      // Skeletons before boxes; the size of a box is far above any distance within reach.
      const rank = near <= REACH ? near : inside ? 1e6 + (right - left) * (bottom - top) : Infinity;
      if (rank < (best?.rank ?? Infinity)) best = { pose, joint, rank };
    }
    this.store.set(best ? { track: this.video.trackOf(best.pose), joint: best.joint } : { track: null, joint: null });
  }
}

function chosen({ track, joint }: Readonly<State>): Pick<State, 'track' | 'joint'> {
  return { track, joint };
}

/** Where there is no picture: a plain ground with a grid that gives a sense of scale. */
function drawGround(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  style: CSSStyleDeclaration,
): void {
  context.fillStyle = style.getPropertyValue('--raised');
  context.fillRect(0, 0, width, height);
  context.strokeStyle = style.getPropertyValue('--line');
  context.lineWidth = Math.max(width, height) / 1000;
  context.beginPath();
  const step = 100;
  for (let x = step; x < width; x += step) {
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  for (let y = step; y < height; y += step) {
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  context.stroke();
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function distanceToLine(p: { x: number; y: number }, a: { x: number; y: number }, b: { x: number; y: number }): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length > 0 ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}
