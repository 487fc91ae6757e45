import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { GlposeError } from '../../errors.js';
import { makeAtomically } from '../../storage/atomic-write.js';
import { pack } from './packet.js';
import { PART, type PageHeader } from './page-data.js';
import { base64, type PageParts } from './page-parts.js';
import { encodeColumns, type PoseColumns } from './pose-columns.js';

/** A page's own script and style, what stands in it as HTML, and its data. */
export interface PageContent {
  /** Names of the built script and style, without extension. */
  script: 'main' | 'movement';
  style: 'style' | 'movement';
  title: string;
  /** HTML before the data; nothing of it comes from a file unescaped. */
  body?: string;
  /** Base64 by the ids of the elements that hold it. */
  data: readonly (readonly [id: string, base64: string])[];
}

/**
 * Writes a viewer's page as one HTML file that needs no network: style, script, poses (compressed) and the parts that are not in a folder.
 * Nothing that came from a file is HTML in it: all is base64, and the script puts it in as text.
 * @throws OUTPUT where the disk refuses, INTERNAL where the page's script was not built
 * @returns the file's size in bytes
 */
export function writePage(file: string, header: PageHeader, columns: PoseColumns, parts: PageParts): Promise<number> {
  const poses = base64(deflateRawSync(pack(header, encodeColumns(columns))));
  return writeContent(file, { script: 'main', style: 'style', title: 'glpose', data: [[PART.poses, poses]] }, parts);
}

/** Writes any page as one HTML file that needs no network; see writePage. */
export async function writeContent(file: string, content: PageContent, parts: PageParts): Promise<number> {
  const [script, style] = await Promise.all([built(`${content.script}.js`), built(`${content.style}.css`)]);
  return makeAtomically(file, async (temporary) => {
    await using page = await open(temporary, 'wx');
    await page.writeFile(head(style, script, content.title));
    if (content.body) await page.writeFile(content.body);
    for (const [id, data] of content.data) await page.writeFile(element(id, data));
    for (const [name, data] of parts.embedded()) await page.writeFile(element(name, data));
    await page.writeFile(`<script>${script}</script>\n</body>\n</html>\n`);
    return (await page.stat()).size;
  });
}

/** Only the page's own script runs; beyond the page, only its folder is read. */
function head(style: string, script: string, title: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'sha256-${hash}' 'self' file:`,
    `style-src 'unsafe-inline'`,
    `img-src 'self' file: blob: data:`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page shows its poses with JavaScript.</noscript>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function element(id: string, data: string): string {
  return `<script type="text/plain" id="${id}">${data}</script>\n`;
}

async function built(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`client/${name}`, import.meta.url));
  try {
    // An end tag in the script's own strings would end the element that holds it.
    return (await readFile(file, 'utf8')).replaceAll('</script', '<\\/script').trim();
  } catch (cause) {
    throw new GlposeError('INTERNAL', `${file} is missing`, 'Run: npm run build', { cause });
  }
}
