import type { Parts } from './parts.js';
import type { Store } from './state.js';
import type { Video } from './video.js';

/** Rate of frames that come without one. */
const FPS_OF_FOLDERS = 25;
/** Pictures decoded ahead. */
const AHEAD = 6;

/** Moves through the frames at the video's speed, or as fast as pictures come; at the end it stops. */
export class Player {
  private due = 0;

  constructor(
    private readonly video: Video,
    private readonly parts: Parts,
    private readonly store: Store,
  ) {
    store.on(['playing'], ({ playing, frame }) => {
      if (!playing) return;
      if (frame >= video.frameCount - 1) store.set({ frame: 0 });
      this.due = performance.now() + this.delay(store.state.frame);
      requestAnimationFrame((now) => this.tick(now));
    });
  }

  toggle(): void {
    this.store.set({ playing: !this.store.state.playing });
  }

  /** Stops, and goes some frames on or back. */
  step(frames: number): void {
    const frame = Math.max(0, Math.min(this.video.frameCount - 1, this.store.state.frame + frames));
    this.store.set({ frame, playing: false });
  }

  private tick(now: number): void {
    if (!this.store.state.playing) return;
    const { index } = this.video.header.frames;
    let { frame } = this.store.state;
    for (let i = 1; i <= AHEAD && frame + i < index.length; i++) void this.parts.picture(index[frame + i]);
    if (!this.parts.hasPictures) {
      while (now >= this.due && frame < index.length - 1) this.due += this.delay(++frame);
    } else if (now >= this.due && frame < index.length - 1) {
      const next = index[frame + 1];
      if (!this.parts.hasPicture(next) || this.parts.readyPicture(next)) {
        frame++;
        this.due = Math.max(now, this.due) + this.delay(frame); // a picture that came late does not make others hurry
      }
    }
    this.store.set(frame >= index.length - 1 ? { frame, playing: false } : { frame });
    requestAnimationFrame((later) => this.tick(later));
  }

  /** Milliseconds that a frame is shown. */
  private delay(frame: number): number {
    const { frames, fps } = this.video.header;
    const steps = frame + 1 < frames.index.length ? frames.index[frame + 1] - frames.index[frame] : 1;
    return (1000 * Math.max(1, steps)) / (fps ?? FPS_OF_FOLDERS) / this.store.state.rate;
  }
}
