import type { Store } from './state.js';
import type { Video } from './video.js';

/** How long the state must rest before it is written: browsers limit how often that may be done. */
const REST_MS = 250;

/** Keeps frame and person in the page's address (#frame=40&person=3), so that one pose can be bookmarked and sent. */
export function keepInAddress(video: Video, store: Store): void {
  const read = (): void => {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const { frames, tracks } = video.header;
    const frame = frames.index.indexOf(Number(parameters.get('frame') ?? NaN));
    const track = tracks.findIndex(({ id }) => String(id) === parameters.get('person'));
    store.set({ ...(frame >= 0 ? { frame } : {}), ...(track >= 0 ? { track } : {}) });
  };
  read();
  window.addEventListener('hashchange', read);
  let timer = 0;
  store.on(['frame', 'track', 'playing'], ({ frame, track, playing }) => {
    clearTimeout(timer);
    if (playing) return;
    timer = setTimeout(() => {
      const parameters = new URLSearchParams({ frame: String(video.header.frames.index[frame]) });
      if (track !== null) parameters.set('person', String(video.header.tracks[track].id));
      history.replaceState(null, '', `#${parameters.toString()}`);
    }, REST_MS);
  });
}
