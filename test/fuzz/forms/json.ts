import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';

type Container = Record<string, unknown> | unknown[];

/** Values that readers do not expect; functions make a new one each time. */
const STRANGE: (() => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 0.5,
  () => 1e9,
  () => 2 ** 53,
  () => 1e308,
  () => -1e308,
  () => 5e-324,
  () => '',
  () => '..',
  () => '../../etc/passwd',
  () => 'a\0b',
  () => '__proto__',
  () => 'NaN',
  () => '<script>alert(1)</script>',
  () => 'x'.repeat(300),
  () => [],
  () => [[]],
  () => ({}),
  () => ({ toString: null, valueOf: null }),
  () => ({ length: 1e9 }),
  () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}') as unknown,
  () => Array.from({ length: 40 }, (_, i) => i),
];
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'hasOwnProperty', ''];
/** What Python writes and JSON does not have, and numbers that no double holds. */
const TOKENS = ['NaN', '-Infinity', '1e999', '-0', '1e-999', '123456789012345678901234567890', '[[[[[[[[', '"\\"\\"'];

/** Changes the tree of a JSON document, or its text. */
export function mutateJson(input: Buffer, random: Random, other: Buffer): Buffer {
  if (random.chance(0.1)) return mutateBytes(input, random, other);
  const root = parsed(input);
  if (!root) return mutateBytes(input, random, other);
  const donor = parsed(other) ?? root;
  for (let changes = random.integer(1, 4); changes > 0; changes--) changeTree(root, random, donor);
  let text = JSON.stringify(root[0]) ?? 'null';
  if (random.chance(0.1)) text = withToken(text, random);
  return Buffer.from(text);
}

/** Changes a tree in place; `root` holds the document as its one item. */
export function changeTree(root: unknown[], random: Random, donor: unknown[]): void {
  const { holder, key } = placeIn(root, random);
  const value = (holder as Record<string, unknown>)[key];
  const put = (name: string, content: unknown): void => {
    Object.defineProperty(holder, name, { value: content, enumerable: true, configurable: true, writable: true });
  };
  switch (random.integer(0, 9)) {
    case 0:
    case 1:
      return put(key, STRANGE[random.integer(0, STRANGE.length)]());
    case 2:
      if (Array.isArray(holder)) {
        if (holder !== root) holder.splice(Number(key), 1);
      } else delete holder[key];
      return;
    case 3:
      if (!Array.isArray(holder)) return put(KEYS[random.integer(0, KEYS.length)], value);
      for (let copies = random.integer(1, 20); holder !== root && copies > 0; copies--) holder.push(value);
      return;
    case 4:
      return put(key, [value]);
    case 5:
    case 6: {
      const from = placeIn(donor, random);
      return put(key, structuredClone((from.holder as Record<string, unknown>)[from.key])); // not into itself
    }
    case 7:
      if (Array.isArray(value)) put(key, value.slice(0, random.integer(0, value.length + 1)));
      else if (typeof value === 'string') put(key, value + String.fromCharCode(random.integer(0, 256)));
      return;
    default:
      if (typeof value === 'number')
        put(key, [value + 1, value - 1, -value, value * 1e6, value / 3][random.integer(0, 5)]);
  }
}

function parsed(input: Buffer): unknown[] | null {
  try {
    return [JSON.parse(input.toString()) as unknown];
  } catch {
    return null;
  }
}

/** A random place of a tree, near its top as often as deep in it. */
function placeIn(root: unknown[], random: Random): { holder: Container; key: string } {
  let holder: Container = root;
  let key = '0';
  for (;;) {
    const value = (holder as Record<string, unknown>)[key];
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (keys.length === 0 || random.chance(0.15)) return { holder, key };
    holder = value as Container;
    key = keys[random.integer(0, keys.length)];
  }
}

/** A token in place of a number, or somewhere. */
function withToken(text: string, random: Random): string {
  const token = TOKENS[random.integer(0, TOKENS.length)];
  const from = random.integer(0, text.length + 1);
  const number = text.slice(from).search(/[-\d]/);
  const at = number < 0 ? from : from + number;
  const end = number < 0 ? at : at + /^[-\d.eE+]*/.exec(text.slice(at))![0].length;
  return text.slice(0, at) + token + text.slice(end);
}
