import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from './fault.ts';

const manifestIn = (folder: URL): URL => new URL('package.json', folder);

/**
 * The folder of package.json, above this module wherever it stands: compiled by itself, or in one file with others
 * (script/bundle.ts). Ends with a slash.
 */
export const top: URL = (() => {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(manifestIn(folder))) {
    const above = new URL('../', folder);
    if (above.href === folder.href) throw new Error(`there is no package.json above ${import.meta.url}`);
    folder = above;
  }
  return folder;
})();

const Manifest = z.object({ version: z.string(), engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) });

const { version, engines } = Manifest.parse(JSON.parse(readFileSync(manifestIn(top), 'utf8')));

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
