import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const Progress = z.object({ step: z.int(), steps: z.int(), fraction: z.number(), eta_seconds: z.number().nullable() });
const Build = z.looseObject({ status: z.string(), progress: Progress.optional() });

/** What a build says of itself while it runs, asked again and again until it has ended. */
const watched = async (imaged: Imaged, id: string): Promise<readonly z.output<typeof Progress>[]> => {
  const said: z.output<typeof Progress>[] = [];
  await untilTrue(async () => {
    const { status, progress } = Build.parse(await (await imaged.call(`/builds/${id}`)).json());
    assert.ok(status !== 'failed', `the build ${status}`);
    if (status === 'running' && progress !== undefined) said.push(progress);
    return status === 'succeeded';
  });
  return said;
};

test('real builds tell how far they are, the second also when it ends, and the statistics tell of them afterwards', async () => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables: '[hypervisor.qemu]\naccelerator = "tcg"' });
  const following = new AbortController();
  const changes = await imaged.call('/builds/events', { signal: following.signal });
  const template = await cycle();
  const told = [];
  for (let round = 0; round < 2; round++) {
    const { id } = await imaged.post({ template });
    told.push({ id, said: await watched(imaged, id) });
  }
  for (const { said } of told) {
    const fractions = said.map(({ fraction }) => fraction);
    assert.deepEqual(
      fractions,
      fractions.toSorted((one, other) => one - other),
    );
    assert.ok(fractions.every((fraction) => fraction >= 0 && fraction < 1));
    assert.ok(said.every(({ step, steps }) => step <= steps));
  }
  const [first, second] = told.map(({ said }) => said.map(({ eta_seconds }) => eta_seconds));
  assert.ok(first?.every((eta) => eta === null));
  assert.ok(second?.length && second.every((eta) => eta !== null));

  const steps = z
    .looseObject({ builds: z.int(), steps: z.array(z.looseObject({ name: z.string(), p50_seconds: z.number() })) })
    .parse(await (await imaged.call('/statistics/steps?template=cycle')).json());
  assert.equal(steps.builds, 2);
  assert.equal(steps.steps.length, told[0]?.said[0]?.steps);
  assert.ok((steps.steps.find(({ name }) => name === 'install')?.p50_seconds ?? 0) > 0);

  let heard = '';
  for await (const chunk of z.instanceof(ReadableStream).parse(changes.body)) {
    heard += Buffer.from(z.instanceof(Uint8Array).parse(chunk)).toString();
    if (heard.match(/"type":"ended"/g)?.length === 2) break;
  }
  following.abort();
  for (const { id } of told)
    for (const type of ['created', 'ended']) assert.ok(heard.includes(`"type":"${type}","build_id":"${id}"`), type);
});
