import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';

const TOKENS = [
  '',
  '-1',
  '0',
  '1e308',
  '-1e308',
  'NaN',
  'Infinity',
  '1e-320',
  '0x10',
  '2',
  '..',
  ' ',
  '\0',
  '99999999999',
];

/** Changes lines of text and the fields in them, or bytes. */
export function mutateLines(input: Buffer, random: Random, other: Buffer): Buffer {
  if (random.chance(0.2)) return mutateBytes(input, random, other);
  const lines = input.toString('latin1').split('\n');
  const donor = other.toString('latin1').split('\n');
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    const at = random.integer(0, Math.max(1, lines.length));
    const fields = (lines[at] ?? '').split(',');
    switch (random.integer(0, 5)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, donor[random.integer(0, donor.length)]);
        break;
      case 2:
        fields.splice(random.integer(0, fields.length), 1);
        lines[at] = fields.join(',');
        break;
      default:
        fields[random.integer(0, fields.length + 1)] = TOKENS[random.integer(0, TOKENS.length)];
        lines[at] = fields.join(',');
    }
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}
