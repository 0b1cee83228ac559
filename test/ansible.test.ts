import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ansibleArguments } from '../src/provisioners/on-host/ansible-arguments.ts';
import { toolGuest } from './fixtures/tool-guest.ts';

const installed = { skip: !existsSync('/usr/bin/ansible-playbook') && 'ansible-playbook is not installed' };

const play = (group: string, task: string) =>
  `- hosts: ${group}\n  gather_facts: false\n  tasks:\n    - ${task}\n      tags: [told]\n    - raw: echo never\n`;

test(
  'the real ansible-playbook changes the guest by its key and pinned host key, as a user of its slot, and its variables come by file',
  installed,
  async () => {
    await using at = await toolGuest(
      {},
      {
        'site/play.yml': play('web', `raw: 'echo "{{ word }} {{ packer_build_name }}" >{{ place }}'`),
        'site/group_vars/web.yml': 'word: from group_vars\n',
      },
    );
    const least = { type: 'ansible', playbook_file: 'site/play.yml', groups: ['web'], empty_groups: ['db'] };
    const place = `${at.folder}/told by ansible`;
    const told: string[] = [];
    const users = new Set<number>();
    const onLines = (lines: readonly string[]) => {
      told.push(...lines);
      const link = readdirSync(at.folder).find((name) => name.startsWith('imaged-host-'));
      if (link !== undefined) users.add(statSync(join(at.folder, link)).uid);
    };
    const wanted = ['--tags', 'told', '-e', `{"place": "'${place}'"}`, '-v'];
    await at.provision({ ...least, extra_arguments: wanted }, { onLines });
    assert.match(told.join('\n'), /default +: ok=1 +changed=1/);
    assert.doesNotMatch(told.join('\n'), /never/);
    // Who is not root is the same user in every slot. ansible-playbook needs a name to log in by, which this one has.
    assert.deepEqual([...users], [process.getuid?.() === 0 ? 1_900_100_000 : process.getuid?.()]);
    assert.equal(await readFile(place, 'utf8'), 'from group_vars tools\n');
  },
);

test('an inventory of the template is used, and every host of it is the guest', installed, async () => {
  const files = {
    'play.yml': play('db', `raw: 'echo "{{ inventory_hostname }} {{ word }}" >>{{ place }}'`),
    'hosts.ini': '[db]\none ansible_host=203.0.113.1\ntwo\n',
    'group_vars/db.yml': 'word: beside\n',
  };
  await using at = await toolGuest({}, files);
  const place = `${at.folder}/hosts`;
  const least = { type: 'ansible', playbook_file: 'play.yml', extra_arguments: ['-e', `place=${place}`, '-f', '1'] };
  const ssh = ['-o IdentitiesOnly=yes', '-o', 'ServerAliveInterval=30', '-oKexAlgorithms=+curve25519-sha256'];
  await at.provision({ ...least, inventory_file: 'hosts.ini', ansible_ssh_extra_args: ssh });
  assert.equal(await readFile(place, 'utf8'), 'one beside\ntwo beside\n');
  const line = '{{ .HostAlias }} ansible_host={{ .Host }} ansible_port={{ .Port }} ansible_user={{.User}} word=inline';
  const written = { ...least, groups: ['db'], host_alias: 'three', inventory_file_template: line };
  await at.provision({ ...written, playbook_file: 'play.yml' });
  assert.match(await readFile(place, 'utf8'), /^three (inline|beside)$/m);
  await assert.rejects(at.resolved({ ...least, inventory_file: 'hosts.ini', groups: ['db'] }), /inventory_file: is an inventory of its own/); // prettier-ignore
});

test('a role of galaxy_file is fetched before the playbook, where the host allows that', installed, async () => {
  const files = {
    'play.yml': '- hosts: all\n  gather_facts: false\n  roles: [told]\n',
    'galaxy.yml': 'set below',
    'role/told/tasks/main.yml': `- raw: 'echo fetched >{{ place }}'\n`,
    'role/told/meta/main.yml': 'galaxy_info: { author: us, description: tells, min_ansible_version: "2.9" }\n',
  };
  await using at = await toolGuest({}, files);
  await promisify(execFile)('tar', ['-C', `${at.context}/role`, '-czf', `${at.folder}/told.tar.gz`, 'told']);
  const bytes = await readFile(`${at.folder}/told.tar.gz`);
  const server = createServer((_, reply) => reply.end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await writeFile(`${at.context}/galaxy.yml`, `- src: http://127.0.0.1:${address.port}/told.tar.gz\n  name: told\n`);
  const least = { type: 'ansible', playbook_file: 'play.yml', galaxy_file: 'galaxy.yml' };
  const place = `${at.folder}/place`;
  await at.provision({ ...least, extra_arguments: ['-e', `place=${place}`] });
  server.close();
  assert.equal(await readFile(place, 'utf8'), 'fetched\n');
  const refused = at.resolved(least, { shell_local: true, ansible: true, ansible_galaxy: false });
  await assert.rejects(refused, /galaxy_file: has ansible-galaxy fetch.*"ansible_galaxy" under \[provisioners\]/);
});

test('a task that fails fails the provisioner, with the last lines of the playbook', installed, async () => {
  await using at = await toolGuest({}, { 'play.yml': play('all', 'raw: exit 3') });
  await assert.rejects(at.provision({ type: 'ansible', playbook_file: 'play.yml' }), {
    code: 'provisioner_failed',
    message: /^ansible-playbook said last: .*failed=1/,
  });
});

test('arguments come to variables, files and fixed switches, and any other is refused', () => {
  const given = ansibleArguments([
    '--tags=a,b',
    '-vvv',
    '--check',
    '-e',
    `a=1 b='x y'`,
    '--limit',
    'web',
    '--become',
    '--diff',
  ]);
  assert.deepEqual(given, {
    switches: ['--check'],
    env: { ANSIBLE_RUN_TAGS: 'a,b', ANSIBLE_VERBOSITY: '3', ANSIBLE_BECOME: '1', ANSIBLE_DIFF_ALWAYS: '1' },
    vars: ['{"a":"1","b":"x y"}'],
    limit: 'web',
  });
  const joined = ansibleArguments(['-e a=1', '-f10', '-ttwo']);
  assert.deepEqual([joined.vars, joined.env], [['{"a":"1"}'], { ANSIBLE_FORKS: '10', ANSIBLE_RUN_TAGS: 'two' }]);
  for (const list of [
    ['--vault-password-file', 'x'],
    ['-e @/etc/passwd'],
    ['-e', '@/etc/passwd'],
    ['--tags'],
    ['--tags', '$(id)'],
    ['-M', '/x'],
    ['play.yml'],
  ])
    // prettier-ignore
    assert.throws(() => ansibleArguments(list), /is not taken|names a file|has no value|must be of/, list.join(' '));
});

test('variables that say how the guest is reached, a proxy, and a host that allows no playbooks are refused', async () => {
  await using at = await toolGuest({}, { 'play.yml': '[]' });
  const least = { type: 'ansible', playbook_file: 'play.yml' };
  for (const change of [
    { ansible_env_vars: ['ANSIBLE_HOST_KEY_CHECKING=False'] },
    { use_proxy: true },
    { groups: ['a b'] },
    ...['-o ProxyCommand=x', '-o', '-o IdentitiesOnly=no', '-F x', '-o Ciphers=a b', '-o Include=x'].map((one) => ({
      ansible_ssh_extra_args: [one],
    })),
    { inventory_file_template: '{{ .Password }}' },
  ])
    // prettier-ignore
    await assert.rejects(at.resolved({ ...least, ...change }), { code: 'template_invalid' });
  await assert.rejects(
    at.resolved(least, { shell_local: true, ansible: false, ansible_galaxy: false }),
    /"ansible" under \[provisioners\]/,
  );
});
