import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { parseBootCommand } from '../src/packer/boot-command.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { keyNames } from '../src/packer/keys.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { runs } from './fixtures/long.ts';

const often = runs(2000);

const words = [
  ...[
    'name',
    'variables',
    'machine',
    'memory',
    'disks',
    'size',
    'format',
    'base',
    'nics',
    'network',
    'cdrom',
    'floppy',
  ],
  ...[
    'boot',
    'device',
    'kernel',
    'append',
    'model',
    'qemu',
    'icount',
    'http',
    'content',
    'file',
    'autoinstall',
    'install',
  ],
  ...[
    'console',
    'hear',
    'within',
    'say',
    'press',
    'refuse',
    'boot_command',
    'boot_wait',
    'ends',
    'communicator',
    'type',
  ],
  ...['provisioners', 'inline', 'script', 'env', 'execute_command', 'shutdown', 'command', 'artifacts', 'default'],
  ...['required', 'pattern', 'sensitive', 'builders', '__proto__', 'constructor', 'toString', '~/', ''],
];

const scraps = [
  ...[
    '{{',
    '}}',
    '{{ a }}',
    '{{ b }}',
    '{{user `a`}}',
    '{{ upper (lower a) | trim }}',
    '{{ http_url }}',
    '{{ uuid }}',
    '{{ .Name }}',
  ],
  ...[
    '{{ isotime `2006` }}',
    '{{ strftime `%',
    '{{ replace `` `x` a }}',
    '`',
    '"',
    '10G',
    '5m',
    '-1s',
    'tiny',
    'ssh',
    'shell',
  ],
  ...[
    'media:x',
    'media:a/../b',
    '../x',
    '/etc/passwd',
    '<enter>',
    '<wait',
    '<expect "',
    '(',
    '[',
    '\\',
    '\0',
    '\n',
    '\ud800',
    '𝄞',
  ],
];

const text = fc.array(fc.oneof(fc.constantFrom(...scraps), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 6 }).map((parts) => parts.join('')); // prettier-ignore
const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: text });

const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom(...words)),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('document')), { maxLength: 6 }).map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as unknown), // prettier-ignore
  ),
}));

const or = (...good: readonly string[]) => fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...good) }, text);
const line = or('x', '{{ a }}', '{{ http_url }}', '{{ a | upper }}-{{ uuid }}', '{{ `{{` }}');

const model = fc.record({ machine_type: or('q35'), cpu_model: or('host'), icount: or('auto'), rtc: or('base=utc') });

/** Documents that are near enough to right to get past the first look. */
const likely = fc.record(
  {
    name: fc.constant('likely'),
    variables: fc.record({
      a: fc.record({ default: or('abc', 'x{{ b }}'), sensitive: fc.boolean() }, { requiredKeys: [] }),
      b: fc.record({ default: or('5m', '{{ build_id }}'), pattern: or('.*') }),
    }),
    machine: fc.record(
      {
        memory: fc.oneof(or('512M'), fc.integer({ min: 1, max: 4096 })),
        disks: fc.array(fc.record({ size: or('1G'), base: or('media:x') }, { requiredKeys: ['size'] }), {
          minLength: 1,
        }),
        floppy: or('media:x'),
        model,
        boot: fc.record({ kernel: or('media:x'), append: or('quiet {{ a }}') }, { requiredKeys: ['kernel'] }),
      },
      { requiredKeys: ['boot'] },
    ),
    http: fc.dictionary(
      or('f', 'g/h', '{{ build_id }}'),
      fc.oneof(
        line,
        fc.record({ file: or('media:x') }),
        fc.record({ autoinstall: fc.dictionary(or('System hostname'), line, { maxKeys: 2 }) }),
      ),
      { maxKeys: 2 },
    ),
    install: fc.oneof(
      fc.record({ boot_command: or('<enter>', '<wait5>{{ a }}', '<expect "x">'), boot_wait: or('5m') }),
      fc.record({
        console: fc.array(fc.record({ hear: or('# $'), say: line, refuse: fc.array(or('no'), { maxLength: 1 }) })),
      }),
    ),
    communicator: fc.record({ username: or('root') }, { requiredKeys: [] }),
    provisioners: fc.array(
      fc.record({
        type: fc.constant('shell'),
        inline: line,
        env: fc.record({ A: line }),
        execute_command: or('sh {{ path }}', '{{ .Vars }} {{ .Path }}'),
        remote_folder: or('/tmp'),
      }),
      { maxLength: 2 },
    ),
    post_processors: fc.array(
      fc.record({ type: fc.constantFrom('compress', 'checksum'), artifact: or('a.img', '{{ build_id }}') }),
      { maxLength: 2 },
    ),
    artifacts: fc.array(fc.record({ name: or('a.img', '{{ build_id }}') }), { maxLength: 1 }),
  },
  { requiredKeys: ['name', 'machine', 'communicator'] },
);

/** What came of it, or undefined after a Fault with places; anything else is a failure of the test. */
const judged = async <T>(act: () => T | Promise<T>): Promise<T | undefined> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    assert.equal(error.code, 'template_invalid');
    assert.ok((error.facts.errors ?? []).length > 0, 'names no place');
    for (const { pointer, message } of error.facts.errors ?? []) {
      assert.match(pointer, /^(\/([^~/]|~[01])*)*$/);
      assert.ok(message.length > 0 && message.length < 8192, `a message of ${message.length} characters`);
    }
    return undefined;
  }
};

const files = { media: { x: import.meta.filename, tiny: import.meta.dirname } };

const resolveIt = (asked: unknown, variables: Record<string, string>) =>
  resolve({
    template: parseTemplate(asked),
    variables,
    files,
    frozen: { buildId: 'b', timestampMs: 1 },
    defaults: { timeoutMs: 1000 },
  });

test('whatever document is sent, it is a template or a fault with places', async () => {
  await fc.assert(
    fc.asyncProperty(document, async (asked) => {
      await judged(() => parseTemplate(asked));
    }),
    often,
  );
});

test('whatever stands in a template and in its variables, it is a spec or a fault with places, twice the same', async () => {
  let good = 0;
  await fc.assert(
    fc.asyncProperty(likely, fc.dictionary(or('a', 'b'), line, { maxKeys: 2 }), async (asked, variables) => {
      const template = await judged(() => parseTemplate(asked));
      if (template !== undefined) await judged(() => checkTemplate(template, files));
      const spec = await judged(() => resolveIt(asked, variables));
      if (spec === undefined) return;
      good += 1;
      assert.deepEqual(await resolveIt(asked, variables), spec);
    }),
    often,
  );
  assert.ok(good > often.numRuns / 10 && good < often.numRuns * 0.95, `${good} of ${often.numRuns} were right`);
});

test('a value never becomes template: every text holds it as it was sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0')),
      async (value) => {
        const machine = { floppy: 'media:x', disks: [{ size: 1 }] };
        const spec = await resolveIt(
          { name: 'n', machine, variables: { a: {} }, install: {}, http: { f: '<{{ a }}>' } },
          { a: `{{ ${value} }}` },
        );
        assert.deepEqual(spec.http, [{ path: 'f', kind: 'text', text: [`<{{ ${value} }}>`] }]);
      },
    ),
    often,
  );
});

const token = fc.oneof(
  fc.constantFrom(...keyNames).map((name) => `<${name}>`),
  fc.constantFrom(...keyNames).map((name) => `<${name}On>`),
  fc.constantFrom(
    '<wait>',
    '<wait5>',
    '<wait1m30s>',
    '<expect "a\\"b" 3s>',
    '<expect "(" 3s>',
    '<foo>',
    '<wait0>',
    '<<On>',
  ),
  text,
);

test('whatever a boot command holds, it is strokes or mistakes with places inside it', () => {
  fc.assert(
    fc.property(
      fc.array(token).map((parts) => parts.join('')),
      (command) => {
        const { strokes, parseErrors } = parseBootCommand(command);
        const points = [...command];
        for (const { place, message } of parseErrors) {
          assert.ok(place !== undefined && place.offset < points.length && message.length < 500);
          const before = points.slice(0, place.offset).join('').split('\n');
          assert.deepEqual([place.line, place.column], [before.length, [...(before.at(-1) ?? '')].length + 1]);
        }
        for (const stroke of strokes) if ('waitMs' in stroke) assert.ok(stroke.waitMs > 0);
      },
    ),
    runs(4000),
  );
});

test('text without "<" is typed as it is, one stroke for each code point', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((command) => !command.includes('<')),
      (command) => {
        const typed = parseBootCommand(command).strokes.map((stroke) => ('type' in stroke ? stroke.type : ''));
        assert.deepEqual(typed, [...command.replaceAll('\n', '\r')]);
      },
    ),
    often,
  );
});
