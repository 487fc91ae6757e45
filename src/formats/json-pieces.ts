/**
 * The JSON of a document in pieces: a day of footage gives more text than one string can hold (512 MB). Lists at the top,
 * or in the members of an object at the top, are written item by item; everything else in one piece.
 */
export function* jsonPieces(document: object): Generator<string, void, undefined> {
  if (Array.isArray(document)) yield* items(document);
  else yield* members(document);
  yield '\n';
}

function* members(document: object): Generator<string, void, undefined> {
  let separator = '{';
  for (const [name, value] of Object.entries(document)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* items(value);
    else yield JSON.stringify(value);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

function* items(list: unknown[]): Generator<string, void, undefined> {
  let separator = '[';
  for (const item of list) {
    yield separator + JSON.stringify(item);
    separator = ',\n';
  }
  yield separator === '[' ? '[]' : ']';
}
