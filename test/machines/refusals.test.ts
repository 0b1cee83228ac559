import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startImaged } from '../fixtures/imaged.ts';
import { installerMachine } from '../fixtures/tiny-builds.ts';

const tcg = '[hypervisor.qemu]\naccelerator = "tcg"';

const Problem = z.object({
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

test('what can never be built is refused when it is asked for, with every place and what to write instead', async () => {
  await using imaged = await startImaged({ tables: `${tcg}\n[capacity]\nmemory = "512M"` });
  const refused = async (template: object) => {
    const reply = await imaged.call('/builds', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        template: { name: 'no', machine: { boot: { kernel: 'media:tiny/vmlinux' } }, ...template },
      }),
    });
    assert.equal(reply.status, 422);
    const { code, errors = [] } = Problem.parse(await reply.json());
    return { code, errors };
  };
  const machine = await installerMachine();

  const large = await refused({ machine: { ...machine, memory: '1G', disks: [{ size: '16000G' }] } });
  assert.equal(large.code, 'never_fits');
  assert.deepEqual(
    large.errors.map(({ pointer }) => pointer),
    ['/template/machine/memory', '/template/machine/disks'],
  );
  assert.match(large.errors[0]?.message ?? '', /asks for 1024 MB of memory; this host gives 512 MB at most/);
  assert.match(large.errors[1]?.message ?? '', /this host has room for \d+ MB at most/);

  const media = await refused({ machine: { boot: { kernel: 'media:tiny/nothing', initrd: 'media:unknown/x' } } });
  assert.equal(media.code, 'template_invalid');
  assert.deepEqual(
    media.errors.map(({ pointer }) => pointer),
    ['/template/machine/boot/kernel', '/template/machine/boot/initrd'],
  );

  for (const outside of ['../x', 'media:tiny/../../etc/passwd', '/etc/passwd']) {
    const { errors } = await refused({ http: { x: { file: outside } } });
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      ['/template/http/x/file'],
      outside,
    );
  }

  const tokens = await refused({ install: { boot_command: ['<enter>', 'a\n<entr><wait 5>'] } });
  assert.deepEqual(
    tokens.errors.map(({ pointer }) => pointer),
    ['/template/install/boot_command'],
  );
  assert.match(tokens.errors[0]?.message ?? '', /<entr>/);
  assert.match(tokens.errors[0]?.message ?? '', /line 2/);
  assert.equal(
    z.object({ items: z.array(z.unknown()) }).parse(await (await imaged.call('/builds')).json()).items.length,
    0,
  );
});
