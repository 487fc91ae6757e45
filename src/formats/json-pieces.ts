/** A document whose lists are not there at once; they are gone through in the order of its members, once. */
export type InPieces<Document> = {
  [Member in keyof Document]: Document[Member] extends (infer Item)[] ? Iterable<Item> : Document[Member];
};

/**
 * The JSON of a document in pieces: a day of footage gives more text than one string can hold (512 MB). Lists at the top,
 * or in the members of an object at the top, are written item by item; everything else in one piece.
 */
export function* jsonPieces(document: object): Generator<string, void, undefined> {
  if (isList(document)) yield* items(document);
  else yield* members(document);
  yield '\n';
}

/** All of such a document. */
export function whole<Document extends object>(document: InPieces<Document>): Document {
  const entries = Object.entries(document).map(([name, value]) => [
    name,
    isList(value) ? [...value] : (value as unknown),
  ]);
  return Object.fromEntries(entries) as Document;
}

function isList(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function* members(document: object): Generator<string, void, undefined> {
  let separator = '{';
  for (const [name, value] of Object.entries(document)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    if (isList(value)) yield* items(value);
    else yield JSON.stringify(value);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

function* items(list: Iterable<unknown>): Generator<string, void, undefined> {
  let separator = '[';
  for (const item of list) {
    yield separator + JSON.stringify(item);
    separator = ',\n';
  }
  yield separator === '[' ? '[]' : ']';
}
