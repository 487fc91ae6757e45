/** What the page of an analysis is made of, as Node writes it and the browser reads it. */
export interface MovementData {
  /** Size of the frames in pixels. */
  width: number;
  height: number;
  /** Frames of the video, in order. */
  frames: number[];
  /** Seconds of life of each frame. */
  times: number[];
  /** How many times slower than life the video plays. */
  slowMotion: number;
  people: MovementPerson[];
  /** In the order of the page's figures. */
  charts: MovementChart[];
  /** The folder beside the page that holds the pictures; null where they stand in the page. */
  folder: string | null;
  /** Frames of the video whose pictures are there. */
  pictures: number[];
}

export interface MovementPerson {
  trackId: number;
  colour: string;
  /** Frame of the first sample, and frames between samples. */
  first: number;
  stride: number;
  /** Lines of the skeleton over time: x1, y1, x2, y2 of every sample in pixels; null where an end is missing. */
  limbs: { side: 'left' | 'right' | 'middle'; places: (number | null)[] }[];
}

/** A plot over time, and what is said beside it. */
export interface MovementChart {
  /** Place in `people`. */
  person: number;
  /** Seconds at the plot's left and right end, and where these are, in the drawing's units. */
  times: [number, number];
  places: [number, number];
  top: number;
  bottom: number;
  unit: string;
  /** One value a sample of the person; null where there is none. */
  lines: { label: string; values: (number | null)[] }[];
}

/** Ids of the page's elements. */
export const MOVEMENT_PART = { data: 'movement' };
