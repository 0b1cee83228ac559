import { readFileSync } from 'node:fs';
import { z } from 'zod';

// dist/src/version.js stands two folders below package.json.
const manifest = new URL('../../../package.json', import.meta.url);

/** The version in package.json. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8')));
