import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { addHistory } from '../script/benchmark/history.ts';
import { addArtifact } from '../script/benchmark/row-download.ts';
import { startImaged } from './fixtures/imaged.ts';

test('what the benchmark puts into a store is what a daemon gives', async () => {
  await using imaged = await startImaged({ settings: '[retention]\nkeep = 1000\n' });
  await imaged.kill('SIGTERM');
  const history = addHistory(join(imaged.dataDir, 'imaged.db'), 3);
  const { id, sha256 } = await addArtifact(imaged.dataDir, 1);
  await imaged.start();
  for (const build of [...history, id]) {
    const { status } = await imaged.ended(build);
    assert.equal(status, build === history[0] ? 'failed' : 'succeeded');
  }
  const artifact = await imaged.call(`/builds/${id}/artifacts/disk.raw`, { method: 'HEAD' });
  assert.equal(artifact.status, 200);
  assert.equal(artifact.headers.get('repr-digest'), `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
});
