import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { defaultConfiguration } from '../src/cli/arguments.ts';
import { parseConfig } from '../src/config/config.ts';
import { filesToInstall, printFiles } from '../src/host/files-to-install.ts';
import { hostShop } from './host-shop.ts';

const top = new URL('../../', import.meta.url);

test('with the default configuration the files are those of openbsd/ and rc.d/, letter by letter', async () => {
  const files = await filesToInstall(parseConfig('[hypervisor]\nallow_outgoing = true', 'imaged.toml'), {
    file: defaultConfiguration,
  });
  const names = ['vm.conf', 'pf.conf', 'sysctl.conf', 'login.conf.d/imaged', 'newsyslog.conf'];
  const shipped = [...names.map((name) => `openbsd/${name}`), 'rc.d/imaged'];
  assert.deepEqual(
    files.map(({ text }) => text),
    await Promise.all(shipped.map((name) => readFile(new URL(name, top), 'utf8'))),
  );
});

const own = parseConfig(
  'data_dir = "/home/images"\n[hypervisor]\nallow_outgoing = true\n[hypervisor.vmd]\ntemplate = "tmpl"\noutgoing_template = "tmpl-out"\nendpoint_port = 9000',
  'imaged.toml',
);
const there = { file: '/etc/imaged/own.toml', user: '_builder' };

test('the files take the names, the port, the user and the paths of the configuration', async () => {
  const files = await filesToInstall(own, there);
  const text = (path: string) => files.find((file) => file.path === path)?.text ?? '';
  assert.match(text('/etc/vm.conf'), /^vm "tmpl" \{$/m);
  assert.match(text('/etc/vm.conf'), /^vm "tmpl-out" \{$/m);
  assert.match(text('/etc/vm.conf'), /^socket owner :_builder$/m);
  assert.match(text('/etc/pf.imaged.conf'), /port 80 rdr-to 127\.0\.0\.1 port 9000$/m);
  assert.match(text('/etc/rc.d/imaged'), /-f \/etc\/imaged\/own\.toml/);
  assert.match(text('/etc/newsyslog.conf'), /root:_builder/);
  const printed = printFiles(files);
  assert.doesNotMatch(printed, /_imaged|8079|"imaged/);
  assert.match(printed, /^# \/etc\/vm\.conf \(add to it; 0644, root:wheel\)$/m);
  assert.match(printed, /^#\tinstall -d -o _builder -g _builder -m 750 \/home\/images$/m);
});

test('files with other names pass the check of the configuration that named them', async () => {
  const files = await filesToInstall(own, { ...there, user: '_imaged' });
  await using shop = await hostShop('openbsd', {
    uid: 0,
    settings:
      '[hypervisor]\nallow_outgoing = true\n[hypervisor.vmd]\ntemplate = "tmpl"\noutgoing_template = "tmpl-out"\nendpoint_port = 9000',
    files: Object.fromEntries(files.map(({ path, text }) => [path.slice(1), text])),
    programs: {
      pfctl: 'exit 1',
      vmctl:
        'echo "   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME"; for n in tmpl tmpl-out; do echo "1 - 1 1.0G - - _imaged stopped $n"; done',
    },
    // pf.conf itself includes what we print.
  });
  for (const name of ['template', 'outgoing-template', 'pf', 'login-class'])
    assert.equal((await shop.finding(name)).state, 'ok', (await shop.finding(name)).message);
});

test('forwarding is only printed where outgoing network is wanted', async () => {
  const paths = (await filesToInstall(parseConfig('', 'imaged.toml'), there)).map(({ path }) => path);
  assert.ok(!paths.includes('/etc/sysctl.conf'));
});

test('a name that has "$&" in it is taken as it stands', async () => {
  const all = await filesToInstall(parseConfig('', 'imaged.toml'), { ...there, file: '/etc/a$&b.conf' });
  assert.ok(all.some(({ text }) => text.includes('/etc/a$&b.conf')));
});
