import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { Fault, type FieldError } from '../src/base/fault.ts';
import { fieldErrors } from '../src/base/field-errors.ts';
import { makeNotes } from '../src/base/notes.ts';
import { makePause } from '../src/base/turns.ts';
import { makeFields } from '../src/template/resolve/fields.ts';
import { makePatterns } from '../src/template/language/pattern.ts';
import { isPasswordKey } from '../src/openbsd/passwords/forms.ts';
import { render } from '../src/template/language/render.ts';
import { readAnswers, renderAnswers } from '../src/openbsd/response-file.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { fillFrom } from '../src/template/resolve/variables.ts';

const runs = { numRuns: 2500 };

const runtime = {
  http_url: 'http://100.64.1.4',
  http_ip: '100.64.1.4',
  http_port: '80',
  http_addr: '100.64.1.4:80',
  http_host: '100.64.1.4',
  host_ip: '100.64.1.2',
  guest_ip: '100.64.1.3',
  mac: 'fe:e1:bb:d1:00:01',
  vm_name: 'imaged-0',
  ssh_public_key: 'ssh-ed25519 AAAA imaged',
};

type Answers = Readonly<Record<string, string | readonly string[]>>;

/** The response file that a template's answers become, or undefined when the template is refused with a place. */
const responseFile = async (
  autoinstall: unknown,
  values: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  const variables = Object.fromEntries(Object.keys(values).map((name) => [name, {}]));
  const wrong = fieldErrors();
  const refused = (errors: readonly FieldError[]) => {
    for (const { pointer } of errors)
      assert.ok(pointer.startsWith('/http/install.conf') || pointer.startsWith('/variables'), pointer);
    return undefined;
  };
  try {
    const machine = { floppy: 'media:x', disks: [{ size: 1 }] };
    const http = { 'install.conf': { autoinstall } };
    const template = parseTemplate({ name: 'answers', variables, machine, http });
    const frozen = { buildId: 'b', timestampMs: 1 };
    const [patterns, pause] = [makePatterns(), makePause()];
    const fill = await fillFrom({
      template,
      sent: values,
      hostSecrets: new Map(),
      frozen,
      wrong,
      wrongSent: wrong,
      secrets: new Set(),
      notes: makeNotes(''),
      patterns,
      pause,
    });
    const fields = makeFields({ fill, wrong, roots: { media: {} }, patterns, hasNic: true, pause });
    const answer = template.http['install.conf'];
    assert.ok(typeof answer === 'object' && answer.autoinstall !== undefined);
    const parts = { template, fields, wrong, seed: 'b' };
    const answers = await readAnswers(answer.autoinstall, '/http/install.conf/autoinstall', parts);
    if (!wrong.isEmpty()) return refused(wrong.fault('template_invalid', 'no').facts.errors ?? []);
    assert.ok(answers !== undefined);
    return render(renderAnswers(answers), runtime);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    assert.equal(error.code, 'template_invalid');
    return refused(error.facts.errors ?? []);
  }
};

type Rule = { readonly key: string; readonly value: string };

const blanks = /^[ \t]+|[ \t]+$/g;
const lower = (text: string) => text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());

/**
 * The installer's own reading of a response file (install.sub of OpenBSD, as autoinstall(8) tells it): `#` lines and
 * lines without `=` are skipped, the first `=` parts question and answer, blanks around both go, capitals do not count.
 */
const rulesOf = (text: string): Rule[] =>
  text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    if (/^[ \t]*#/.test(line) || at < 0) return [];
    const key = lower(line.slice(0, at).replace(blanks, ''));
    return key === '' ? [] : [{ key, value: line.slice(at + 1).replace(blanks, '') }];
  });

/** Answers questions by rules: the first unused one whose key is a whole-word run of the question, each used once. */
const installer = (rules: readonly Rule[]) => {
  const unused = [...rules];
  return (question: string): string | undefined => {
    const asked = ` ${lower(question)} `;
    const at = unused.findIndex(({ key }) => asked.includes(` ${key} `) || asked.includes(` ${key}?`));
    return at < 0 ? undefined : unused.splice(at, 1)[0]?.value;
  };
};

const linesOf = (answers: Answers): Rule[] =>
  Object.entries(answers).flatMap(([question, given]) =>
    [given].flat().map((value) => ({ key: lower(question.replace(blanks, '')), value: value.replace(blanks, '') })),
  );

const questions = [
  'System hostname',
  'Public ssh key for root account',
  'Allow root ssh login',
  'What timezone are you in',
  'Location of sets',
  'HTTP Server',
  'Set name(s)',
  'Use (W)hole disk MBR, whole disk (G)PT',
  "Which disk is the root disk? ('?' for details)",
];
const scraps = [' ', '\t', '=', '#', ' = ', '?', 'Root', 'disk', '\n', '\r', '\r\nPassword = x', '\u2028', '\u0085', '\v', '\\n', '%0a', '*', "'", '$(id)', '`']; // prettier-ignore
const scrap = fc.oneof(fc.constantFrom(...scraps), fc.string({ unit: 'binary', maxLength: 6 }));
const anything = fc.array(scrap, { maxLength: 5 }).map((parts) => parts.join(''));
const text = anything.filter((one) => !one.includes('{{'));
// Line ends would have nearly every document refused; `anything` has them all the same.
const oneLine = text.map((one) => one.replace(/[\r\n\0]/g, ''));
// Passwords become their hashes, which test/passwords.test.ts is about.
const question = fc
  .oneof(
    { weight: 6, arbitrary: fc.constantFrom(...questions) },
    { weight: 6, arbitrary: oneLine.map((one) => `q${one.replaceAll('=', '')}`) },
    { weight: 1, arbitrary: text },
  )
  .filter((one) => !isPasswordKey(one));
const answer = fc.oneof({ weight: 12, arbitrary: oneLine }, { weight: 1, arbitrary: text });
const given = fc.oneof(answer, fc.array(answer, { minLength: 1, maxLength: 3 }));
const answersOf = (asked: fc.Arbitrary<string>) => fc.dictionary(asked, given, { maxKeys: 4, noNullPrototype: true });

test('the installer reads every answer back, in order and no other line, whatever a template may hold', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(answersOf(question), async (answers) => {
      const file = await responseFile(answers);
      if (file === undefined) return;
      accepted += 1;
      assert.deepEqual(rulesOf(file), linesOf(answers));
    }),
    runs,
  );
  assert.ok(accepted > runs.numRuns / 4 && accepted < runs.numRuns, `${accepted} of ${runs.numRuns} were accepted`);
});

test('asked in the order of the template, each question gets its own answers, one each time it is asked', async () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const distinct = fc.uniqueArray(word, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      distinct,
      fc.array(fc.array(oneLine, { minLength: 1, maxLength: 3 }), { minLength: 5, maxLength: 5 }),
      async (words, values) => {
        // prettier-ignore
        // Written as nobody asks it, so that the rules' blanks and capitals are needed; `of` and `is` stand in all of them.
        const answers = Object.fromEntries(words.map((one, index) => [` Name of ${one.toUpperCase()} `, values[index] ?? []]));
        const file = await responseFile(answers);
        assert.ok(file !== undefined);
        const ask = installer(rulesOf(file));
        for (const [index, one] of words.entries())
          for (const value of values[index] ?? [])
            assert.equal(ask(`What is the name of ${one}? (or 'done')`), value.replace(blanks, ''));
        for (const one of words) assert.equal(ask(`What is the name of ${one}? (or 'done')`), undefined);
      },
    ),
    runs,
  );
});

test('no value of a variable smuggles a further line into the file', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      text.filter((one) => !isPasswordKey(one)),
      text,
      async (inQuestion, inAnswer) => {
        const file = await responseFile(
          { 'Name of {{ q }}': ['{{ a }}', '{{ http_url }}/{{ a }}'], '{{ q }}': 'last' },
          { q: inQuestion, a: inAnswer },
        );
        if (file === undefined) return;
        accepted += 1;
        assert.deepEqual(
          rulesOf(file),
          linesOf({ [`Name of ${inQuestion}`]: [inAnswer, `${runtime.http_url}/${inAnswer}`], [inQuestion]: 'last' }),
        );
        assert.equal(file.split('\n').length, 4);
      },
    ),
    runs,
  );
  assert.ok(accepted > 100 && accepted < runs.numRuns, `${accepted} of ${runs.numRuns} were accepted`);
});

const askScript = fileURLToPath(new URL('../../test/guest/ramdisk/ask.sh', import.meta.url));

// Reads CASE/conf and answers the lines of CASE/questions, for every CASE in its arguments.
const driver = `set -eu
. "$1"; shift
for folder; do
  RESPONSES=$folder/conf RULES=$folder/rules
  read_responses
  while IFS= read -r question; do
    if respond "$question"; then printf 'got %s\\n' "$answer"; else echo none; fi
  done <"$folder/questions"
done
`;

test("the test system's installer matches answers by the same rules", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'responses-'));
  try {
    const forShell = fc
      .array(fc.oneof(fc.constantFrom(...scraps), fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 4 })
      .map((parts) => parts.join('').replace(/[\r\n\0=]|\{\{/g, ''));
    const some = fc.oneof(
      fc.constantFrom(...questions),
      forShell.map((one) => `q${one}`),
    );
    const samples = fc.sample(fc.tuple(answersOf(some), fc.array(some, { minLength: 1, maxLength: 6 })), {
      numRuns: 60,
      seed: 42,
    });
    const expected: string[] = [];
    const folders: string[] = [];
    for (const [index, [answers, others]] of samples.entries()) {
      const file = await responseFile(answers);
      if (file === undefined) continue;
      const asked = [...Object.keys(answers).map((one) => `What? ${one}? (or 'done')`), ...others, ...others];
      const own = join(folder, String(index));
      await mkdir(own);
      await writeFile(join(own, 'conf'), `# a comment = no answer\nno answer either\r\n${file}`);
      await writeFile(join(own, 'questions'), `${asked.join('\n')}\n`);
      folders.push(own);
      const ask = installer(rulesOf(file));
      for (const one of asked) {
        const found = ask(one);
        expected.push(found === undefined ? 'none' : `got ${found}`);
      }
    }
    assert.ok(folders.length > 30, `only ${folders.length} files`);
    const { stdout } = await promisify(execFile)('sh', ['-c', driver, 'sh', askScript, ...folders], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    assert.deepEqual(stdout.split('\n').slice(0, -1), expected);
    assert.ok(expected.includes('none') && expected.some((line) => line.startsWith('got')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
