/** Which poses to explain. */
export interface Selection {
  /** Frames of the video, first and last of each range; null: all. */
  frames: readonly (readonly [first: number, last: number])[] | null;
  /** Track numbers; null: all. */
  tracks: readonly number[] | null;
}

export function selectsFrame({ frames }: Selection, frame: number): boolean {
  return frames === null || frames.some(([first, last]) => frame >= first && frame <= last);
}

export function selectsTrack({ tracks }: Selection, track: number): boolean {
  return tracks === null || tracks.includes(track);
}
