import { el } from './elements.js';
import type { Player } from './player.js';
import type { SeverityColours } from './severity-colours.js';
import type { Metric, State, Store, TrackOrder } from './state.js';
import { GUTTER, type TimeAxis } from './time-axis.js';
import type { Tracks } from './tracks.js';
import type { Video } from './video.js';

/** Play, step, scrub. */
export function transport(video: Video, store: Store, player: Player): HTMLElement {
  const { header } = video;
  const play = el('button', { class: 'play', onclick: () => player.toggle() });
  const range = el('input', { type: 'range', min: '0', max: String(video.frameCount - 1), step: '1', 'aria-label': 'frame', oninput: () => store.set({ frame: range.valueAsNumber, playing: false }) }); // prettier-ignore
  const where = el('output', { class: 'where' });
  const rate = choice('speed', { '0.1': '0.1×', '0.25': '0.25×', '0.5': '0.5×', '1': '1×', '2': '2×', '4': '4×' }, '1', (value) => store.set({ rate: Number(value) })); // prettier-ignore
  store.on(['playing'], ({ playing }) => {
    play.textContent = playing ? '❚❚' : '▶';
    play.setAttribute('aria-label', playing ? 'pause' : 'play');
  });
  store.on(['frame'], ({ frame }) => {
    range.valueAsNumber = frame;
    const index = header.frames.index[frame];
    const time = header.fps === null ? '' : ` · ${clock(index / header.fps)}`;
    where.textContent = `${index} / ${header.frames.index[video.frameCount - 1]}${time}`;
    where.title = header.frames.names[frame];
  });
  return el(
    'div',
    { class: 'transport' },
    button('‹', 'a frame back (←)', () => player.step(-1)),
    play,
    button('›', 'a frame on (→)', () => player.step(1)),
    range,
    where,
    rate,
  );
}

/** What is drawn, and how the tracks are listed. */
export function filters(store: Store, tracks: Tracks, axis: TimeAxis, colours: SeverityColours): HTMLElement {
  const toggle = (member: 'boxes' | 'labels' | 'alone', label: string): HTMLElement => {
    const box = el('input', { type: 'checkbox', id: `show-${member}`, onchange: () => store.set({ [member]: box.checked }) }); // prettier-ignore
    store.on([member], (state) => (box.checked = state[member]));
    return el('label', {}, box, label);
  };
  const score = el('input', { type: 'range', min: '0', max: '1', step: '0.01', id: 'min-score', oninput: () => store.set({ minScore: score.valueAsNumber }) }); // prettier-ignore
  const scoreValue = el('output', { for: 'min-score' });
  store.on(['minScore'], ({ minScore }) => {
    score.valueAsNumber = minScore;
    scoreValue.textContent = minScore.toFixed(2);
  });
  const length = el('input', { type: 'number', min: '1', step: '1', id: 'min-length', onchange: () => store.set({ minLength: Math.max(1, Math.round(length.valueAsNumber || 1)) }) }); // prettier-ignore
  store.on(['minLength'], ({ minLength }) => (length.valueAsNumber = minLength));
  const metrics: Record<Metric, string> = { score: 'score', missing: 'missing joints', speed: 'speed' };
  const orders: Record<TrackOrder, string> = { number: 'number', first: 'first frame', length: 'length', worst: 'worst first' }; // prettier-ignore
  const middle = (): number => GUTTER + axis.width / 2;
  return el(
    'div',
    { class: 'filters' },
    choice('colour', metrics, store.state.metric, (metric) => store.set({ metric })),
    legend(store, tracks, colours),
    choice('order', orders, store.state.order, (order) => store.set({ order })),
    el('label', { title: 'joints with a lower score are not drawn and count as missing' }, 'joint score ≥', score, scoreValue), // prettier-ignore
    el('label', { title: 'people who are there in fewer frames are not shown' }, 'frames ≥', length),
    toggle('boxes', 'boxes'),
    toggle('labels', 'numbers'),
    toggle('alone', 'chosen only'),
    el(
      'span',
      { class: 'zoom' },
      button('−', 'more frames at once', () => axis.zoom(2, middle())),
      button('+', 'fewer frames at once (Ctrl + wheel)', () => axis.zoom(0.5, middle())),
    ),
  );
}

/** The ends of the timeline's colours. */
function legend(store: Store, tracks: Tracks, colours: SeverityColours): HTMLElement {
  const [good, bad] = [el('span'), el('span')];
  const ramp = el('span', { class: 'ramp' });
  const element = el('span', { class: 'legend' }, good, ramp, bad);
  store.on(['metric', 'minScore', 'joint'], ({ metric }) => {
    const digits = metric === 'score' ? 2 : 0;
    const unit = metric === 'speed' ? ' %' : '';
    good.textContent = tracks.scale.good.toFixed(digits);
    bad.textContent = `${tracks.scale.bad.toFixed(digits)}${unit}`;
    ramp.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((t) => colours.of(t)).join(', ')})`;
  });
  return element;
}

function button(label: string, title: string, onclick: () => void): HTMLElement {
  return el('button', { title, 'aria-label': title, onclick }, label);
}

function choice<Name extends string>(
  label: string,
  options: Record<Name, string>,
  chosen: string,
  take: (name: Name) => void,
): HTMLElement {
  const select = el('select', { id: `choose-${label}`, onchange: () => take(select.value as Name) });
  for (const [value, text] of Object.entries<string>(options)) {
    select.append(el('option', { value, selected: value === chosen }, text));
  }
  return el('label', {}, label, select);
}

/** 75.2 → 1:15.2 */
function clock(seconds: number): string {
  const tenths = Math.floor(seconds * 10);
  return `${Math.floor(tenths / 600)}:${String(Math.floor((tenths % 600) / 10)).padStart(2, '0')}.${tenths % 10}`;
}

export const STATE_AT_FIRST: State = {
  frame: 0,
  track: null,
  joint: null,
  playing: false,
  rate: 1,
  minScore: 0.2, // as --render draws
  boxes: false,
  labels: true,
  alone: false,
  metric: 'score',
  order: 'number',
  minLength: 1,
  layer: 'pose',
};
