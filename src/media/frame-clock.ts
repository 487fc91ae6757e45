/**
 * When each frame is shown, in seconds after the first one. Times rise from frame to frame, whatever the file's time stamps do: a
 * frame without one, or with one that goes back, follows the frame before it at the video's rate.
 */
export class FrameClock {
  private start: number | null = null;
  private last: number | null = null;

  /**
   * @param tick seconds in one unit of the time stamps
   * @param fps mean frames a second; null where unknown
   */
  constructor(
    private readonly tick: number,
    private readonly fps: number | null,
  ) {}

  /** The next frame's time; null where neither its time stamp nor the rate tells it. */
  next(stamp: number | null): number | null {
    if (stamp !== null) this.start ??= stamp;
    const time = stamp === null ? null : this.secondsOf(stamp);
    if (time !== null && (this.last === null || time > this.last)) return (this.last = time);
    if (this.fps === null) return time !== null && this.last !== null ? this.last : null;
    return (this.last = this.last === null ? 0 : this.last + 1 / this.fps);
  }

  /** A time stamp's distance from the first frame's; null before there is one. */
  secondsOf(stamp: number): number | null {
    return this.start === null ? null : (stamp - this.start) * this.tick;
  }
}
