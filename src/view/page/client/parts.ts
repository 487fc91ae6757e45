import { PART, TAKE_PART, type PageHeader, type WhyHeader } from '../page-data.js';
import { unpack } from '../packet.js';

/** The bytes that an element of the page holds; null where there is no such element. */
export function embedded(name: string): Uint8Array | null {
  const text = document.getElementById(name)?.textContent;
  return text === undefined || text === null ? null : fromBase64(text);
}

function fromBase64(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** What zlib's deflateRaw packed. */
export async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = stream.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const chunks: Uint8Array[] = []; // put together here: a Response takes twice as long in Chromium
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  const plain = new Uint8Array(chunks.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    plain.set(chunk, at);
    at += chunk.length;
  }
  return plain;
}

export type Picture = ImageBitmap | HTMLImageElement;

/** Memory of decoded pictures, in bytes; and as many as the references of one pose need. */
const PICTURE_MEMORY = 200e6;
const FEWEST_PICTURES = 20;
const EXPLANATIONS_KEPT = 16;

/** The pictures and explanations of the page, loaded when asked for, from the page or from its folder. */
export class Parts {
  private readonly there: { pictures: Set<number>; explained: Set<number> };
  private readonly pictures: Recent<Picture>;
  private readonly explanations = new Recent<{ header: WhyHeader; bytes: Uint8Array }>(EXPLANATIONS_KEPT);
  private readonly awaited = new Map<string, (base64: string) => void>();

  constructor(private readonly header: PageHeader) {
    const pictures = Math.floor(PICTURE_MEMORY / (4 * header.width * header.height));
    this.pictures = new Recent<Picture>(Math.max(FEWEST_PICTURES, pictures));
    this.there = { pictures: new Set(header.pictures), explained: new Set(header.explained) };
    Object.assign(window, { [TAKE_PART]: (name: string, base64: string) => this.awaited.get(name)?.(base64) });
  }

  get hasPictures(): boolean {
    return this.there.pictures.size > 0;
  }

  hasPicture(frame: number): boolean {
    return this.there.pictures.has(frame);
  }

  isExplained(frame: number): boolean {
    return this.there.explained.has(frame);
  }

  /** The picture of a frame of the video where it is decoded already. */
  readyPicture(frame: number): Picture | null {
    return this.pictures.ready(frame);
  }

  /** null where there is none, or its file is gone. */
  async picture(frame: number): Promise<Picture | null> {
    if (!this.hasPicture(frame)) return null;
    return this.pictures.get(frame, () => this.loadPicture(PART.picture(frame))).catch(() => null);
  }

  /** null where there is none, or its file is gone. */
  async explanation(frame: number): Promise<{ header: WhyHeader; bytes: Uint8Array } | null> {
    if (!this.isExplained(frame)) return null;
    return this.explanations.get(frame, () => this.loadExplanation(PART.why(frame))).catch(() => null);
  }

  private async loadPicture(name: string): Promise<Picture> {
    const { folder } = this.header;
    if (folder === null) {
      return createImageBitmap(new Blob([embedded(name)! as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }));
    }
    const image = new Image();
    image.src = `${encodeURIComponent(folder)}/${name}.jpg`;
    await image.decode();
    return image;
  }

  private async loadExplanation(name: string): Promise<{ header: WhyHeader; bytes: Uint8Array }> {
    const packed = this.header.folder === null ? embedded(name)! : fromBase64(await this.fromScript(name));
    return unpack<WhyHeader>(await inflated(packed));
  }

  /** Runs a script of the folder, which hands over its data. */
  private fromScript(name: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      this.awaited.set(name, resolve);
      script.src = `${encodeURIComponent(this.header.folder!)}/${name}.js`;
      script.onerror = () => reject(new Error(`${script.src} cannot be read`));
      script.onload = () => script.remove();
      document.head.append(script);
    });
  }
}

/** Things that take time to make, the last few of them. */
class Recent<T> {
  private readonly kept = new Map<number, { promise: Promise<T>; value: T | null }>();

  constructor(private readonly limit: number) {}

  ready(key: number): T | null {
    return this.kept.get(key)?.value ?? null;
  }

  get(key: number, make: () => Promise<T>): Promise<T> {
    const entry = this.kept.get(key) ?? this.made(make);
    this.kept.delete(key);
    this.kept.set(key, entry); // the latest stands last
    for (const old of this.kept.keys()) {
      if (this.kept.size <= this.limit) break;
      this.kept.delete(old);
    }
    return entry.promise;
  }

  private made(make: () => Promise<T>): { promise: Promise<T>; value: T | null } {
    const entry: { promise: Promise<T>; value: T | null } = { promise: make(), value: null };
    entry.promise.then(
      (value) => (entry.value = value),
      () => {}, // whoever asked hears of it
    );
    return entry;
  }
}
