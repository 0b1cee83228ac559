import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recipeFor } from '../src/build/recipe.ts';
import { Fault } from '../src/base/fault.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';

const least = {
  name: 'least',
  machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] },
  install: {},
  communicator: { type: 'ssh' },
};

const resolved = (change: object) =>
  resolve({
    template: parseTemplate({ ...least, ...change }),
    variables: {},
    files: { media: { floppy: import.meta.filename } },
    frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 },
    defaults: { timeoutMs: 3_600_000 },
  });

const placesOf = async (change: object): Promise<readonly string[]> => {
  const error: unknown = await resolved(change).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Fault, String(error));
  return (error.facts.errors ?? []).map(({ pointer }) => pointer);
};

const cleanup = { type: 'shell', inline: ['dmesg'], timeout: '1m' };

test('what cleans up after a failed provisioner is no step of the plan, and has a name of its own', async () => {
  const spec = await resolved({ error_cleanup_provisioner: cleanup });
  assert.deepEqual([spec.errorCleanup?.name, spec.errorCleanup?.timeoutMs], ['error-cleanup', 60_000]);
  assert.ok(!recipeFor(spec).steps.some(({ name }) => name === 'error-cleanup'));
});

test('it is judged as any provisioner: its keys, its files, and whether there is a login for it', async () => {
  assert.deepEqual(await placesOf({ error_cleanup_provisioner: { type: 'shell', script: 'none.sh' } }), [
    '/error_cleanup_provisioner/script',
  ]);
  assert.deepEqual(await placesOf({ communicator: { type: 'none' }, error_cleanup_provisioner: cleanup }), [
    '/error_cleanup_provisioner',
  ]);
  assert.throws(() => parseTemplate({ ...least, error_cleanup_provisioner: [cleanup] }), Fault);
});
