import type { KeptMaps, NativeHead } from '../native/contract.js';
import type { Image, PersonWindow } from '../types.js';
import type { CropNet, Crop } from './crop-net.js';
import type { Outputs } from '../onnx/outputs.js';
import type { WindowPose } from './one-joint-one-person.js';
import type { OwnPoses } from './own-pose.js';
import { idOf } from '../geometry/window.js';

/** V of one person's window of one frame, on the device (Eq. 1), and its embedding [C]. */
export interface StoredMap {
  handle: number;
  embedding: Float32Array;
  /** What the extractor by itself makes of the person; where the store decodes it. */
  pose?: WindowPose;
}

interface Entry {
  frame: number;
  map: Promise<StoredMap>;
  /** Who works with it just now. */
  users: number;
  /** Kept without users: until its frame is forgotten, or for the whole video. */
  kept: 'no' | 'frame' | 'video';
}

/**
 * Feature maps by frame, window and who is meant in it: what was extracted once is not extracted again while it is remembered. Owns the maps'
 * device memory.
 */
export class FeatureStore {
  private readonly entries = new Map<string, Entry>();
  /** What the head has of maps that were left on its device: those of a batch are taken in together, with the first that asks. */
  private readonly taken = new WeakMap<KeptMaps, ReturnType<NativeHead['ingest']>>();

  /**
   * @param output the extractor's feature output
   * @param ownPose decodes the extractor's other outputs, where its own poses are wanted
   */
  constructor(
    private readonly net: CropNet,
    private readonly head: NativeHead,
    private readonly output: string,
    private readonly ownPose?: OwnPoses['decode'],
  ) {}

  /** The map of a person's window of a frame, extracted where it is not remembered. It stays until it is given back. */
  map(image: Image & { index: number }, person: PersonWindow, signal?: AbortSignal): Promise<StoredMap> {
    const name = nameOf(image.index, person);
    let entry = this.entries.get(name);
    if (!entry) {
      const extracted = this.net.extract(image, [person], (outputs) => this.ingest(outputs, person), signal);
      entry = this.remember(name, image.index, extracted.then(([map]) => map)); // prettier-ignore
    }
    entry.users++;
    return entry.map;
  }

  /**
   * Gives a map back.
   * @param lasting whether a later key asks for it, so that it is kept until its frame is forgotten
   */
  async release(frame: number, person: PersonWindow, lasting: boolean): Promise<void> {
    const name = nameOf(frame, person);
    const entry = this.entries.get(name)!;
    entry.users--;
    if (lasting && entry.kept === 'no') entry.kept = 'frame';
    await this.free([[name, entry]]);
  }

  /** Extracts a crop that was cut before and remembers its map until `clear`. */
  async pin(frame: number, person: PersonWindow, crop: Crop): Promise<StoredMap> {
    const extracted = this.net.extractCrop(crop, person, (outputs) => this.ingest(outputs, person));
    const entry = this.remember(nameOf(frame, person), frame, extracted);
    entry.kept = 'video';
    return entry.map;
  }

  /** Forgets the maps of earlier frames, but for the pinned. */
  async forgetBefore(frame: number): Promise<void> {
    for (const entry of this.entries.values()) if (entry.frame < frame && entry.kept === 'frame') entry.kept = 'no';
    await this.free([...this.entries]);
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    for (const entry of this.entries.values()) Object.assign(entry, { users: 0, kept: 'no' });
    await this.free([...this.entries]);
  }

  private remember(name: string, frame: number, map: Promise<StoredMap>): Entry {
    map.catch(() => {}); // whoever asks for it is told; until then it must not count as unhandled
    const entry: Entry = { frame, map, users: 0, kept: 'no' };
    this.entries.set(name, entry);
    return entry;
  }

  /** @param outputs of the person's window, [1, …] each */
  private async ingest(outputs: Outputs, person: PersonWindow): Promise<StoredMap> {
    const { data, kept } = outputs[this.output];
    const pose = this.ownPose?.(outputs, person);
    if (!kept) {
      const { handles, embeddings } = await this.head.ingest(data);
      return { handle: handles[0], embedding: embeddings, pose };
    }
    const { maps, index } = kept;
    if (!this.taken.has(maps)) this.taken.set(maps, this.head.ingest(maps));
    const { handles, embeddings } = await this.taken.get(maps)!;
    const channels = embeddings.length / handles.length;
    return { handle: handles[index], embedding: embeddings.slice(index * channels, (index + 1) * channels), pose };
  }

  /** Frees those of the maps that nobody needs. */
  private async free(entries: readonly [string, Entry][]): Promise<void> {
    const gone = entries.filter(([, { users, kept }]) => users === 0 && kept === 'no');
    for (const [name] of gone) this.entries.delete(name);
    const maps = await Promise.allSettled(gone.map(([, { map }]) => map));
    const handles = maps.flatMap((result) => (result.status === 'fulfilled' ? [result.value.handle] : []));
    if (handles.length > 0) this.head.release(Int32Array.from(handles));
  }
}

function nameOf(frame: number, person: PersonWindow): string {
  return `${frame} ${idOf(person)}`;
}
