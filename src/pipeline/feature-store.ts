import type { NativeHead } from '../native/binding.js';
import type { CropNet, Crop, Image } from './extract.js';
import type { Window } from './window.js';

/** V of one window of one frame, on the device (Eq. 1), and its embedding [C]. */
export interface StoredMap {
  handle: number;
  embedding: Float32Array;
}

interface Entry {
  frame: number;
  pinned: boolean;
  map: Promise<StoredMap>;
}

/**
 * Feature maps by frame and window: what was extracted once is not extracted again while it is remembered. Owns the maps'
 * device memory.
 */
export class FeatureStore {
  private readonly entries = new Map<string, Entry>();

  /** @param output the extractor's feature output */
  constructor(
    private readonly net: CropNet,
    private readonly head: NativeHead,
    private readonly output: string,
  ) {}

  /** The maps of windows of one frame; those not remembered are extracted together. */
  async maps(image: Image & { index: number }, windows: readonly Window[]): Promise<StoredMap[]> {
    const missing = new Map<string, Window>();
    for (const window of windows) {
      const name = nameOf(image.index, window);
      if (!this.entries.has(name)) missing.set(name, window);
    }
    if (missing.size > 0) {
      const extracted = this.net.cut(image, [...missing.values()]).then((crops) => this.extract(crops));
      [...missing.keys()].forEach((name, i) =>
        this.remember(
          name,
          image.index,
          false,
          extracted.then((all) => all[i]),
        ),
      );
    }
    return Promise.all(windows.map((window) => this.entries.get(nameOf(image.index, window))!.map));
  }

  /** Extracts a crop that was cut before and remembers its map until `clear`. */
  async pin(frame: number, window: Window, crop: Crop): Promise<StoredMap> {
    const name = nameOf(frame, window);
    this.remember(name, frame, true, this.extract([crop]).then(([map]) => map)); // prettier-ignore
    return this.entries.get(name)!.map;
  }

  /** Forgets the maps of earlier frames, but for the pinned. Nobody may use them any more. */
  async forgetBefore(frame: number): Promise<void> {
    await this.forget((entry) => entry.frame < frame && !entry.pinned);
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    await this.forget(() => true);
  }

  private remember(name: string, frame: number, pinned: boolean, map: Promise<StoredMap>): void {
    map.catch(() => {}); // whoever asks for it is told; until then it must not count as unhandled
    this.entries.set(name, { frame, pinned, map });
  }

  private async extract(crops: readonly Crop[]): Promise<StoredMap[]> {
    const { data } = (await this.net.run(crops))[this.output];
    const { handles, embeddings } = await this.head.put(data);
    const C = embeddings.length / handles.length;
    return [...handles].map((handle, i) => ({ handle, embedding: embeddings.slice(i * C, (i + 1) * C) }));
  }

  private async forget(which: (entry: Entry) => boolean): Promise<void> {
    const gone = [...this.entries].filter(([, entry]) => which(entry));
    for (const [name] of gone) this.entries.delete(name);
    const maps = await Promise.allSettled(gone.map(([, entry]) => entry.map));
    const handles = maps.flatMap((result) => (result.status === 'fulfilled' ? [result.value.handle] : []));
    if (handles.length > 0) this.head.release(Int32Array.from(handles));
  }
}

function nameOf(frame: number, { centreX, centreY, width }: Window): string {
  return `${frame} ${centreX} ${centreY} ${width}`; // the aspect is the net's: the height follows
}
