import { el } from './elements.js';
import type { Player } from './player.js';
import type { Problems } from './problems.js';
import type { Stage } from './stage.js';
import type { Layer, Store } from './state.js';
import type { Tracks } from './tracks.js';
import type { Video } from './video.js';

const LAYERS: readonly Layer[] = ['pose', 'heat', 'mask'];

interface Key {
  /** As KeyboardEvent.key gives them. */
  keys: string[];
  says: string;
  does(event: KeyboardEvent): void;
}

/** Listens for keys. @returns the dialog that lists them, and the button that opens it */
export function keyboard(
  video: Video,
  tracks: Tracks,
  store: Store,
  player: Player,
  stage: Stage,
  problems: Problems,
): { dialog: HTMLElement; button: HTMLElement } {
  const among = (step: number): void => {
    const people = [...video.posesIn(store.state.frame)].map((pose) => video.trackOf(pose)).filter((track) => tracks.isListed(track)); // prettier-ignore
    if (people.length === 0) return;
    const at = store.state.track === null ? -1 : people.indexOf(store.state.track);
    store.set({
      track: people[(at < 0 ? (step > 0 ? 0 : -1) : at + step) % people.length] ?? people[people.length - 1],
    });
  };
  const keys: Key[] = [
    { keys: [' '], says: 'play, pause', does: () => player.toggle() },
    { keys: ['ArrowLeft', 'ArrowRight'], says: 'a frame back, on; with Shift ten', does: ({ key, shiftKey }) => player.step((key === 'ArrowLeft' ? -1 : 1) * (shiftKey ? 10 : 1)) }, // prettier-ignore
    { keys: ['Home', 'End'], says: 'first, last frame', does: ({ key }) => player.step(key === 'Home' ? -Infinity : Infinity) }, // prettier-ignore
    { keys: ['ArrowUp', 'ArrowDown'], says: 'the person before, after', does: ({ key }) => among(key === 'ArrowUp' ? -1 : 1) }, // prettier-ignore
    { keys: ['p', 'n'], says: 'the chosen person’s worst moment before, after this one; round from the end to the beginning', does: ({ key }) => worst(key === 'n' ? 1 : -1) }, // prettier-ignore
    { keys: [',', '.'], says: 'the problem before, the next one', does: ({ key }) => problems.go(key === '.' ? 1 : -1) }, // prettier-ignore
    { keys: ['z'], says: 'zoom to the chosen person', does: () => zoom() },
    { keys: ['f'], says: 'the whole frame', does: () => stage.resetZoom() },
    { keys: ['h'], says: 'over the crop: pose, heat maps, mask', does: () => store.set({ layer: LAYERS[(LAYERS.indexOf(store.state.layer) + 1) % LAYERS.length] }) }, // prettier-ignore
    { keys: ['b', 'l', 'o'], says: 'boxes, numbers, the chosen person only', does: ({ key }) => toggle(key) },
    { keys: ['Escape'], says: 'choose nobody', does: () => store.set({ track: null, joint: null }) },
    { keys: ['?'], says: 'these keys', does: () => dialog.showModal() },
  ];
  function zoom(): void {
    const { track, frame } = store.state;
    const pose = track === null ? null : video.poseOf(track, frame);
    if (pose !== null) stage.zoomTo(pose);
  }
  function toggle(key: string): void {
    const { boxes, labels, alone } = store.state;
    store.set(key === 'b' ? { boxes: !boxes } : key === 'l' ? { labels: !labels } : { alone: !alone });
  }
  /** The next local maximum of severity among the worst tenth of the track's poses. */
  function worst(direction: 1 | -1): void {
    const { track, frame } = store.state;
    if (track === null) return;
    const [first] = video.posesOf(track);
    const severity = Array.from(tracks.valuesOf(track), (value) => tracks.severity(value));
    const sorted = severity.filter((value) => !Number.isNaN(value)).sort((a, b) => b - a);
    const bar = sorted[Math.floor(sorted.length / 10)];
    let at = video.poseFrom(track, frame) - first;
    if (direction > 0 && video.frameOf(first + at) > frame) at--; // the next pose is a candidate itself
    const count = severity.length;
    for (let step = 1; step <= count; step++) {
      const place = (((at + direction * step) % count) + count) % count; // after the last comes the first
      const isPeak = !(severity[place - 1] > severity[place]) && !(severity[place + 1] > severity[place]);
      if (severity[place] >= bar && isPeak) return store.set({ frame: video.frameOf(first + place), playing: false });
    }
  }
  const dialog = el(
    'dialog',
    { class: 'keys' },
    el('h2', {}, 'Keys'),
    el('dl', {}, ...keys.map(({ keys: names, says }) => el('div', {}, el('dt', {}, ...names.map((name) => el('kbd', {}, shown(name)))), el('dd', {}, says)))), // prettier-ignore
    el('p', { class: 'quiet' }, 'Wheel or two fingers zoom the frame, dragging moves it, a double click shows it whole. Over the timeline, Ctrl + wheel zooms and Shift + wheel moves.'), // prettier-ignore
    el('form', { method: 'dialog' }, el('button', {}, 'Close')),
  );
  document.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'number')) return;
    if (event.key === ' ' && target instanceof HTMLButtonElement) return; // it presses the button
    const key = keys.find(({ keys: names }) => names.includes(event.key));
    if (!key) return;
    event.preventDefault();
    key.does(event);
  });
  return { dialog, button: el('button', { class: 'plain', title: 'keys (?)', 'aria-label': 'keys', onclick: () => dialog.showModal() }, '?') }; // prettier-ignore
}

function shown(key: string): string {
  const names: Record<string, string> = { ' ': 'space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' }; // prettier-ignore
  return names[key] ?? key;
}
