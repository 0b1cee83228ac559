import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolGuest } from './fixtures/tool-guest.ts';

test('a guest that does not reboot in time is told so, and one whose command fails is not waited for', async () => {
  await using at = await toolGuest({ reboot: 'exit 0', broken: 'exit 3' });
  await assert.rejects(at.provision({ type: 'reboot', restart_timeout: '3s' }), {
    code: 'step_timeout',
    message: /not back from its reboot within 3 s: the guest is still in the boot that was to end/,
  });
  await assert.rejects(at.provision({ type: 'reboot', restart_command: 'broken' }), {
    code: 'provisioner_failed',
    message: /"broken" ended with exit code 3, so the guest does not reboot/,
  });
});
