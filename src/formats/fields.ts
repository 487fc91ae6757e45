import { GlposeError } from '../errors.js';
import type { Box } from '../types.js';

/** A JSON object whose fields are yet to be looked at. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a number that can be computed with: neither NaN nor infinite. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** The list a field holds. @throws GlposeError ANNOTATION where it is no list */
export function listOf(fields: Fields, name: string, where: string): unknown[] {
  const value = fields[name];
  if (Array.isArray(value)) return value;
  throw new GlposeError(
    'ANNOTATION',
    `${where}: the list \`${name}\` is ${describe(value)}`,
    `Write \`${name}\` as a list.`,
  );
}

/** The list of texts a field holds. @throws GlposeError ANNOTATION where it is none */
export function textsOf(fields: Fields, name: string, where: string): string[] {
  return listOf(fields, name, where).map((value, index) => {
    if (typeof value === 'string') return value;
    const problem = `${where}: \`${name}\` ${index} is ${describe(value)}`;
    throw new GlposeError('ANNOTATION', problem, `Write \`${name}\` as a list of texts.`);
  });
}

/** The object at a place of a list. @throws GlposeError ANNOTATION where it is none */
export function fieldsOf(value: unknown, where: string): Fields {
  if (isFields(value)) return value;
  throw new GlposeError('ANNOTATION', `${where} is ${describe(value)}`, 'An object with named fields belongs here.');
}

/** `[x, y, width, height]` as a box, or null where it is absent or not four numbers. */
export function boxOf(value: unknown): Box | null {
  if (!Array.isArray(value) || value.length < 4 || !value.slice(0, 4).every(isNumber)) return null;
  const [x, y, width, height] = value as number[];
  return { x, y, width, height };
}

/** A value for a message: its kind, not all of it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}
