import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { exampleFor, postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
let home: string;
let folder: string;

const Template = z.looseObject({ provisioners: z.array(z.looseObject({})) });

/** A provisioner after which the guest is started anew, with a word of the boot that it ran in. */
const part = (name: string) => ({
  type: 'shell',
  name,
  inline: `cat /proc/sys/kernel/random/boot_id >/root/${name}; echo ${name} is done`,
  checkpoint: true,
});

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'checkpoint-test-'));
  folder = await exampleFor(home);
  const file = join(folder, 'template.json');
  const template = Template.parse(JSON.parse(await readFile(file, 'utf8')));
  const [, last] = template.provisioners;
  const provisioners = [part('one'), part('two'), last];
  await writeFile(file, JSON.stringify({ ...template, provisioners, cache: { memory: false } }));
  const script = join(folder, 'provision.sh');
  await writeFile(
    script,
    `${await readFile(script, 'utf8')}\necho "in $(sort -u /root/one /root/two | wc -l) boots"\n`,
  );
  imaged = await startImaged({ tables: '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"' });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const build = async (): Promise<BuildView> =>
  succeeded(imaged, (await postContext(imaged, await tarOf(folder), 'application/x-tar')).id);

const eventsNamed = async (id: string, type: string) => (await eventsOf(imaged, id)).filter((one) => one.type === type);

const Steps = z.object({
  items: z.array(z.object({ name: z.string(), started_at: z.string(), ended_at: z.string() })),
});

const Layers = z.object({ items: z.array(z.looseObject({ step: z.string(), kind: z.string(), depth: z.int() })) });

test('where no running machine is kept, a guest is started anew to be kept at rest, and a later build goes on from its disk', async (t) => {
  const first = await build();
  const log = await textOf(imaged, first.id, 'log');

  await t.test('each provisioner runs in a boot of its own', async () => {
    assert.match(log, /in 2 boots/);
    assert.equal((await eventsNamed(first.id, 'machine.started')).length, 4);
  });

  await t.test('every checkpoint is kept, and no chain is longer than the hypervisor reads', async () => {
    const { items } = Layers.parse(await (await imaged.call('/layers')).json());
    const disks = items.filter(({ kind }) => kind === 'disk').map(({ step, depth }) => `${step} ${depth}`);
    // vmd reads four images: a chain of three is flattened, so that another can lie over it.
    const depths = isVmd ? [1, 2, 1, 2] : [1, 2, 3, 4];
    const steps = ['await-end-of-install', 'one', 'two', 'shut-down'];
    assert.deepEqual(
      disks.toReversed(),
      steps.map((step, at) => `${step} ${depths[at]}`),
      log,
    );
  });

  await t.test(
    'with another script the build boots from the last of them, and only that script runs',
    async (inner) => {
      const script = join(folder, 'provision.sh');
      await writeFile(script, `${await readFile(script, 'utf8')}\necho changed\n`);
      const second = await build();
      const [hit] = await eventsNamed(second.id, 'layer.hit');
      assert.deepEqual([hit?.data['step'], hit?.data['kind']], ['two', 'disk']);
      assert.match(await textOf(imaged, second.id, 'log'), /in 2 boots\n.*changed\n/s);
      const steps = (await eventsNamed(second.id, 'step.started')).map(({ data }) => String(data['name']));
      await inner.test('which takes hardly more than one boot and the script', async () => {
        const { items } = Steps.parse(await (await imaged.call(`/builds/${second.id}/steps`)).json());
        const at = (name: string) => items.find((step) => step.name === name) ?? assert.fail(name);
        const end = Date.parse(at('motto-and-key').ended_at);
        const [all, boot] = ['make-workspace', 'boot-from-disk'].map((name) => end - Date.parse(at(name).started_at));
        t.diagnostic(`${all} ms, of which ${boot} ms are the boot and the script`);
        assert.ok((all ?? 0) <= 1.2 * (boot ?? 0), `${all} ms, ${boot} ms`);
      });
      assert.deepEqual(steps.slice(0, 6), ['make-workspace', 'take-layer', 'take-key', 'boot-from-disk', 'connect', 'motto-and-key']); // prettier-ignore
    },
  );

  await t.test('with another post-processor nothing boots', async () => {
    const file = join(folder, 'template.json');
    const template = Template.parse(JSON.parse(await readFile(file, 'utf8')));
    await writeFile(file, JSON.stringify({ ...template, post_processors: [{ type: 'checksum' }] }));
    const third = await build();
    const steps = (await eventsNamed(third.id, 'step.started')).map(({ data }) => String(data['name']));
    assert.deepEqual(steps.slice(0, 3), ['make-workspace', 'take-layer', 'export-tiny-linux.qcow2']);
  });
});
