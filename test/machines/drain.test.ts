import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitEvent } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { gateHttp, makeGate, waitAtGate } from '../fixtures/gate.ts';
import { guest, startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import { convertedCycle, cycle, logIn, visit } from '../fixtures/quick-templates.ts';
import { stubbornDisks } from '../fixtures/stubborn-disks.ts';

const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const begins =
  (step: string) =>
  ({ type, data }: Event) =>
    type === 'step.started' && data['name'] === step;

test('SIGTERM puts running builds back in the queue with their attempt, whatever they wait for', async (t) => {
  await using gate = await makeGate();
  await using stubborn = await stubbornDisks();
  await using imaged = await startImaged({
    settings: 'workers = 3',
    tables: `${tables}\n${stubborn.setting}`,
    media: { tiny: guest, gate: gate.folder },
  });
  const console = [...logIn, { hear: '# $', say: `${waitAtGate}; echo gate''way` }, { hear: 'gateway', within: '10m' }];
  const cases = [
    {
      step: 'mark',
      template: visit({ http: gateHttp, provisioners: [{ type: 'shell', name: 'mark', inline: [waitAtGate] }] }),
    },
    { step: 'install', template: visit({ http: gateHttp, install: { console, ends: 'never' } }) },
    { step: 'export-cycle.raw', template: await convertedCycle() },
  ];
  const running: string[] = [];
  const clients: Promise<{ path: string; end: string }>[] = [];
  const listen = (path: string) =>
    clients.push(
      imaged.call(path).then(
        async (reply) => ({ path, end: await reply.text().then(() => String(reply.status), String) }),
        (error: unknown) => ({ path, end: String(error) }),
      ),
    );
  {
    await using hanging = await stubborn.hang('convert');
    void hanging;
    for (const { template } of cases) running.push((await imaged.post({ template })).id);
    const [first = '', ...others] = running;
    const waiting = await imaged.post({ template: await cycle() });
    for (const [at, { step }] of cases.entries()) assert.ok(await awaitEvent(imaged, running[at] ?? '', begins(step)));
    for (const path of ['events?follow=true', 'log?follow=true', 'console?follow=true', 'result?wait=300'])
      listen(`/builds/${first}/${path}`);
    listen(`/builds/${waiting.id}?wait=300`);
    listen(`/builds/${waiting.id}/events?follow=true`);
    for (const id of others) listen(`/builds/${id}/events?follow=true`);
    // Each has been answered, or waits: then a request that came after them has been.
    assert.equal((await imaged.call('/healthz')).status, 200);

    const began = performance.now();
    assert.equal(await imaged.kill('SIGTERM'), 0, 'the exit code');
    const tookMs = performance.now() - began;
    await proveNothingLeft(imaged, 0);
    t.diagnostic(`drained ${running.length} builds in ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 25_000);
    for (const { path, end } of await Promise.all(clients)) assert.match(end, /^(200|202|304)$/, path);
    t.diagnostic(`${clients.length} waiting clients ended cleanly`);
    running.push(waiting.id);
  }
  await gate.open();
  await imaged.start();
  for (const id of running) {
    const build = await imaged.ended(id);
    assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
    assert.equal(build['attempts_left'], 2, 'the attempt was given back');
    await provePublished(imaged, id);
  }
  await proveNothingLeft(imaged);
  await proveSound(imaged);
});
