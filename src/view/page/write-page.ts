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

/**
 * Writes a page as one HTML file that needs no network: style, script, poses (compressed) and the parts that are not in a folder.
 * Nothing that came from a file is HTML in it: all is base64, and the script puts it in as text.
 * @throws OUTPUT where the disk refuses, INTERNAL where the page's script was not built
 * @returns the file's size in bytes
 */
export async function writePage(
  file: string,
  header: PageHeader,
  columns: PoseColumns,
  parts: PageParts,
): Promise<number> {
  const [script, style] = await Promise.all([built('main.js'), built('style.css')]);
  const poses = base64(deflateRawSync(pack(header, encodeColumns(columns))));
  return makeAtomically(file, async (temporary) => {
    await using page = await open(temporary, 'wx');
    await page.writeFile(head(style, script));
    await page.writeFile(element(PART.poses, poses));
    for (const [name, data] of parts.embedded()) await page.writeFile(element(name, data));
    await page.writeFile(`<script>${script}</script>\n</body>\n</html>\n`);
    return (await page.stat()).size;
  });
}

/** Only the page's own script runs; beyond the page, only its folder is read. */
function head(style: string, script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'sha256-${hash}' 'self' file:`,
    `style-src 'unsafe-inline'`,
    `img-src 'self' file: blob:`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>glpose</title>
<style>${style}</style>
</head>
<body>
<noscript>This page shows its poses with JavaScript.</noscript>
`;
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
