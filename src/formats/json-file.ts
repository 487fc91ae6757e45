import { readFileSync } from 'node:fs';
import type { ParseErrorCode } from 'jsonc-parser';
import { printParseErrorCode, visit } from 'jsonc-parser';
import { GlposeError, messageOf } from '../errors.js';

/** V8 holds no longer string (2²⁹ − 24 characters). */
const MAX_BYTES = 0x1fffffe8;

/**
 * Reads a JSON file. Numbers that JSON does not have but Python writes (NaN, Infinity) become null, so that whoever
 * reads the value can say which frame and person it belongs to.
 * @throws GlposeError ANNOTATION: unreadable, too large, or invalid with line and column
 */
export function readJsonFile(file: string): unknown {
  const text = readText(file);
  try {
    return JSON.parse(text);
  } catch {
    return parseWithNaN(file, text);
  }
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const reason = messageOf(cause).split(',')[0];
    throw new GlposeError('ANNOTATION', `${file} cannot be read: ${reason}`, 'Check the path and its permissions.', {
      cause,
    });
  }
  if (bytes.length > MAX_BYTES) {
    const megabytes = Math.round(bytes.length / 1e6);
    throw new GlposeError(
      'ANNOTATION',
      `${file} has ${megabytes} MB, more than one JSON document can have here (${Math.floor(MAX_BYTES / 1e6)} MB)`,
      'Split it into one file per sequence and give the folder.',
    );
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf; // byte order mark
  return bytes.toString('utf8', hasMark ? 3 : 0);
}

/** Matches a string whole, so that a NaN inside one stays, or a bare non-number. */
const STRING_OR_NON_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

function parseWithNaN(file: string, text: string): unknown {
  if (/NaN|Infinity/.test(text)) {
    try {
      return JSON.parse(text.replace(STRING_OR_NON_NUMBER, (match) => (match.startsWith('"') ? match : 'null')));
    } catch {
      // some other fault as well: said below
    }
  }
  throw syntaxError(file, text);
}

/** Names the first fault's place, which JSON.parse itself does not always tell. */
function syntaxError(file: string, text: string): GlposeError {
  let place = 'at its end';
  visit(
    text,
    {
      onError: (code: ParseErrorCode, offset, _length, line, column) => {
        if (place !== 'at its end') return;
        const what = printParseErrorCode(code)
          .replace(/([a-z])([A-Z])/g, '$1 $2')
          .toLowerCase();
        place = `at line ${line + 1}, column ${column + 1} (byte ${offset}): ${what}`;
      },
    },
    { disallowComments: true },
  );
  const remedy = text.trim() === '' ? 'The file is empty.' : 'Write the file again; it may have been cut short.';
  return new GlposeError('ANNOTATION', `${file} is not valid JSON ${place}`, remedy);
}
