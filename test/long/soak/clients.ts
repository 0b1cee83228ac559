/** The clients of the soak that mean well: they post builds, wait for them, and look at everything. */

import { systemClock as clock } from '../../../src/base/clock.ts';
import { BuildView } from '../../fixtures/imaged.ts';
import { everyBuild } from '../../fixtures/every-build.ts';
import { passes } from '../../fixtures/steady.ts';
import { again, type Stage } from './actor.ts';
import type { Kind } from './guests.ts';

/** What was posted, by key. `ended` says how, once it has. */
export type Posted = { readonly id: string; readonly kind: string; ended?: string };
export type Ledger = Map<string, Posted>;

/** Posts until there is an answer that is final: the id, or undefined where the soak ended before. */
const post = async ({ client, signal, random, blame }: Stage, body: object, key: string): Promise<string> => {
  for (;;) {
    const { status, text } = await client.post(body, key);
    if (status === 201) return BuildView.parse(JSON.parse(text)).id;
    if (!passes(status)) blame(`a good build was answered with ${status}: ${text.slice(0, 300)}`);
    await clock.sleep(random.between(200, 1000), signal);
  }
};

const after = async ({ client, random, signal }: Stage, id: string, manner: Kind['manner']): Promise<void> => {
  if (manner === 'wait') return;
  if (manner === 'cancel') {
    await clock.sleep(random.between(0, 6000), signal);
    await client.ask(`/builds/${id}/cancel`, async (reply) => reply.text(), { method: 'POST' });
    return;
  }
  const { status } = await client.until(id, (build) => !['queued', 'running'].includes(build.status));
  if (status !== 'held') return;
  await clock.sleep(random.between(0, 4000), signal);
  await client.ask(`/builds/${id}/hold`, async (reply) => reply.text(), { method: 'DELETE' });
};

/** One client that posts a build, waits for its end, and posts the next. */
export const buildWithoutEnd = (stage: Stage, lane: number, kinds: readonly Kind[], ledger: Ledger): Promise<void> => {
  let builds = 0;
  return again(`client ${lane}`, stage, [0, 500], async () => {
    const kind = stage.random.weighted(kinds.map((row) => [row, row.weight] as const));
    const key = `lane-${lane}-${(builds += 1)}`;
    const body = { template: kind.template, on_error: kind.manner === 'hold' ? 'hold' : 'cleanup' };
    const id = await post(stage, body, key);
    const posted: Posted = { id, kind: kind.name };
    ledger.set(key, posted);
    // The same request again is the same build again.
    if (stage.random.next() < 0.2) {
      const twice = await post(stage, body, key);
      if (twice !== id) stage.blame(`${key} made ${id}, and then ${twice}`);
    }
    await after(stage, id, kind.manner);
    posted.ended = (await stage.client.ended(id)).status;
    stage.count(`${kind.name} ${posted.ended}`);
  });
};

/** Looks at whatever there is, and keeps the ids of all builds that it ever saw. */
export const lookWithoutEnd = (stage: Stage, seen: Set<string>): Promise<void> =>
  again('looking', stage, [200, 1500], async () => {
    const builds = await everyBuild(stage.client, stage.signal);
    for (const { id } of builds) seen.add(id);
    const build = builds[stage.random.below(builds.length)];
    if (build === undefined) return;
    for (const what of ['', '/log', '/console', '/events?follow=false', '/steps', '/artifacts', '/input']) {
      const status = await stage.client.ask(`/builds/${build.id}${what}`, async (reply) => {
        await reply.body?.pipeTo(new WritableStream());
        return reply.status;
      });
      // Old builds go meanwhile.
      if (status !== 200 && status !== 404 && !passes(status)) stage.blame(`GET ${what}: ${status}`);
    }
    stage.count('looks');
  });
