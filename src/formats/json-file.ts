import type { ParseErrorCode } from 'jsonc-parser';
import { printParseErrorCode, visit } from 'jsonc-parser';
import { GlposeError } from '../errors.js';
import { readTextFile } from './text-file.js';

/**
 * Reads a JSON file. Numbers that JSON does not have but Python writes (NaN, Infinity) become null, so that whoever
 * reads the value can say which frame and person it belongs to.
 * @throws GlposeError ANNOTATION: unreadable, too large, or invalid with line and column
 */
export function readJsonFile(file: string): unknown {
  return parseJson(readTextFile(file, 'JSON document'), file);
}

/**
 * The document that a file's text holds, as `readJsonFile` reads it.
 * @param file named in messages
 * @throws GlposeError ANNOTATION: invalid, with line and column
 */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseWithNaN(file, text);
  }
}

/** Where strings begin and end, what is escaped in them, and non-numbers: each short, so that the time is that of one pass. */
const QUOTE_OR_NON_NUMBER = /\\[^]|"|-?\b(?:NaN|Infinity)\b/g;

function parseWithNaN(file: string, text: string): unknown {
  if (/NaN|Infinity/.test(text)) {
    try {
      return JSON.parse(withoutNonNumbers(text));
    } catch {
      // some other fault as well: said below
    }
  }
  throw syntaxError(file, text);
}

/** null for every NaN or infinity; those inside strings stay. */
function withoutNonNumbers(text: string): string {
  let inString = false;
  return text.replace(QUOTE_OR_NON_NUMBER, (match) => {
    if (match === '"') inString = !inString;
    return inString || match === '"' || match.startsWith('\\') ? match : 'null';
  });
}

/** Names the first fault's place, which JSON.parse itself does not always tell. */
function syntaxError(file: string, text: string): GlposeError {
  const remedy = text.trim() === '' ? 'The file is empty.' : 'Write the file again; it may have been cut short.';
  return new GlposeError('ANNOTATION', `${file} is not valid JSON ${faultOf(text)}`, remedy);
}

function faultOf(text: string): string {
  let place = 'at its end';
  try {
    visitFaults(text, (fault) => (place = place === 'at its end' ? fault : place));
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    place = 'and nested too deeply to say where'; // the parser that knows places calls itself for every level
  }
  return place;
}

function visitFaults(text: string, onFault: (place: string) => void): void {
  visit(
    text,
    {
      onError: (code: ParseErrorCode, offset, _length, line, column) => {
        const what = printParseErrorCode(code)
          .replace(/([a-z])([A-Z])/g, '$1 $2')
          .toLowerCase();
        onFault(`at line ${line + 1}, column ${column + 1} (byte ${offset}): ${what}`);
      },
    },
    { disallowComments: true },
  );
}
