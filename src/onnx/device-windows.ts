import type { Addon, NativeNetwork, NetworkImage, NetworkWindows } from '../native/contract.js';
import type { NetInput } from '../native/cut-window.js';
import type { Image, PersonWindow } from '../types.js';
import type { BufferPool } from './buffer-pool.js';
import type { Output, Outputs } from './outputs.js';

/** Bytes of images that are remembered on the device: 43 of 1920×1080. */
const MOST_IMAGE_BYTES = 256 * 2 ** 20;

const NOTHING = new Float32Array(0);

/** One that a network is to see. */
export interface ImageWindow {
  /** With the same index and the same array it is the same image: whoever changes the array gives another index. */
  image: Image & { index?: number };
  person: PersonWindow;
}

/** Windows that were cut before: [count, 3, height, width]. */
export interface CutWindows {
  crops: Float32Array;
  count: number;
}

/** An output of the network. */
interface OutputMap {
  name: string;
  /** [channels, height, width] */
  dims: readonly number[];
}

interface Remembered {
  data: WeakRef<Uint8Array>;
  bytes: number;
  image: NetworkImage;
}

/**
 * Runs a network of the addon on windows that its device cuts: an image goes up once for all its windows, and an output that a head
 * on the same device takes in does not come back.
 */
export class DeviceWindows {
  /** By index; those used last at the end. */
  private readonly images = new Map<number | undefined, Remembered>();
  private bytes = 0;

  /**
   * @param input size and standardisation of the network's first input
   * @param kept the name of the output that stays on the device, if one does
   */
  constructor(
    private readonly native: Pick<Addon, 'discard'>,
    private readonly network: NativeNetwork,
    private readonly input: NetInput,
    private readonly outputs: readonly OutputMap[],
    private readonly buffers: BufferPool,
    private readonly kept?: string,
  ) {}

  /**
   * @param others the network's other inputs, [N, …] each
   * @param wanted names of the outputs that somebody reads; one that stays does so in any case
   * @param use takes the outputs, [N, …] by name, which are overwritten, or given up, once its promise has settled
   */
  async run<T>(
    windows: readonly ImageWindow[] | CutWindows,
    others: readonly Float32Array[],
    wanted: readonly string[],
    use: (outputs: Outputs) => T | Promise<T>,
  ): Promise<T> {
    const { native, network, outputs, buffers } = this;
    const given = 'crops' in windows ? windows.crops : this.cutOf(windows);
    const count = 'crops' in windows ? windows.count : windows.length;
    const into = outputs.map(({ name, dims: [channels, height, width] }) =>
      name !== this.kept && wanted.includes(name) ? buffers.take(count * channels * height * width) : null,
    );
    const place = outputs.findIndex(({ name }) => name === this.kept);
    const keep = place < 0 ? undefined : place;
    const { kept } = await network.run({ inputs: [given, ...others], count, into, keep });
    try {
      const results = outputs.map(({ name, dims }, i): [string, Output] => {
        const output = { dims: [count, ...dims], data: into[i] ?? NOTHING };
        return [name, i === keep ? { ...output, kept: { maps: kept!, index: 0 } } : output];
      });
      return await use(Object.fromEntries(results));
    } finally {
      for (const data of into) if (data) buffers.give(data);
      if (kept) native.discard(kept);
    }
  }

  /** Forgets all images. */
  forget(): void {
    for (const index of [...this.images.keys()]) this.drop(index);
  }

  private cutOf(windows: readonly ImageWindow[]): NetworkWindows {
    const places = windows.map(({ person: { window } }) => [
      window.centreX,
      window.centreY,
      window.width,
      window.height,
    ]);
    return {
      images: windows.map(({ image }) => this.imageOf(image)),
      windows: Float64Array.from(places.flat()),
      mirrored: Uint8Array.from(windows, ({ person }) => (person.mirrored ? 1 : 0)),
      mean: Float32Array.from(this.input.mean),
      std: Float32Array.from(this.input.std),
    };
  }

  private imageOf({ index, width, height, data }: ImageWindow['image']): NetworkImage {
    const known = this.images.get(index);
    if (known?.data.deref() === data) {
      this.images.delete(index);
      this.images.set(index, known);
      return known.image;
    }
    this.drop(index);
    const image = this.network.image({ width, height, data });
    this.images.set(index, { data: new WeakRef(data), bytes: data.length, image });
    this.bytes += data.length;
    for (const oldest of this.images.keys()) {
      if (this.bytes <= MOST_IMAGE_BYTES || this.images.size === 1) break;
      this.drop(oldest);
    }
    return image;
  }

  private drop(index: number | undefined): void {
    const gone = this.images.get(index);
    if (!gone) return;
    this.images.delete(index);
    this.bytes -= gone.bytes;
    this.native.discard(gone.image); // runs that use it end well
  }
}
