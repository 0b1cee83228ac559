import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { withoutConditions } from '../src/provisioners/in-guest/command.ts';
import { toolGuest } from './fixtures/tool-guest.ts';

const facts = 'FACTER_packer_build_name=tools FACTER_packer_builder_type=imaged FACTER_packer_http_addr=100.64.1.4:80';

/** What was run, by sudo(8) where the login is not root: then each stands there twice. */
const asRoot = async ({ recorded }: Pick<Awaited<ReturnType<typeof toolGuest>>, 'recorded'>) => {
  const all = await recorded();
  const called = all.filter((line) => !line.includes(' sudo [-E] ['));
  assert.equal(all.length - called.length, process.getuid?.() === 0 ? 0 : called.length);
  return called;
};

test('puppet apply gets its manifests, modules, facts and arguments, and may end with 2', async () => {
  await using at = await toolGuest(
    { puppet: 'cat "$PWD"/manifests/site.pp "$PWD"/module-0/apache/init.pp; exit 2' },
    { 'site.pp': 'a manifest\n', 'modules/apache/init.pp': 'a module\n', 'hiera.yaml': 'h' },
  );
  const staging_directory = join(at.folder, 'staging');
  const least = { type: 'puppet-masterless', manifest_file: 'site.pp', module_paths: ['modules'], staging_directory };
  await at.provision({ ...least, facter: { role: "it's {{ guest_ip }}" }, hiera_config_path: 'hiera.yaml', extra_arguments: ['--verbose', '--noop'] }); // prettier-ignore
  const paths = '[--modulepath=/staging/module-0] [--hiera_config=/staging/hiera.yaml]';
  assert.deepEqual(await asRoot(at), [
    `/staging:${facts} FACTER_role=it's 10.0.2.15 puppet [apply] [--detailed-exitcodes] ${paths} [--verbose] [--noop] [/staging/manifests/site.pp]`,
  ]);
  assert.deepEqual(at.lines, ['a manifest', 'a module']);
  const own = '{{if ne .FacterVars ""}}{{.FacterVars}} {{end}}{{if .Sudo}}env {{end}}puppet {{if ne .HieraConfigPath ""}}-h{{end}}{{.ManifestFile}}'; // prettier-ignore
  await at.provision({ ...least, prevent_sudo: true, execute_command: own, clean_staging_directory: true });
  assert.match((await at.recorded())[0] ?? '', /:FACTER_.* puppet \[\/staging\/manifests\/site.pp\]$/);
  assert.equal(existsSync(staging_directory), false);
});

test('a tool that ends otherwise fails with its name and its last lines, unless no end is a failure', async () => {
  await using at = await toolGuest({ puppet: 'echo no catalogue >&2; exit 4' });
  const agent = { type: 'puppet-server', staging_dir: join(at.folder, 'staging'), puppet_server: 'puppet.example.org' };
  await assert.rejects(at.provision(agent), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual([error.code, error.facts.exitCode], ['provisioner_failed', 4]);
    assert.match(error.message, /^puppet said last: no catalogue\nIt ended with exit code 4, and only 0, 2 is allowed/);
    return true;
  });
  await at.provision({ ...agent, ignore_exit_codes: true });
  const call = 'puppet [agent] [--onetime] [--no-daemonize] [--detailed-exitcodes] [--server=puppet.example.org]';
  assert.deepEqual(await asRoot(at), Array(2).fill(`/staging:${facts} ${call}`));
});

test('salt-call finds the trees where they were moved to, and the installer is left out where salt is there', async () => {
  await using at = await toolGuest(
    { 'salt-call': 'exit 0', curl: 'exit 0' },
    { 'salt/top.sls': 'top', 'pillar/top.sls': 'p' },
  );
  const [tree, roots] = [join(at.folder, 'srv/salt'), join(at.folder, 'srv/pillar')];
  const least = {
    ...{ type: 'salt-masterless', local_state_tree: 'salt', local_pillar_roots: 'pillar', skip_bootstrap: true },
    ...{ remote_state_tree: tree, remote_pillar_roots: roots, temp_config_dir: join(at.folder, 'tmp') },
  };
  await at.provision(least);
  await at.provision({ ...least, custom_state: 'web', no_exit_on_failure: true, log_level: 'debug', salt_call_args: '--id x' }); // prettier-ignore
  const where = '[--file-root=/srv/salt] [--pillar-root=/srv/pillar]';
  const calls = (await at.recorded()).map((line) => line.replace(/^.*?:/, ''));
  assert.deepEqual(calls, [
    `salt-call [--local] [state.highstate] ${where} [--retcode-passthrough] [-l] [info]`,
    `salt-call [--local] [state.sls] [web] ${where} [-l] [debug] [--id] [x]`,
  ]);
  assert.equal(await readFile(join(tree, 'top.sls'), 'utf8'), 'top');
  assert.equal(await readFile(join(roots, 'top.sls'), 'utf8'), 'p');
  await assert.rejects(at.resolved({ ...least, minion_config: 'salt/top.sls' }), { code: 'template_invalid' });
});

test('ansible-playbook runs in the guest with its roles, inventory and arguments, after ansible-galaxy', async () => {
  await using at = await toolGuest(
    { 'ansible-playbook': 'exit 0', 'ansible-galaxy': 'exit 0' },
    { 'play.yml': 'p', 'roles/web/tasks/main.yml': 'r', 'needs.yml': 'n', 'group_vars/all.yml': 'g' },
  );
  const staging_directory = join(at.folder, 'staging');
  const least = { type: 'ansible-local', staging_directory, playbook_file: 'play.yml' };
  await at.provision({ ...least, role_paths: ['roles/web'], galaxy_file: 'needs.yml', group_vars: 'group_vars', inventory_groups: ['web'], extra_arguments: ['--tags', 'a,b'] }); // prettier-ignore
  const vars = '[packer_build_name=tools packer_builder_type=imaged packer_http_addr=100.64.1.4:80]';
  const inventory = '/staging/packer-provisioner-ansible-local';
  assert.deepEqual(await at.recorded(), [
    '/staging:ansible-galaxy [install] [-r] [/staging/needs.yml] [-p] [/staging/roles]',
    `/staging:ANSIBLE_FORCE_COLOR=1 ansible-playbook [/staging/play.yml] [--extra-vars] ${vars} [--tags] [a,b] [-c] [local] [-i] [${inventory}]`,
  ]);
  assert.equal(await readFile(join(at.folder, inventory), 'utf8'), '[web]\n127.0.0.1\n');
  assert.equal(await readFile(join(staging_directory, 'roles/web/tasks/main.yml'), 'utf8'), 'r');
  await assert.rejects(at.resolved({ ...least, playbook_files: ['play.yml'] }), { code: 'template_invalid' });
});

test('chef-solo gets a configuration, attributes and cookbooks, and is installed by the command that is named', async () => {
  await using at = await toolGuest(
    { 'chef-solo': 'cat "$3" "$5"', install: 'exit 0' },
    { 'cookbooks/web/recipes/default.rb': 'r', 'roles/a.json': '{}' },
  );
  const least = { type: 'chef-solo', cookbook_paths: ['cookbooks'], staging_directory: join(at.folder, 's') };
  await at.provision({ ...least, roles_path: 'roles', run_list: ['recipe[web]'], json: { port: 80, name: '{{ build_name }}' }, install_command: 'install {{.Version}}', version: '18' }); // prettier-ignore
  assert.deepEqual(
    (await at.recorded()).map((line) => line.replace(/^.*?:/, '')),
    ['install [18]', 'chef-solo [--no-color] [-c] [/s/solo.rb] [-j] [/s/node.json]'],
  );
  assert.deepEqual(at.lines, [
    `cookbook_path ["${at.folder}/s/cookbooks-0"]`,
    `role_path "${at.folder}/s/roles"`,
    ...['{', '  "port": 80,', '  "name": "tools",', '  "run_list": [', '    "recipe[web]"', '  ]', '}'],
  ]);
});

test("a template of Packer's for solo.rb is filled in, conditions and all", async () => {
  await using at = await toolGuest(
    { 'chef-solo': 'cat "$3"' },
    { 'solo.tpl': 'paths [{{.CookbookPaths}}]\n{{if .HasRolesPath}}roles "{{.RolesPath}}"{{end}}end\n' },
  );
  await at.provision({ type: 'chef-solo', skip_install: true, config_template: 'solo.tpl', remote_cookbook_paths: ['/var/chef'], staging_directory: join(at.folder, 's') }); // prettier-ignore
  assert.deepEqual(at.lines, ['paths ["/var/chef"]', 'end']);
});

test('chef-client asks its server under its name, and node and client go from there again', async () => {
  await using at = await toolGuest({ 'chef-client': 'cat "$3"', knife: 'exit 0' }, { 'v.pem': 'key' });
  await at.provision({ type: 'chef-client', skip_install: true, server_url: 'https://chef.example.org', node_name: 'node-1', validation_key_path: 'v.pem', staging_directory: join(at.folder, 's') }); // prettier-ignore
  assert.deepEqual(
    (await at.recorded()).map((line) => line.replace(/^.*?:/, '')),
    [
      'chef-client [--no-color] [-c] [/s/client.rb] [-j] [/s/first-boot.json]',
      'knife [node] [delete] [node-1] [-y] [-c] [/s/knife.rb]',
      'knife [client] [delete] [node-1] [-y] [-c] [/s/knife.rb]',
    ],
  );
  for (const line of [
    'chef_server_url "https://chef.example.org"',
    'node_name "node-1"',
    `validation_key "${at.folder}/s/validation.pem"`,
  ])
    // prettier-ignore
    assert.ok(at.lines.includes(line), line);
  assert.equal(existsSync(join(at.folder, 's')), false);
});

test('inspec runs in the guest with the profile, the inputs and what it may end with', async () => {
  await using at = await toolGuest(
    { inspec: 'cat "$7"; exit 101' },
    { 'profile/inspec.yml': 'name: p', 'in.yml': 'a: 1' },
  );
  await at.provision({ type: 'inspec', profile: 'profile', attributes: ['in.yml'], inspec_env_vars: ['NAME=a b'], valid_exit_codes: [0, 101], staging_directory: join(at.folder, 's') }); // prettier-ignore
  assert.match(
    (await at.recorded())[0] ?? '',
    /:NAME=a b inspec \[exec\] \[\/s\/profile\] \[--backend\] \[local\] \[--input-file\] \[\/s\/input-0.yml\] \[\/s\/packer.yml\]$/,
  );
  assert.deepEqual(at.lines, ['packer_build_name: "tools"', 'packer_builder_type: "imaged"']);
});

test('converge gets its parameters as JSON, quotes and all, and runs where it is told', async () => {
  await using at = await toolGuest({ converge: 'exit 0' }, { 'modules/a.hcl': 'a' });
  const params = { name: `it's "{{ guest_ip }}"` };
  await at.provision({ type: 'converge', module: 'a.hcl', params, working_directory: join(at.folder, 'w'), module_dirs: [{ source: 'modules', destination: join(at.folder, 'w') }] }); // prettier-ignore
  assert.deepEqual(await at.recorded(), [
    String.raw`/w:converge [apply] [--local] [--log-level=WARNING] [--paramsJSON] [{"name":"it's \"10.0.2.15\""}] [a.hcl]`,
  ]);
  assert.equal(await readFile(join(at.folder, 'w/a.hcl'), 'utf8'), 'a');
});

test('conditions of a command are known when it is read, the inner ones first', () => {
  const words = { sudo: { packer: 'Sudo', isThere: true }, dir: { packer: 'Dir', isThere: false } };
  const said = (text: string) => withoutConditions(text, words);
  assert.equal(
    said('{{if .Sudo}}sudo {{if ne .Dir ""}}-d {{.Dir}} {{end}}{{end}}a {{- if .Dir -}} b {{ end }}'),
    'sudo a ',
  );
  assert.equal(said('{{ sudo }}a {{.Dir}} {{end}}'), '{{ sudo }}a {{.Dir}} {{end}}');
});

test('a name that would need quotes in a command is refused with its place', async () => {
  await using at = await toolGuest({}, { "it's.yml": 'p' });
  await assert.rejects(at.resolved({ type: 'ansible-local', playbook_file: "it's.yml" }), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.facts.errors?.[0]?.pointer, '/provisioners/0/playbook_file');
    return true;
  });
});
