/* Values as people write them, on a command line or in a record of one. Each throws an Error that says what was expected. */

export function positiveInteger(text: string): number {
  return checked(text, 'a whole number from 1 up', (value) => Number.isSafeInteger(value) && value >= 1);
}

export function nonNegativeInteger(text: string): number {
  return checked(text, 'a whole number from 0 up', (value) => Number.isSafeInteger(value) && value >= 0);
}

export function positiveNumber(text: string): number {
  return checked(text, 'a number above 0', (value) => value > 0 && Number.isFinite(value));
}

/** From 0 to 1, both included. */
export function share(text: string): number {
  return checked(text, 'a number from 0 to 1', (value) => value >= 0 && value <= 1);
}

/** Numbers with commas between them; NaN for what is none. */
export function numbersOf(text: string): number[] {
  return text.split(',').map(numberOf);
}

export function oneOf<T extends string>(known: readonly T[], text: string): T {
  const value = known.find((one) => one === text);
  if (value === undefined) throw new Error(`"${text}" is none of ${known.join(', ')}.`);
  return value;
}

/** NaN for an empty text, which Number takes for 0. */
function numberOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}

function checked(text: string, expected: string, fits: (value: number) => boolean): number {
  const value = numberOf(text);
  if (!fits(value)) throw new Error(`Expected ${expected}.`);
  return value;
}
