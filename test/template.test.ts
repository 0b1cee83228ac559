import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { maskOf as mask } from '../src/base/mask/mask.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { render } from '../src/template/language/render.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { asWritten } from '../src/template/resolve/machine.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { demandOf, shapeOf } from '../src/template/resolve/demand.ts';
import type { RuntimeFacts } from '../src/template/spec.ts';
import { turnsOf } from '../src/build/machine/turns.ts';

const runtime: RuntimeFacts = {
  http_url: 'http://10.0.2.2:80',
  http_ip: '10.0.2.2',
  http_port: '80',
  http_addr: '10.0.2.2:80',
  http_host: '10.0.2.2',
  host_ip: '10.0.2.2',
  guest_ip: '10.0.2.15',
  mac: '52:54:00:00:00:01',
  vm_name: 'imaged-0',
  ssh_public_key: 'ssh-ed25519 AAAA+/ build',
};

const frozen = { buildId: '01J0000000000000000000000A', timestampMs: Date.UTC(2025, 6, 4, 15, 6, 7, 89) };

/** The least that can be built: an empty disk, filled by nobody, and a guest on a floppy. */
const least = {
  name: 'least',
  machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] },
  install: {},
};

const media = { floppy: import.meta.filename };

const resolved = (document: object, variables: Record<string, string> = {}) =>
  resolve({
    template: parseTemplate({ ...least, ...document }),
    variables,
    files: { media },
    frozen,
    defaults: { timeoutMs: 3_600_000 },
  });

const errorsOf = async (act: () => unknown): Promise<Record<string, string>> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'template_invalid');
    return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
  }
  return {};
};

const shown = async (text: string, variables: Record<string, string> = {}, declared: object = {}) => {
  const spec = await resolved({ http: { f: text }, variables: declared }, variables);
  const [entry] = spec.http;
  assert.ok(entry?.kind === 'text');
  return render(entry.text, runtime);
};

test('a model at its old place, "qemu", is the same as in "machine", and both together are refused', async () => {
  const model = { machine_type: 'pc', accelerator: 'tcg', icount: 'shift=9,sleep=off', rtc: 'base=2020-01-01' };
  const now = await resolved({ machine: { ...least.machine, model } });
  assert.deepEqual(await resolved({ qemu: model }), now);
  assert.deepEqual(now.model.icount, { shift: 9, sleep: 'off' });
  const errors = await errorsOf(() => resolved({ machine: { ...least.machine, model }, qemu: {} }));
  assert.match(errors['/qemu'] ?? '', /old place of \/machine\/model/);
});

test('what a hypervisor refuses in a model is told where the template has it', () => {
  const refused = [
    { pointer: '/machine/model/cpu_model', message: 'x' },
    { pointer: '/machine/cpus', message: 'y' },
  ];
  const told = (document: object) =>
    asWritten(parseTemplate({ ...least, ...document }), refused).map(({ pointer }) => pointer);
  assert.deepEqual(told({}), ['/machine/model/cpu_model', '/machine/cpus']);
  assert.deepEqual(told({ qemu: { cpu_model: 'host' } }), ['/qemu/cpu_model', '/machine/cpus']);
});

test('a template that says little gets plain defaults', async () => {
  const spec = await resolved({});
  assert.deepEqual(spec, {
    name: 'least',
    memoryMb: 512,
    cpus: 1,
    disks: [{ format: 'qcow2', sizeMb: 1024 }],
    nics: [{ network: 'local' }],
    floppy: { path: import.meta.filename, shown: 'media:floppy', isOfHost: true },
    boot: { device: 'floppy' },
    model: {},
    http: [],
    install: { turns: [], ends: 'any', timeoutMs: 3_600_000, refuse: [] },
    provisioners: [],
    seal: [],
    shutdown: { timeoutMs: 300_000 },
    cache: { mode: 'auto', memory: true },
    notify: [],
    postProcessors: [
      {
        type: 'export',
        name: 'export-least.qcow2',
        timeoutMs: 7_200_000,
        takes: [],
        newMb: 1026,
        settings: { name: 'least.qcow2', format: 'qcow2', disk: 0, mostMb: 1026 },
      },
    ],
    timeoutMs: 3_600_000,
    secrets: [],
    notes: [],
  });
  assert.deepEqual(shapeOf(spec).boot, { device: 'floppy' });
  assert.deepEqual(demandOf(spec, 7), { memoryMb: 512, diskMb: 2 * (1024 + 2) + 7 });
});

test('every wrong place of a document is told at once, by pointer', async () => {
  const errors = await errorsOf(() =>
    parseTemplate({
      name: 'Bad Name',
      machine: { memory: '10 potatoes', disks: [{ size: 'x', sise: 1 }], cpus: 'two' },
      instal: {},
      builders: [],
      http: { a: { content: 'x', file: 'y' }, b: 7, c: { contnt: 'x' } },
      install: { console: [{ hear: '(' }, {}, { say: 'x', press: '<entr>' }], boot_wait: '5 minutes' },
      communicator: { ssh_username: 'root' },
      provisioners: [{ type: 'shel' }, { type: 'shell' }, { type: 'shell', inline: 'x', iso_url: 'y' }],
      variables: { http_url: {}, 'a/b': {}, ok: { default: 'x', required: true } },
    }),
  );
  assert.deepEqual(Object.keys(errors).sort(), [
    '/builders',
    '/communicator/ssh_username',
    '/http/a',
    '/http/b',
    '/http/c',
    '/http/c/contnt',
    '/instal',
    '/install/boot_wait',
    '/install/console/0/hear',
    '/install/console/1',
    '/install/console/2/press',
    '/machine/cpus',
    '/machine/disks/0/sise',
    '/machine/disks/0/size',
    '/machine/memory',
    '/name',
    '/provisioners/0/type',
    '/provisioners/1',
    '/provisioners/2/iso_url',
    '/variables/a~1b',
    '/variables/http_url',
    '/variables/ok',
  ]);
  assert.match(errors['/instal'] ?? '', /did you mean "install"\?/);
  assert.match(errors['/machine/disks/0/sise'] ?? '', /did you mean "size"\?/);
  assert.match(errors['/provisioners/0/type'] ?? '', /^is the unknown type "shel": did you mean "shell"\?$/);
  assert.match(errors['/builders'] ?? '', /Packer's key "builders": describe the machine under "machine"/);
  assert.match(errors['/communicator/ssh_username'] ?? '', /"username" in "communicator"/);
  assert.match(errors['/http/b'] ?? '', /must be a text or an object/);
});

test('variables take what was sent, else their default, which may refer to others', async () => {
  const declared = { a: { default: '{{ b }}-{{user `c`}}' }, b: { default: 'B' }, c: { default: 'C' }, none: {} };
  assert.equal(await shown('{{ a }}{{ none }}', { b: 'x' }, declared), 'x-C');
});

test('a value is never looked into, whatever it holds', async () => {
  const value = '{{ c }} {{ http_url }} }} {{';
  assert.equal(await shown('[{{ a }}]', { a: value }, { a: {}, c: { default: 'no' } }), `[${value}]`);
  assert.equal(await shown('[{{ b }}]', { a: value }, { a: {}, b: { default: '<{{ a }}>' } }), `[<${value}>]`);
});

test('variables are checked: unknown, missing, unfit, in a circle', async () => {
  const variables = {
    release: { pattern: '[0-9]+[.][0-9]', default: '7.9' },
    key: { required: true, description: 'public key' },
    a: { default: '{{ b }}' },
    b: { default: '{{ a }}' },
    slow: { pattern: '(a+)+' },
  };
  const errors = await errorsOf(() =>
    resolved({ variables }, { relaese: '7.8', release: '7.10', slow: `${'a'.repeat(40_000)}b` }),
  );
  assert.match(errors['/variables/relaese'] ?? '', /did you mean "release"\?/);
  assert.match(errors['/variables/release'] ?? '', /must match/);
  assert.match(errors['/variables/key'] ?? '', /is required: public key/);
  assert.match(errors['/variables/b/default'] ?? '', /in a circle: a -> b -> a/);
  assert.match(errors['/variables/slow'] ?? '', /must match "\(a\+\)\+"/);
});

test('a pattern that no linear engine takes is refused with its reason, wherever it stands', async () => {
  const errors = await errorsOf(() =>
    parseTemplate({
      ...least,
      variables: { look: { pattern: '(?=a)a' }, behind: { pattern: '(?<!a)b' }, back: { pattern: String.raw`(a)\1` } },
      install: {
        console: [{ hear: '(?:a?){300}' }, { hear: 'x', refuse: ['a)', '[a', '*a'] }, { press: '<expect "(?!x)y">' }],
      },
    }),
  );
  assert.match(errors['/variables/look/pattern'] ?? '', /look-around \("\(\?="\)/);
  assert.match(errors['/variables/behind/pattern'] ?? '', /look-around/);
  assert.match(errors['/variables/back/pattern'] ?? '', /back-reference \("\\1"\)/);
  assert.match(errors['/install/console/0/hear'] ?? '', /more than 500 steps/);
  assert.match(errors['/install/console/1/refuse/0'] ?? '', /"\)" has no "\("/);
  assert.match(errors['/install/console/1/refuse/1'] ?? '', /"\[" has no "\]"/);
  assert.match(errors['/install/console/1/refuse/2'] ?? '', /nothing to repeat/);
  assert.match(errors['/install/console/2/press'] ?? '', /look-around/);
  const unfit = await errorsOf(() =>
    resolved({ install: { console: [{ hear: '[z-a]' }] }, variables: { a: { pattern: String.raw`\pQ` } } }),
  );
  assert.match(
    unfit['/install/console/0/hear'] ?? '',
    /not a regular expression of RE2: invalid character class range/,
  );
  assert.match(unfit['/variables/a/pattern'] ?? '', /not a regular expression of RE2/);
});

test('of very many wrong places a hundred are told and the rest is counted, with few suggestions and short words', () => {
  const keys = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`memoryy${index}`.slice(0, 900), 1]));
  const act = () => parseTemplate({ ...least, ...keys, machine: { ...keys, [`m${'x'.repeat(900)}`]: 1 } });
  assert.throws(act, (error) => {
    assert.ok(error instanceof Fault);
    const { errors = [] } = error.facts;
    assert.equal(errors.length, 100);
    assert.match(error.message, /There are 3000 more such places/);
    assert.ok(errors.filter(({ message }) => message.includes('did you mean')).length <= 20);
    assert.ok(JSON.stringify(errors).length < 50_000);
    return true;
  });
});

test("names of objects' own are no variables", async () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const errors = await errorsOf(() => resolved({ http: { f: `{{ ${name} }}` } }));
    assert.match(errors['/http/f'] ?? '', /is unknown/, name);
    const sent = await errorsOf(() => resolved({}, Object.fromEntries([[name, 'x']])));
    assert.match(sent[`/variables/${name}`] ?? '', /is no variable of the template/, name);
  }
});

test("the template language: ours, Packer's, pipes, brackets and the way to write {{", async () => {
  const declared = { name: { default: 'Ab' } };
  const cases = {
    '{{ http_url }}/{{ .HTTPIP }}:{{.HTTPPort}}/{{ .Name }}': 'http://10.0.2.2:80/10.0.2.2:80/imaged-0',
    '{{ name | upper }}{{ lower name }}{{ upper (user `name`) }}': 'ABabAB',
    '{{ upper `x` }}{{ "q\\t" }}{{ name | lower | upper }}': 'Xq\tAB',
    '{{ replace `b` `c` name }}{{ replace "A" "" 1 "AAA" }}{{ replace_all `.` `_` `a.b.c` }}': 'AcAAa_b_c',
    '{{ trim `  x ` }}{{ join_path `a/` `/b` `c` }}{{ regex_escape `a.b` }}': 'xa/b/ca\\.b',
    '{{ `{{` }} x }} {{ "{{ y }}" }}': '{{ x }} {{ y }}',
    '{{ timestamp }} {{ isotime }}': '1751641567 2025-07-04T15:06:07Z',
    '{{ isotime `Mon Jan _2 3:04:05PM 06 .000` }}': 'Fri Jul  4 3:06:07PM 25 .089',
    '{{ isotime `002 __2 _2006 __2006 Z07 Z070000 Z07:00:00` }}': '185 185 _2025 185025 Z Z Z',
    '{{ isotime "20060102-150405" }} {{ strftime `%Y-%m-%d %j %%` }}': '20250704-150607 2025-07-04 185 %',
    '{{ build_id }} {{ build_name }}': '01J0000000000000000000000A least',
    '{{ ssh_public_key | urlquery }} {{ mac | upper }}': 'ssh-ed25519%20AAAA%2B%2F%20build 52:54:00:00:00:01',
    'a } b { c }}': 'a } b { c }}',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(await shown(text, {}, declared), expected, text);
});

test('what the language has not is refused by name, with its place', async () => {
  const cases = {
    '{{ env `HOME` }}': /env .*declare a variable/,
    'x\n {{ nmae }}': /line 2, column 5: .*did you mean "name"/,
    '{{ if name }}': /no conditions/,
    '{{ .Foo }}': /\.HTTPIP/,
    '{{ user name }}': /user takes/,
    '{{ user `nam` }}': /did you mean "name"/,
    '{{ name': /has no "}}"/,
    '{{ }}': /must stand before/,
    '{{ name | }}': /must stand before/,
    '{{ upper }}': /takes 1 arguments, not 0/,
    '{{ upper `a` `b` }}': /takes 1 arguments, not 2/,
    '{{ http_ip | replace `a` `b` }}': /known only when the machine/,
    '{{ strftime `%Q` }}': /knows no "%Q"/,
    '{{ (((((((((name))))))))) }}': /nested more than/,
    '{{ name $ }}': /cannot stand/,
    '{{ -name }}': /cannot stand/,
  };
  for (const [text, expected] of Object.entries(cases)) {
    const errors = await errorsOf(() => resolved({ http: { f: text }, variables: { name: { default: 'x' } } }));
    assert.match(errors['/http/f'] ?? '', expected, text);
  }
});

test('uuids differ from place to place and not from one resolving to the next', async () => {
  const text = '{{ uuid }} {{ uuid }}';
  const [first, second] = (await shown(text)).split(' ');
  assert.match(first ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(first, second);
  assert.equal(await shown(text), `${first} ${second}`);
});

test('what only the machine knows is refused where it is needed before', async () => {
  const errors = await errorsOf(() =>
    resolved({
      machine: { ...least.machine, memory: '{{ http_port }}', boot: {} },
      artifacts: [{ name: '{{ mac }}.qcow2' }],
    }),
  );
  assert.deepEqual(Object.keys(errors).sort(), ['/artifacts/0/name', '/machine/memory']);
  assert.match(errors['/machine/memory'] ?? '', /known only when the machine runs: it may be used in http texts/);
});

test('the command line of a kernel has the addresses of its machine, and a line break ends no kernel', async () => {
  const kernel = 'media:floppy';
  const at = (append: string) => resolved({ machine: { ...least.machine, boot: { kernel, append } } });
  const { boot } = await at('quiet inst.ks={{ http_url }}/ks.cfg ip={{ upper guest_ip }}');
  assert.equal(render(boot.append ?? [], runtime), `quiet inst.ks=${runtime.http_url}/ks.cfg ip=${runtime.guest_ip}`);
  const errors = await errorsOf(() => at('one\ntwo'));
  assert.match(errors['/machine/boot/append'] ?? '', /line break/);
});

test('texts cannot grow without bound', async () => {
  const variables = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [
      `v${index}`,
      { default: index === 0 ? 'x'.repeat(1000) : `{{ v${index - 1} }}`.repeat(10) },
    ]),
  );
  const errors = await errorsOf(() => resolved({ variables }));
  assert.match(Object.values(errors).join(), /more than 65536 characters/);
  const many = await errorsOf(() =>
    resolved({ variables: { v: {} }, http: { f: '{{ v }}'.repeat(2000) } }, { v: 'x'.repeat(60_000) }),
  );
  assert.match(many['/http/f'] ?? '', /come to more than/);
});

test('secrets are collected, in every form a function gives them, and masked in every form of a log', async () => {
  const variables = { password: { sensitive: true }, derived: { default: 'pre-{{ password | upper }}' } };
  const spec = await resolved(
    { variables, http: { f: '{{ password | lower }} {{ derived }}' } },
    { password: "Hunter2'&x" },
  );
  assert.deepEqual(spec.secrets, ["HUNTER2'&X", "Hunter2'&x", "hunter2'&x", "pre-HUNTER2'&X"]);
  const masked = mask(["Hunter2'&x", 'Hunter2']);
  const base64 = Buffer.from("Hunter2'&x").toString('base64');
  assert.equal(
    masked(`a Hunter2'&x b ${encodeURIComponent("Hunter2'&x")} ${base64} Hunter2'\\''&x Hunter2'"'"'&x Hunter2 c`),
    'a <sensitive> b <sensitive> <sensitive> <sensitive> <sensitive> <sensitive> c',
  );
  assert.equal(mask([])('text'), 'text');
  assert.equal(mask(['line one is long\nline two is long'])('x line two is long'), 'x <sensitive>');
  const { notes, secrets } = await resolved({ variables }, { password: 'ab' });
  assert.deepEqual([notes[0]?.pointer, secrets], ['/variables/password', ['pre-AB']]);
  assert.match(notes[0]?.message ?? '', /is not masked/);
});

test('a turn that holds a sensitive value is secret without saying so', async () => {
  const console = [
    { say: 'x{{ password }}' },
    { press: '{{ password }}<enter>' },
    { say: '{{ other }}' },
    { say: 'x', secret: true },
  ];
  const variables = { password: { sensitive: true }, other: { default: 'o' } };
  const spec = await resolved({ variables, install: { console } }, { password: 'hunter2' });
  assert.deepEqual(
    spec.install?.turns.map(({ secret }) => secret),
    [true, true, false, true],
  );
  const typed = await resolved({ variables, install: { boot_command: '{{ password }}' } }, { password: 'hunter2' });
  assert.equal(typed.install?.turns[0]?.secret, true);
});

test('a response file has a line for each answer, and no answer can bring another along', async () => {
  const http = {
    'install.conf': {
      autoinstall: {
        'System hostname': 'base',
        'Set name(s)': ['-all', 'bsd base*', 'done'],
        'HTTP Server': 'a.b',
        // The disk has no room to verify sets in.
        'Continue without verification': 'yes',
      },
    },
  };
  const spec = await resolved({ http });
  const [entry] = spec.http;
  assert.ok(entry?.kind === 'text');
  assert.deepEqual(render(entry.text, runtime).split('\n').slice(0, 5), [
    'System hostname = base',
    'Set name(s) = -all',
    'Set name(s) = bsd base*',
    'Set name(s) = done',
    'HTTP Server = a.b',
  ]);
  const bad = {
    variables: { v: {} },
    http: { 'install.conf': { autoinstall: { 'System hostname': '{{ v }}', 'a = b': 'c' } } },
  };
  const errors = await errorsOf(() =>
    resolved({ ...bad, http: { f: { autoinstall: { 'System hostname': '{{ v }}' } } } }, { v: 'a\nb = c' }),
  );
  assert.match(errors['/http/f/autoinstall/System hostname'] ?? '', /line break/);
  assert.match(Object.keys(await errorsOf(() => resolved(bad))).join(), /autoinstall\/a = b/);
});

test('a boot command is joined, checked with its variables, and becomes strokes when the machine runs', async () => {
  const install = {
    boot_command: ['a<wait', '2s>', '{{ key }}{{ .HTTPIP }}'],
    boot_wait: '3s',
    boot_key_interval: '5ms',
    ends: 'halt',
  };
  const spec = await resolved({ install, variables: { key: {} } }, { key: '<enter>' });
  const [turn] = turnsOf(spec.install?.turns ?? [], runtime);
  assert.equal(turn?.keyIntervalMs, 5);
  assert.deepEqual(turn.press?.slice(0, 5), [
    { waitMs: 3000 },
    { type: 'a' },
    { waitMs: 2000 },
    { type: '\r' },
    { type: '1' },
  ]);
  const errors = await errorsOf(() => resolved({ install, variables: { key: {} } }, { key: '<entr>' }));
  assert.match(errors['/install/boot_command'] ?? '', /did you mean <enter>/);
  assert.deepEqual(await errorsOf(() => resolved({ install: { boot_command: '<wait{{ .HTTPPort }}>' } })), {});
});

test('what belongs together is judged together', async () => {
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{ provisioners: [{ type: 'shell', inline: 'x' }] }, '/provisioners/0', /is "shell", .* no "communicator"/],
    [{ shutdown: { command: 'halt -p' } }, '/shutdown/command', /no "communicator"/],
    [{ artifacts: [{ disk: 1 }] }, '/artifacts/0/disk', /there are 1 disks/],
    [{ artifacts: [{ name: 'a' }, { name: 'a' }] }, '/artifacts/1/name', /a second time/],
    [{ artifacts: [{ name: '../a' }] }, '/artifacts/0/name', /cannot be the name/],
    [{ artifacts: [{ name: '-x.qcow2' }] }, '/artifacts/0/name', /cannot be the name/],
    [{ artifacts: [{ name: 'SHA256' }] }, '/artifacts/0/name', /digests/],
    [{ machine: { disks: [{ size: 1 }] } }, '/machine', /nothing to boot from/],
    [{ machine: { ...least.machine, disks: [{}] } }, '/machine/disks/0/size', /only with "base"/],
    [{ machine: { ...least.machine, boot: { device: 'net' } } }, '/machine/boot/device', /needs a "kernel"/],
    [{ machine: { ...least.machine, boot: { device: 'cdrom' } } }, '/machine/boot/device', /has none/],
    [{ machine: { disks: [{ size: '1G' }], boot: { device: 'disk' } } }, '/machine', /nothing to boot from/],
    [{ machine: { ...least.machine, nics: [] }, communicator: {} }, '/communicator', /no network/],
    [
      { machine: { ...least.machine, nics: [] }, install: { boot_command: '{{ http_ip }}' } },
      '/install/boot_command',
      /no network/,
    ],
    [{ communicator: { username: '-oProxyCommand=x' } }, '/communicator/username', /cannot log in|can log in/],
    [{ machine: { ...least.machine, model: { rtc: 'base=x,driftfix=y' } } }, '/machine/model/rtc', /must be as/],
    [{ qemu: { machine_type: 'q35,firmware=/etc/shadow' } }, '/qemu/machine_type', /must be a name/],
    [{ qemu: { icount: 'shift=1,rr=record,rrfile=/tmp/x' } }, '/qemu/icount', /must be as/],
    [{ http: { '../x': 'y' } }, '/http/..~1x', /cannot be a path/],
    [{ http: { x: 'y', '/x': 'z' } }, '/http/~1x', /a second time/],
    [{ install: { console: [{ say: 'a\nb' }] } }, '/install/console/0/say', /control character/],
  ];
  for (const [document, pointer, message] of cases) {
    const errors = await errorsOf(() => resolved(document));
    assert.match(errors[pointer] ?? JSON.stringify(errors), message, JSON.stringify(document));
  }
});

test('a shell provisioner has its lines as a script and both forms of its environment', async () => {
  const shell = {
    type: 'shell',
    inline: ['echo {{ guest_ip }}', 'true'],
    env: { A: '1' },
    environment_vars: ['B=x={{ mac }}'],
    execute_command: 'doas sh -c {{ .Vars }} {{ .Path }}',
  };
  const spec = await resolved({ communicator: {}, provisioners: [shell] });
  const [one] = spec.provisioners;
  assert.ok(one?.type === 'shell');
  const { scripts, env, executeCommand } = one.settings;
  assert.ok(scripts[0] !== undefined && 'inline' in scripts[0]);
  assert.equal(render(scripts[0].inline, runtime), 'echo 10.0.2.15\ntrue\n');
  assert.deepEqual(
    Object.entries(env).map(([name, text]) => `${name}=${render(text, runtime)}`),
    ['A=1', `B=x=${runtime.mac}`],
  );
  assert.equal(executeCommand, 'doas sh -c {{ vars }} {{ path }}');
  const bad = { ...shell, execute_command: 'sh {{ v }} {{ path }}' };
  const errors = await errorsOf(() =>
    resolved({ communicator: {}, variables: { v: {} }, provisioners: [bad] }, { v: '{{ path }}' }),
  );
  assert.match(errors['/provisioners/0/execute_command'] ?? '', /"\{\{" in a value/);
});

test('a file provisioner is refused where it could not work, with the place and what to write', async () => {
  const ssh = { communicator: {} };
  const file = (...all: readonly object[]) => ({ ...ssh, provisioners: all.map((one) => ({ type: 'file', ...one })) });
  const log = { direction: 'download', source: '/var/log/messages', destination: 'messages' };
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [file({ destination: '/x' }), '/provisioners/0', /exactly one of "source" and "content"/],
    [file({ source: 'media:floppy', content: 'x', destination: '/x' }), '/provisioners/0', /exactly one/],
    [file({ ...log, mode: '0644' }), '/provisioners/0', /is a download, which takes no/],
    [file({ content: 'x', destination: '/x', max_size: '1M' }), '/provisioners/0', /for a download/],
    [file({ content: 'x', destination: 'etc/motd' }), '/provisioners/0/destination', /an absolute path in the guest/],
    [file({ content: 'x', destination: 'C:/x' }), '/provisioners/0/destination', /a path of Windows, .* the floppy/],
    [file({ ...log, source: 'c:\\x' }), '/provisioners/0/source', /a path of Windows/],
    [file({ content: 'x', destination: '/x', mode: '4755' }), '/provisioners/0/mode', /an octal mode/],
    [file({ source: 'media:floppy/', destination: '/x' }), '/provisioners/0/source', /is not a folder/],
    [file({ source: 'media:flopy', destination: '/x' }), '/provisioners/0/source', /no medium "flopy"/],
    [file({ source: '/etc/passwd', destination: '/x' }), '/provisioners/0/source', /is absolute/],
    [file({ ...log, source: '/var/log/' }), '/provisioners/0/source', /is a folder: .* pack it with tar/],
    [file({ ...log, destination: '../x' }), '/provisioners/0/destination', /cannot be the name/],
    [file(log, log), '/provisioners/1/destination', /a second time/],
    [file(log, { source: 'mesages', generated: true, destination: '/x' }), '/provisioners/1/source', /which no earlier .* "messages"/], // prettier-ignore
    [{ ...file({ content: 'x', destination: '/x' }), communicator: { type: 'none' } }, '/provisioners/0', /is "file", which works by ssh/], // prettier-ignore
  ];
  for (const [document, pointer, message] of cases) {
    const errors = await errorsOf(() => resolved(document));
    assert.match(errors[pointer] ?? JSON.stringify(errors), message, JSON.stringify(document));
  }
  const good = file(log, { source: 'messages', generated: true, destination: '/x' }, { source: 'media:floppy', destination: '/x/' }); // prettier-ignore
  assert.deepEqual(await errorsOf(() => resolved(good)), {});
  assert.deepEqual(
    (await resolved(good)).provisioners.map(({ name }) => name),
    ['file-1', 'file-2', 'file-3'],
  );
});

test('post-processors are followed from artifact to artifact before anything runs', async () => {
  const compress = { type: 'compress' };
  const checksum = { type: 'checksum' };
  const names = async (document: object) => {
    const { postProcessors } = await resolved(document);
    return postProcessors.map(({ name, takes }) => [name, ...takes]);
  };
  assert.deepEqual(
    await names({ artifacts: [{ name: 'a' }, { name: 'b', format: 'raw' }], post_processors: [{ ...compress, artifact: 'b' }, { ...checksum, name: 'sums' }] }), // prettier-ignore
    [['export-a'], ['export-b'], ['compress-1', 'b'], ['sums', 'a', 'b.zst']],
  );
  const log = { type: 'file', direction: 'download', source: '/var/log/messages', destination: 'messages', max_size: '5M' }; // prettier-ignore
  const withLog = { communicator: {}, provisioners: [log] };
  assert.deepEqual(await names({ ...withLog, artifacts: [{ file: 'messages' }, { name: 'log', file: 'messages' }] }), [
    ['export-messages'],
    ['export-log'],
  ]);

  const cases: readonly (readonly [object, string, RegExp])[] = [
    [
      { post_processors: [{ type: 'nothing-like-it' }] },
      '/post_processors/0/type',
      /"convert", "compress", "checksum", "vagrant",/,
    ],
    [{ post_processors: [{ ...compress, artifact: 'leest.qcow2' }] }, '/post_processors/0/artifact', /no such artifact by then: did you mean "least.qcow2"/], // prettier-ignore
    [{ post_processors: [compress, { ...compress, artifact: 'least.qcow2' }] }, '/post_processors/1/artifact', /"least.qcow2.zst"/], // prettier-ignore
    [{ post_processors: [compress], artifacts: [] }, '/post_processors/0', /nothing to work on/],
    [{ post_processors: [{ ...compress, artifact: 'a' }], artifacts: [{ name: 'a' }, { name: 'a.zst' }] }, '/post_processors/0', /"a.zst" a second time/], // prettier-ignore
    [{ post_processors: [checksum, { ...checksum, artifact: 'least.qcow2' }] }, '/post_processors/1', /a second time/],
    [{ post_processors: [compress], artifacts: [{ name: 'x'.repeat(198) }] }, '/post_processors/0', /cannot be the name/], // prettier-ignore
    [{ post_processors: [{ ...compress, level: 20 }] }, '/post_processors/0/level', /./],
    [{ post_processors: [{ ...checksum, types: ['sha256', 'sha256'] }] }, '/post_processors/0/types', /twice/],
    [{ post_processors: Array(9).fill({ ...checksum, types: ['sha256', 'sha512'] }) }, '/post_processors/4', /more than 200 artifacts/], // prettier-ignore
    [{ artifacts: [{ file: 'messages' }] }, '/artifacts/0/file', /no provisioner downloads: there is none/],
    [{ ...withLog, artifacts: [{ file: 'messages', format: 'raw' }] }, '/artifacts/0', /leave "format" and "disk" out/],
  ];
  for (const [document, pointer, message] of cases) {
    const errors = await errorsOf(() => resolved(document));
    assert.match(errors[pointer] ?? JSON.stringify(errors), message, JSON.stringify(document));
  }
  // Disk and export are 1026 MB each; what is compressed may grow.
  const demand = async (document: object) => demandOf(await resolved(document), 0).diskMb;
  assert.equal(await demand({ post_processors: [compress, checksum] }), 2 * 1026 + 1026 + 5 + 1);
  assert.equal(await demand({ ...withLog, artifacts: [{ file: 'messages' }] }), 1026 + 5);
});

test('a template is judged before its variables are known, but for what depends on them', async () => {
  const document = {
    ...least,
    variables: { size: { required: true }, key: {}, good: { default: '1G' } },
    machine: { floppy: 'media:{{ size }}', memory: '{{ good }}', disks: [{ size: '{{ size }}' }] },
    install: { console: [{ hear: '{{ key }}(', press: '<{{ key }}>' }] },
    artifacts: [{ name: '{{ size }}.img' }, { name: '{{ key }}.img' }],
  };
  await checkTemplate(parseTemplate(document), { media });
  const bad = { ...document, machine: { ...document.machine, memory: '{{ goood }}' }, timeout: '{{ key }} {{ mac }}' };
  const errors = await errorsOf(() => checkTemplate(parseTemplate(bad), { media }, '/template'));
  assert.deepEqual(Object.keys(errors), ['/template/machine/memory', '/template/timeout']);
});

test('a turn that looks at the screen says so to the console, and has something to look for', async () => {
  const { install } = await resolved({
    install: {
      console: [
        { hear: 'a', on: 'screen' },
        { hear: 'b', on: 'stream' },
      ],
    },
  });
  assert.deepEqual(
    install?.turns.map(({ on }) => on),
    ['screen', undefined],
  );
  const errors = await errorsOf(() => parseTemplate({ ...least, install: { console: [{ say: 'x', on: 'screen' }] } }));
  assert.match(errors['/install/console/0'] ?? '', /nothing to look for/);
});

test('keys by keyboard need a display, a key for each character, and no echo', async () => {
  const keyboard = { by: 'keyboard' };
  const consoled = { type: 'console', console: [{ ...keyboard, press: 'x' }] };
  const without = await errorsOf(() =>
    resolved({ install: { console: [{ ...keyboard, press: 'x' }] }, provisioners: [consoled] }),
  );
  assert.match(without['/install/console/0/by'] ?? '', /"display": "vga"/);
  assert.match(without['/provisioners/0/console/0/by'] ?? '', /"display": "vga"/);
  const machine = { ...least.machine, display: 'vga' };
  const boot = { boot_by: 'keyboard', boot_command: '<leftSuper>{{ v }}{{ .HTTPIP }}' };
  assert.match((await errorsOf(() => resolved({ install: boot })))['/install/boot_by'] ?? '', /"display"/);
  const told = await errorsOf(() => resolved({ machine, install: boot, variables: { v: {} } }, { v: 'aß' }));
  assert.match(told['/install/boot_command'] ?? '', /^line 1, column 13: "ß" is on no key/);
  const said = await errorsOf(() => resolved({ machine, install: { console: [{ ...keyboard, say: 'x' }] } }));
  assert.match(said['/install/console/0'] ?? '', /use "press"/);
  const alone = await errorsOf(() => resolved({ install: { boot_by: 'keyboard' } }));
  assert.match(alone['/install'] ?? '', /without "boot_command"/);

  const good = await resolved({ machine, install: boot, variables: { v: {} } }, { v: 'b' });
  assert.equal(good.display, 'vga');
  const [turn] = turnsOf(good.install?.turns ?? [], runtime);
  assert.deepEqual([turn?.keyIntervalMs, turn?.on], [100, 'display']);
  assert.deepEqual(turn?.press?.map((stroke) => 'keys' in stroke && stroke.shown).slice(0, 3), [
    '<leftSuper>',
    'b',
    '1',
  ]);
  const onSerial = await errorsOf(() => resolved({ install: { console: [{ press: '<leftSuper>' }] } }));
  assert.match(onSerial['/install/console/0/press'] ?? '', /no form on a serial line/);
});
