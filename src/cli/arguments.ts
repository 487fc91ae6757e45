import { InvalidArgumentError } from 'commander';
import type { Device } from '../estimation/model.js';

/** Parsers of option values; each throws what commander shows with the option's name. */

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1 up.');
  return value;
}

export function nonNegativeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('Expected a whole number from 0 up.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

/** A number strictly between 0 and 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Expected a number between 0 and 1.');
  return value;
}

export function device(text: string): Device {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(text))
    throw new InvalidArgumentError('Expected auto, cpu, cuda or cuda:<index>.');
  return text as Device;
}
