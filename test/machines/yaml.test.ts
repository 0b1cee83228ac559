import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged } from '../fixtures/imaged.ts';
import { postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';

const example = fileURLToPath(new URL('../../../examples/tiny-yaml', import.meta.url));

// vmd loads another kernel than the example names.
const skip = isVmd ? 'the example names a kernel for QEMU' : false;

test(
  'examples/tiny-yaml builds, with the commands and the environment that were sent as typed values',
  { skip },
  async () => {
    await using imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"' });
    const commands = JSON.stringify(['echo "$GREETING"', 'echo {{ not a placeholder }}']);
    const values = { memory_mb: '256', commands, environment: '{"GREETING": "sent as a map"}' };
    const query = Object.entries(values).map(([name, value]) => `variable=${encodeURIComponent(`${name}=${value}`)}`);
    const tar = await tarOf(example);
    const { id } = await postContext(imaged, tar, 'application/x-tar', `?${query.join('&')}`);
    await succeeded(imaged, id);
    assert.match(await textOf(imaged, id, 'log'), /^\S+Z   sent as a map\n\S+Z   \{\{ not a placeholder \}\}$/m);
  },
);
