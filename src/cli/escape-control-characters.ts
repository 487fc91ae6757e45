/**
 * Text without control characters, but for tabs and ends of lines: names from files must not move the cursor, change the window's
 * title, or pass for what this program says.
 */
export function escapeControlCharacters(text: string): string {
  return text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

/** The same of what is to be one line: a name from a file may hold tabs and ends of lines, too. */
export function oneLine(text: string): string {
  return escapeControlCharacters(text).replaceAll(/[\t\n]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
