import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { textOf } from '../fixtures/tiny-builds.ts';

const settings = 'workers = 2';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const RunView = z.object({
  id: z.string(),
  status: z.string(),
  builds: z.array(z.object({ id: z.string(), machine: z.string(), status: z.string(), fault: z.string().optional() })),
});
type RunView = z.output<typeof RunView>;

const startRun = async (imaged: Imaged, body: object): Promise<RunView> => {
  const reply = await imaged.call('/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(reply.status, 201, await reply.clone().text());
  return RunView.parse(await reply.json());
};

/** The run when all of its builds have ended, with the code of its result. */
const ended = async (imaged: Imaged, id: string) => {
  for (;;) {
    const reply = await imaged.call(`/runs/${id}/result?wait=60`);
    if (reply.status === 202) continue;
    return { code: reply.status, run: RunView.parse(await (await imaged.call(`/runs/${id}`)).json()) };
  }
};

const never = { install: { console: [{ hear: 'what it never says', within: '1h' }] } };

test('two machines of one template are built side by side to one good result, each with its own image', async () => {
  await using imaged = await startImaged({ settings, tables });
  const template = {
    ...(await cycle({ name: 'pair', artifacts: null })),
    artifacts: [{ format: 'raw' }],
    machines: { web: {}, db: {} },
  };
  const { id } = await startRun(imaged, { template });
  const { code, run } = await ended(imaged, id);
  assert.equal(code, 200, await textOf(imaged, run.builds[0]?.id ?? '', 'log'));
  assert.equal(run.status, 'succeeded');
  const times = await Promise.all(
    run.builds.map(async (build) => {
      assert.equal((await imaged.call(`/builds/${build.id}/artifacts/${build.machine}.raw`)).status, 200);
      const view = await (await imaged.call(`/builds/${build.id}`)).json();
      return z.object({ started_at: z.string(), ended_at: z.string() }).parse(view);
    }),
  );
  const [web, db] = times;
  assert.ok(web && db && web.started_at < db.ended_at && db.started_at < web.ended_at, JSON.stringify(times));
});

test('with fail_fast a machine that fails ends the other one that runs, and the run has failed', async () => {
  await using imaged = await startImaged({ settings, tables });
  const refused = { install: { console: [{ hear: 'what it never says', within: '1h', refuse: ['cycle# '] }] } };
  const template = { ...(await cycle({ name: 'pair' })), machines: { web: never, db: refused, mail: never } };
  const { id, builds } = await startRun(imaged, { template, fail_fast: true });
  const { code, run } = await ended(imaged, id);
  assert.deepEqual([code, run.status], [409, 'failed']);
  assert.deepEqual(run.builds.map(({ status }) => status), ['cancelled', 'failed', 'cancelled']); // prettier-ignore
  for (const at of [0, 2])
    assert.match(run.builds[at]?.fault ?? '', new RegExp(`build ${builds[1]?.id} of the machine db`));
  await proveNothingLeft(imaged);
});
