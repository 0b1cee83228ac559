import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { example, made } from '../fixtures/debian.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { postContext, tarOf, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
let debian: string;
let build: BuildView;

before(async () => {
  debian = await made('mirror');
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { debian } });
  const { id } = await postContext(imaged, await tarOf(example('debian-12')), 'application/x-tar');
  build = await imaged.ended(id);
});

after(() => imaged[Symbol.asyncDispose]());

test("Debian's installer takes its answers, and then its own parts, from the endpoint of its machine", async () => {
  const asked = (await eventsOf(imaged, build.id))
    .filter(({ type }) => type === 'http.request')
    .map(({ data }) => String(data['url']));
  const firstOf = (url: RegExp) => asked.findIndex((one) => url.test(one));
  const order = [/^\/preseed\.cfg$/, /\/bookworm\/Release$/, /\/debian-installer\/binary-amd64\/Packages/, /\.udeb$/];
  const places = order.map(firstOf);
  assert.ok(
    !places.includes(-1),
    `it did not ask for all: ${asked.join(' ')}\n${await textOf(imaged, build.id, 'log')}`,
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test("Debian's installer comes to its end without a question, and what it has installed boots", async (t) => {
  if (existsSync(join(debian, 'without-udebs'))) {
    t.skip("the registry that apt asks here keeps none of the installer's own packages (.udeb)");
    return;
  }
  const log = await textOf(imaged, build.id, 'log');
  assert.equal(build.status, 'succeeded', `${JSON.stringify(build.fault, null, 2)}\n${log}`);
  assert.match(log, /^\S+ {3}12\.\d+$/m);
});
