import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from './fault.ts';

// dist/src/version.js stands two folders below package.json.
const manifest = new URL('../../../package.json', import.meta.url);

const Manifest = z.object({ version: z.string(), engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) });

const { version, engines } = Manifest.parse(JSON.parse(readFileSync(manifest, 'utf8')));

export { version };

const numbersOf = (text: string): readonly [number, number] => {
  const [major = 0, minor = 0] = text.replace(/^\D+/, '').split('.').map(Number);
  return [major, minor];
};

/** Throws `program_missing` where this Node is older than package.json's `engines` asks for: its libraries would fail in other words. */
export const needNode = (found: string = process.version): void => {
  const [major, minor] = numbersOf(found);
  const [needed, neededMinor] = numbersOf(engines.node);
  if (major > needed || (major === needed && minor >= neededMinor)) return;
  throw new Fault(
    'program_missing',
    `imaged needs Node ${needed}.${neededMinor} or newer, and this is ${found.replace(/^v?/, 'Node ')}.`,
  );
};
