/** Bodies that are small for who sends them and large for who takes them. */

import { createGzip, gzipSync } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

const json = 'application/json';

export type Bomb = {
  readonly name: string;
  readonly type: string;
  readonly body: Buffer;
  /** How it may be answered. */
  readonly statuses: readonly number[];
};

/** A gzip'ed archive with one file of so many MiB, each of which is `chunk`. */
const archive = async (file: string, mb: number, chunk: Buffer): Promise<Buffer> => {
  const tar = pack();
  const gzip = createGzip({ level: 9 });
  const packed: Buffer[] = [];
  gzip.on('data', (bytes: Buffer) => packed.push(bytes));
  const done = pipeline(tar, gzip);
  const entry = tar.entry({ name: file, size: mb * 2 ** 20 });
  for (let sent = 0; sent < mb; sent++)
    if (!entry.write(chunk)) await new Promise((resolve) => entry.once('drain', () => resolve(undefined)));
  entry.end(undefined);
  tar.finalize();
  await done;
  return Buffer.concat(packed);
};

const template = (more: object) => ({
  name: 'hostile',
  machine: { memory: '32M', disks: [{ size: '1M' }], boot: { device: 'disk' } },
  ...more,
});

const dry = (name: string, document: object, statuses: readonly number[] = [200, 400, 422]): Bomb => ({
  ...{ name, type: json, statuses },
  body: Buffer.from(JSON.stringify({ template: template(document) })),
});

const unknownKeys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`unknown${at}`, 0]));

const slowPatterns = ['(a+)+$', '(a|aa)+$', '(.*a){20}', '^(([a-z])+.)+[A-Z]([a-z])+$'];

/** Made once: packing takes seconds. */
export const makeBombs = async (): Promise<readonly Bomb[]> => {
  const mb = 2 ** 20;
  const nested = Buffer.from(`{"template":${'['.repeat(mb)}`);
  const wide = Buffer.from(`{"template":[${'{},'.repeat(mb)}0]}`);
  const variables = Object.fromEntries(
    slowPatterns.map((pattern, at) => [`v${at}`, { default: `${'a'.repeat(40)}!`, pattern }]),
  );
  const hear = Array.from({ length: 200 }, () => ({ hear: '(a+)+[?]', within: '1m' }));
  const documentOf = (text: string) => Buffer.from(text.repeat(Math.floor(mb / text.length)).padEnd(mb));
  return [
    { name: 'nested JSON', type: json, body: nested, statuses: [400, 413] },
    { name: 'wide JSON', type: json, body: wide, statuses: [400, 413, 422] },
    dry('20,000 unknown keys', unknownKeys(20_000), [400, 413, 422]),
    dry('200,000 unknown keys', unknownKeys(200_000), [400, 413, 422]),
    dry('slow patterns', { variables, install: { console: hear, ends: 'halt' } }),
    {
      ...{ name: 'archive of 1 GB', type: 'application/gzip', statuses: [400, 413, 422] },
      body: await archive('large', 1024, Buffer.alloc(mb)),
    },
    {
      ...{ name: 'archive with 80 MB of JSON', type: 'application/gzip', statuses: [400, 413, 422] },
      body: await archive('template.json', 80, documentOf('[[[],[]],')),
    },
    {
      ...{ name: 'archive of noise', type: 'application/gzip', statuses: [400, 413, 422] },
      body: gzipSync(Buffer.from('no tar at all'.repeat(1000))),
    },
  ];
};
