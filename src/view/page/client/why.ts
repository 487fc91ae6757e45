/*
 * The panel about the chosen person: what was seen, from what the pose was made, and what the single frame would have given.
 */
import type { CodedMaps } from '../map-codes.js';
import type { PageHeader, PoseData, WhyPerson, WindowData } from '../page-data.js';
import { drawHeat, drawWindow, heatColour, heatOf, heatOfAll, maskColour } from './crop.js';
import { el, fixed, words } from './elements.js';
import type { Parts, Picture } from './parts.js';
import { drawSkeleton, type Point, type SkeletonPlan } from './skeleton.js';
import type { Layer, State, Store } from './state.js';
import type { Video } from './video.js';

/** Enlargement of a box that gives about the model's window, where the pose is not explained. */
const ABOUT_A_WINDOW = 1.25;
/** Widths of crops in CSS pixels. */
const CROP_WIDTH = 195;
const REFERENCE_WIDTH = 76;

const METHODS: Record<WhyPerson['method'], string> = { glpose: 'GLPose', 'single-frame': 'Single frame' };

/** A pose to be shown in a crop. */
interface Shown {
  title: string;
  /** null where the pose is not explained. */
  pose: PoseData | null;
  mask: CodedMaps | null;
  places: (Point | null)[];
}

export class WhyPanel {
  readonly element = el('section', { class: 'why', 'aria-label': 'the chosen person' });
  /** Counts up with every rendering: what loads for an older one is dropped. */
  private turn = 0;
  /** The track that the panel says more of than that it is not there. */
  private about: number | null = null;

  constructor(
    private readonly video: Video,
    private readonly parts: Parts,
    private readonly store: Store,
    private readonly plan: SkeletonPlan,
  ) {
    store.on(['frame', 'track', 'playing', 'joint', 'layer', 'minScore'], (state) => void this.show(state));
  }

  private async show(state: Readonly<State>): Promise<void> {
    const turn = ++this.turn;
    const { track, frame } = state;
    const pose = track === null ? null : this.video.poseOf(track, frame);
    if (pose === null) {
      this.about = null;
      this.element.classList.remove('stale');
    }
    if (track === null) return this.element.replaceChildren(this.people(frame));
    if (pose === null) return this.element.replaceChildren(this.heading(track), this.absent(track, frame));
    // Too much to keep up with: while the video plays, the panel stays with the frame where it was last made.
    const stale = state.playing && this.about === track;
    this.element.classList.toggle('stale', stale);
    if (stale) return;
    this.about = track;
    const index = this.video.header.frames.index[frame];
    const [explanation, picture] = await Promise.all([this.parts.explanation(index), this.parts.picture(index)]);
    if (turn !== this.turn) return;
    const { id } = this.video.header.tracks[track];
    const person = explanation?.header.people.find((some) => some.track === id);
    const crops = el('div', { class: 'crops' });
    const focused = this.focused();
    this.element.replaceChildren(
      this.heading(track),
      this.facts(pose, person),
      ...(person ? [this.layers(person, state.layer)] : []),
      crops,
      ...(person ? [this.references(person, turn)] : []),
      this.joints(pose, person),
      this.notes(index, person),
    );
    if (focused) this.element.querySelector<HTMLElement>(focused)?.focus();

    const window = person?.window ?? this.windowAround(pose);
    if (!window || (!picture && !person)) return crops.remove();
    const shown: Shown[] = person
      ? [{ title: METHODS[person.method], pose: person.pose, mask: person.mask, places: this.placesOf(person.pose) }]
      : [{ title: 'Pose', pose: null, mask: null, places: this.placesIn(pose) }];
    const alone = person?.singleFrame;
    if (alone) shown.push({ title: METHODS['single-frame'], pose: alone, mask: null, places: this.placesOf(alone) });
    const ground = { picture, window, colour: this.video.header.tracks[track].colour };
    for (const some of shown) crops.append(this.crop(some, ground, explanation?.bytes ?? null));
  }

  /** The window with a pose and, where chosen, a map over it. */
  private crop(
    { title, pose, mask, places }: Shown,
    { picture, window, colour }: { picture: Picture | null; window: WindowData; colour: string },
    maps: Uint8Array | null,
  ): HTMLElement {
    const { joint, layer } = this.store.state;
    const canvas = el('canvas', { role: 'img', 'aria-label': `the crop and its pose: ${title}` });
    const width = Math.min(CROP_WIDTH, (this.element.clientWidth - 40) / 2);
    const context = drawWindow(canvas, width, picture, window, this.video.header);
    let caption = title;
    let covered = false;
    if (layer === 'heat' && pose && maps) {
      const { heatmaps, joints } = pose;
      const map = joint === null ? -1 : joints.indexOf(joint);
      const range = heatmaps.ranges[map]; // derived joints have no map
      drawHeat(context, window, range ? heatOf(maps, heatmaps, map) : heatOfAll(maps, heatmaps), heatColour);
      if (range) caption += `, peak ${fixed(range[1], 2)}`;
      covered = true;
    } else if (layer === 'mask' && mask && maps) {
      drawHeat(context, window, heatOf(maps, mask, 0), maskColour);
      covered = true;
    }
    context.globalAlpha = covered ? 0.85 : 1;
    const radius = window.width / (covered ? 180 : 110);
    const emphasised = joint === null ? undefined : this.plan.joints.indexOf(joint);
    drawSkeleton(context, this.plan, places, { colour, radius, emphasised });
    return el('figure', {}, canvas, el('figcaption', {}, caption));
  }

  /** The button that has the focus, as a selector: the panel is made anew, and who works by keyboard stays where they are. */
  private focused(): string | null {
    const active = document.activeElement;
    if (!active || !this.element.contains(active)) return null;
    const layer = active.getAttribute('data-layer');
    if (layer !== null) return `[data-layer="${layer}"]`;
    const joint = active.closest('[data-joint]')?.getAttribute('data-joint');
    return joint ? `[data-joint="${CSS.escape(joint)}"] button` : null;
  }

  private heading(track: number): HTMLElement {
    const { id, colour } = this.video.header.tracks[track];
    const close = el('button', { class: 'plain', title: 'choose nobody (Esc)', 'aria-label': 'choose nobody', onclick: () => this.store.set({ track: null, joint: null }) }, '✕'); // prettier-ignore
    const swatch = el('span', { class: 'swatch' });
    swatch.style.background = colour;
    return el('header', {}, swatch, el('h2', {}, `Person ${id}`), close);
  }

  private facts(pose: number, person: WhyPerson | undefined): HTMLElement {
    const { video } = this;
    const { minScore } = this.store.state;
    const facts: [string, string][] = [
      ['frame', String(video.header.frames.index[video.frameOf(pose)])],
      ['pose score', fixed(video.score(pose), 3)],
    ];
    if (person) facts.push(['box score', fixed(person.boxScore, 3)]);
    facts.push(['missing joints', `${video.missing(pose, minScore)} of ${video.given.length}`]);
    return el(
      'dl',
      { class: 'facts' },
      ...facts.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))),
    );
  }

  private layers(person: WhyPerson, layer: Layer): HTMLElement {
    const { joint } = this.store.state;
    const labels: Partial<Record<Layer, string>> = {
      pose: 'pose',
      heat: joint === null ? 'heat maps' : `heat map: ${words(joint)}`,
    };
    if (person.mask) labels.mask = 'mask M';
    const buttons = (Object.entries(labels) as [Layer, string][]).map(
      ([name, label]) =>
      el('button', { 'aria-pressed': String(layer === name), 'data-layer': name, onclick: () => this.store.set({ layer: name }) }, label), // prettier-ignore
    );
    const group = el('div', { class: 'segmented', role: 'group', 'aria-label': 'over the crop' }, ...buttons);
    if (layer !== 'mask' || !person.mask) return group;
    const [low, high] = person.mask.ranges[0];
    const note = `Blue: where the key frame overlooks something and the references count more (M from ${fixed(low, 2)} to ${fixed(high, 2)}).`;
    return el('div', {}, group, el('p', { class: 'quiet' }, note));
  }

  private references(person: WhyPerson, turn: number): HTMLElement {
    const frame = this.video.header.frames.index[this.store.state.frame];
    const section = (kind: 'local' | 'global', title: string, caption: string): HTMLElement | null => {
      const some = person.references.filter((reference) => reference.kind === kind);
      if (some.length === 0) return null;
      const heaviest = Math.max(...some.map(({ weight }) => Math.abs(weight)), Number.MIN_VALUE);
      const figures = some.map(({ frame: from, window, weight }) => {
        const canvas = el('canvas', { role: 'img', 'aria-label': `crop of frame ${from}` });
        this.fill(canvas, from, window, turn);
        const bar = el('span', { class: 'weight' });
        bar.style.width = `${(100 * Math.abs(weight)) / heaviest}%`;
        const offset = from - frame;
        const where =
          kind === 'local' ? (offset === 0 ? 't' : `t${offset > 0 ? '+' : '−'}${Math.abs(offset)}`) : `frame ${from}`;
        return el(
          'figure',
          {},
          this.jump(from, canvas),
          el('figcaption', {}, where, el('br'), `w ${fixed(weight, 3)}`),
          bar,
        );
      });
      return el('section', { class: 'references', 'data-kind': kind }, el('h3', {}, title), el('p', { class: 'quiet' }, caption), el('div', { class: 'strip' }, ...figures)); // prettier-ignore
    };
    const sections = [
      section('local', 'Local references', 'The same window in the neighbouring frames. Bar: weight.'),
      section('global', 'Global references', 'The most similar people anywhere in the video, best first.'),
    ].filter((part) => part !== null);
    if (sections.length === 0) {
      sections.push(el('p', { class: 'quiet' }, 'Made from this frame alone: there are no references.'));
    }
    return el('div', {}, ...sections);
  }

  /** Shows a crop as soon as its picture is there. */
  private fill(canvas: HTMLCanvasElement, frame: number, window: WindowData, turn: number): void {
    drawWindow(canvas, REFERENCE_WIDTH, null, window, this.video.header);
    void this.parts.picture(frame).then((picture) => {
      if (picture && turn === this.turn) drawWindow(canvas, REFERENCE_WIDTH, picture, window, this.video.header);
    });
  }

  /** A crop that leads to its frame, where that is listed. */
  private jump(index: number, canvas: HTMLCanvasElement): HTMLElement {
    const place = this.video.header.frames.index.indexOf(index);
    if (place < 0) return canvas;
    return el(
      'button',
      { class: 'plain', title: `go to frame ${index}`, onclick: () => this.store.set({ frame: place }) },
      canvas,
    );
  }

  private joints(pose: number, person: WhyPerson | undefined): HTMLElement {
    const { video } = this;
    const { joint: chosen, minScore } = this.store.state;
    const alone = person?.singleFrame ?? null;
    const rows = video.given.map((k) => {
      const name = video.header.joints[k];
      const own = person?.pose.places[person.pose.joints.indexOf(name)] ?? null;
      const other = alone?.places[alone.joints.indexOf(name)] ?? null;
      const place = video.joint(pose, k);
      const score = person ? (own?.[2] ?? NaN) : (place?.score ?? NaN);
      const cells: (Node | string)[] = [scoreCell(score)];
      if (alone) {
        const apart = own && other ? Math.hypot(own[0] - other[0], own[1] - other[1]) : NaN;
        cells.push(scoreCell(other?.[2] ?? NaN), el('td', {}, fixed(apart, 1)));
      }
      cells.push(el('td', {}, fixed(video.speed(pose, k, minScore), 1)));
      const choose = (): void => this.store.set({ joint: chosen === name ? null : name });
      const derived = this.plan.estimated.has(k) ? ' (derived)' : '';
      return el(
        'tr',
        { class: chosen === name ? 'chosen' : '', 'data-joint': name, onclick: choose },
        el(
          'th',
          { scope: 'row' },
          el('button', { class: 'plain', 'aria-pressed': String(chosen === name) }, words(name) + derived),
        ),
        ...cells,
      );
    });
    const headings = ['joint', 'score', ...(alone ? ['single frame', 'apart px'] : []), 'speed %'];
    return el(
      'div',
      { class: 'scroll' },
      el(
        'table',
        {},
        el('thead', {}, el('tr', {}, ...headings.map((heading) => el('th', { scope: 'col' }, heading)))),
        el('tbody', {}, ...rows),
      ),
    );
  }

  private notes(index: number, person: WhyPerson | undefined): HTMLElement {
    if (person)
      return el(
        'p',
        { class: 'quiet' },
        'Click a joint for its heat map. Speed: movement since the frame before, in % of the person’s size.',
      );
    const how = `glpose view <results> --explain ${index}`;
    return el(
      'p',
      { class: 'quiet' },
      'This page does not say what the pose was made from. To see it: ',
      el('code', {}, how),
    );
  }

  private absent(track: number, frame: number): HTMLElement {
    const { video } = this;
    const [first, end] = video.posesOf(track);
    const next = video.poseFrom(track, frame);
    const link = (pose: number, label: string): HTMLElement => {
      const place = video.frameOf(pose);
      return el(
        'button',
        { onclick: () => this.store.set({ frame: place }) },
        `${label}: frame ${video.header.frames.index[place]}`,
      );
    };
    const links: HTMLElement[] = [];
    if (next > first) links.push(link(next - 1, 'before'));
    if (next < end) links.push(link(next, 'after'));
    return el('div', {}, el('p', {}, 'Not found in this frame.'), el('div', { class: 'chips' }, ...links));
  }

  /** Nobody is chosen: who is here. */
  private people(frame: number): HTMLElement {
    const { video } = this;
    const poses = [...video.posesIn(frame)];
    const chips = poses.map((pose) => {
      const track = video.trackOf(pose);
      const { id, colour } = video.header.tracks[track];
      const swatch = el('span', { class: 'swatch' });
      swatch.style.background = colour;
      return el('button', { onclick: () => this.store.set({ track }) }, swatch, `${id} `, el('span', { class: 'quiet' }, fixed(video.score(pose), 2))); // prettier-ignore
    });
    const hint = poses.length > 0 ? 'Click a person to see why the pose is what it is.' : 'Nobody in this frame.';
    return el('div', {}, el('h2', {}, `${poses.length} ${poses.length === 1 ? 'person' : 'people'}`), el('p', { class: 'quiet' }, hint), el('div', { class: 'chips' }, ...chips)); // prettier-ignore
  }

  /** In the order of the page's joints. */
  private placesOf({ joints, places }: PoseData): (Point | null)[] {
    const { minScore } = this.store.state;
    return this.plan.joints.map((name) => {
      const place = places[joints.indexOf(name)];
      return place && place[2] >= minScore ? { x: place[0], y: place[1] } : null;
    });
  }

  private placesIn(pose: number): (Point | null)[] {
    const { minScore } = this.store.state;
    return this.plan.joints.map((_, k) => (this.video.isSeen(pose, k, minScore) ? this.video.joint(pose, k) : null));
  }

  private windowAround(pose: number): WindowData | null {
    const box = this.video.box(pose);
    if (!box) return null;
    const [left, top, right, bottom] = box;
    const height = Math.max(1, bottom - top, ((right - left) * 4) / 3) * ABOUT_A_WINDOW;
    return { centreX: (left + right) / 2, centreY: (top + bottom) / 2, width: (height * 3) / 4, height };
  }
}

/** A score as number and bar; scores above 1 fill it. */
function scoreCell(score: number): HTMLElement {
  const bar = el('span', { class: 'bar' });
  bar.style.width = `${100 * Math.max(0, Math.min(1, score || 0))}%`;
  return el('td', { class: 'score' }, bar, el('span', {}, fixed(score, 2)));
}

/** What a page knows of its skeleton. */
export function planOf({ joints, limbs, estimated }: PageHeader): SkeletonPlan {
  return { joints, limbs, estimated: new Set(estimated) };
}
