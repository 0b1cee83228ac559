import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toolGuest } from './fixtures/tool-guest.ts';

// The file that pwsh is told to run stands between double quotes in its last argument.
const shows = `for last; do :; done; file=$(printf %s "$last" | cut -d'"' -f2); cat "$file"; exit 0`;

test('pwsh runs a script as it is written, with its environment, and leaves no file behind', async () => {
  await using at = await toolGuest({ pwsh: shows }, { 'a.ps1': '#Requires -Version 7\r\nexit 0\r\n' });
  const least = { type: 'powershell', remote_folder: join(at.folder, 'context') };
  await at.provision({ ...least, inline: ['Get-Date', 'Write-Output {{ vm_name }}'], environment_vars: ['NAME=a b'] });
  assert.deepEqual(at.lines, ['Get-Date', 'Write-Output imaged-0']);
  assert.match(
    (await at.recorded())[0] ?? '',
    /:NAME=a b pwsh \[-NoLogo\] \[-NoProfile\] \[-NonInteractive\] \[-Command\] \[& "\/context\/imaged-\w+.ps1"; exit \$LastExitCode\]$/,
  );
  await at.provision({ ...least, script: 'a.ps1', execute_command: '{{.Vars}} pwsh -File "{{.Path}}"' });
  await at.recorded();
  assert.deepEqual(await readdir(at.context), ['a.ps1']);
});

test('Windows PowerShell, and a command that does not name the script, are refused', async () => {
  await using at = await toolGuest({});
  for (const change of [{ use_pwsh: false }, { execute_command: 'pwsh' }, { elevated_user: 'x' }, { script: 'a' }])
    await assert.rejects(at.resolved({ type: 'powershell', inline: 'x', ...change }), { code: 'template_invalid' });
});
