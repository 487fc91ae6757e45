import path from 'node:path';
import { Command } from 'commander';
import { packBundle } from '../models/archive/pack-bundle.js';
import { unpackBundle } from '../models/archive/unpack-bundle.js';
import { line, type Terminal } from './terminal.js';

interface PackOptions {
  out?: string;
  json?: boolean;
}

/** `glpose models pack`: a bundle as one file, for machines that share no disk. */
export function packCommand(terminal: Terminal): Command {
  return new Command('pack')
    .description('writes a bundle as one file with checksums (a tar archive), to copy to other machines')
    .argument('<bundle>', 'a bundle by name or folder')
    .option('-o, --out <file>', 'the archive to make; default: named as the bundle’s folder, with .tar, here')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose models pack hrnet-w48 && scp hrnet-w48.tar node7:')
    .action(async (bundle: string, { out, json }: PackOptions) => {
      const packed = await packBundle(bundle, out ?? `${path.basename(path.resolve(bundle))}.tar`);
      const { file, bytes, sha256, files } = packed;
      const text = line(
        `${file}  ${(bytes / 1e6).toFixed(1)} MB, ${files.length} files; sha256 of the bundle: ${sha256}`,
      );
      terminal.out(json ? document(packed) : text);
    });
}

/** `glpose models unpack`: the bundle's folder again, every file checked. */
export function unpackCommand(terminal: Terminal): Command {
  return new Command('unpack')
    .description('makes a bundle of a file that pack wrote, and checks every checksum')
    .argument('<file>', 'the archive')
    .option('-o, --out <folder>', 'the bundle to make; default: named as in the archive, here')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose models unpack hrnet-w48.tar && glpose infer clip.mp4 --model hrnet-w48')
    .action(async (file: string, { out, json }: PackOptions) => {
      const unpacked = await unpackBundle(file, out);
      const { dir, sha256, files } = unpacked;
      const text = line(`${dir}  ${files.length} files, all as packed; sha256 of the bundle: ${sha256}`);
      terminal.out(json ? document(unpacked) : text);
    });
}

function document(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
