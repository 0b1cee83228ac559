/** Builds of the example on a daemon that keeps layers. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { systemClock as clock } from '../../../src/base/clock.ts';
import { msBetween, step } from '../../../test/fixtures/event-times.ts';
import { eventsOf } from '../../../test/fixtures/follow-events.ts';
import { startImaged, type Imaged } from '../../../test/fixtures/imaged.ts';
import type { Event } from '../../../test/fixtures/published-event.ts';

const example = fileURLToPath(new URL('../../../../examples/tiny-linux/template.json', import.meta.url));
const Template = z.looseObject({ name: z.string() });

export const startKeeping = (tables = ''): Promise<Imaged> =>
  startImaged({ tables: `[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"\n${tables}` });

/** tiny-linux with two scripts: what is made by the first is kept, and the last says a word that may be another each time. */
export const twoScripts = async (word: string, change: object = {}, first = 'first') => ({
  ...Template.parse(JSON.parse(await readFile(example, 'utf8'))),
  variables: { hostname: { default: 'tiny' } },
  provisioners: [
    { type: 'shell', name: 'first', inline: [`echo ${first} >/etc/first`, 'sync'], checkpoint: true },
    { type: 'shell', name: 'last', inline: [`echo ${word} >/etc/last`, 'sync'] },
  ],
  ...change,
});

export type Built = { readonly id: string; readonly ms: number; readonly events: readonly Event[] };

/** Milliseconds from POST to the answer of `/result`, and all events. Throws unless it succeeds. */
export const build = async (imaged: Imaged, template: object, query = ''): Promise<Built> => {
  const began = clock.elapsed();
  const posted = await imaged.call(`/builds${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template }),
  });
  assert.equal(posted.status, 201, await posted.clone().text());
  const { id } = z.object({ id: z.string() }).parse(await posted.json());
  // 202: it goes on.
  let result = await imaged.call(`/builds/${id}/result?wait=60`);
  while (result.status === 202) result = await imaged.call(`/builds/${id}/result?wait=60`);
  const ms = clock.elapsed() - began;
  assert.equal(result.status, 200, await result.text());
  return { id, ms, events: await eventsOf(imaged, id) };
};

const isClaim = ({ type }: Event): boolean => type === 'build.running';

/** Milliseconds from the claim until a step begins. */
export const untilBegins = ({ events }: Built, name: string): number =>
  msBetween(events, isClaim, step('started', name));

/** Milliseconds from the claim until a step has ended. */
export const untilEnds = ({ events }: Built, name: string): number => msBetween(events, isClaim, step('ended', name));

/** What the last script costs at least without a layer: one boot from disk, the login, and the script. */
export const bootAndScript = ({ events }: Built): number => {
  const all = msBetween(events, step('started', 'boot-from-disk'), step('ended', 'last'));
  const first = msBetween(events, step('started', 'first'), step('ended', 'first'));
  return all - first;
};
