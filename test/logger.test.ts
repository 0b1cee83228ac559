import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const logger = new URL('../src/base/logger.js', import.meta.url).href;

test('a line of the log has its level as a word, in a child of a logger too', async () => {
  const program = `
    const { makeLogger } = await import(${JSON.stringify(logger)});
    const log = await makeLogger('debug');
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal']) log[level]({ some: 1 }, 'said');
    log.child({ reqId: 'x' }).warn('said');
    log.level = 'error';
    log.info('not said');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: unknown; msg: unknown });
  assert.deepEqual(
    lines.map(({ level, msg }) => `${String(level)} ${String(msg)}`),
    ['debug', 'info', 'warn', 'error', 'fatal', 'warn'].map((level) => `${level} said`),
  );
});
