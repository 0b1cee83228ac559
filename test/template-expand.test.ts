import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { atBestMs } from './fixtures/at-best.ts';
import { expandTemplate, type BaseTemplate } from '../src/template/expand/expand.ts';
import { runs } from './fixtures/long.ts';

const documentsOf = (document: unknown, bases: readonly BaseTemplate[] = []) =>
  expandTemplate(document, bases).map((one) => one.document);

/** The places that are wrong, each with its message. */
const wrongIn = (document: unknown, bases: readonly BaseTemplate[] = []): Record<string, string> => {
  try {
    expandTemplate(document, bases);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'template_invalid') throw error;
    return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
  }
  return {};
};

const sh = (name: string, more: object = {}) => ({ type: 'shell', name, inline: ['true'], ...more });

const namesIn = (document: unknown): readonly unknown[] =>
  (document as { provisioners: readonly { name: unknown }[] }).provisioners.map(({ name }) => name);

test('a template without machines is one machine of its name, and the very same document', () => {
  const document = { name: 'tiny', provisioners: [sh('a')] };
  const [only, ...others] = expandTemplate(document);
  assert.equal(only?.document, document);
  assert.deepEqual([only.name, only.template, only.pointerOf('/machine')], ['tiny', undefined, '/machine']);
  assert.deepEqual(others, []);
});

test('what a machine has of its own is merged over the top: objects by key, lists and texts whole, null takes away', () => {
  const machine = { memory: '1G', cpus: 2, disks: [{ size: '1G' }, { size: '2G' }] };
  const [web, db] = documentsOf({
    name: 'site',
    machine,
    install: { ends: 'halt' },
    machines: { web: { machine: { memory: '2G' }, install: null }, db: { machine: { disks: [{ size: '9G' }] } } },
  });
  assert.deepEqual(web, { name: 'web', machine: { ...machine, memory: '2G' } });
  assert.deepEqual(db, { name: 'db', machine: { ...machine, disks: [{ size: '9G' }] }, install: { ends: 'halt' } });
});

test('a place in a machine is where the client wrote it', () => {
  const [web] = expandTemplate({
    name: 'site',
    machine: { memory: '1G', cpus: 2 },
    parts: { harden: [sh('h')] },
    provisioners: [sh('a', { except: ['web'] }), { part: 'harden' }, sh('b', { override: { web: { timeout: '1m' } } })],
    machines: { web: { machine: { memory: '2G' }, http: { 'a/b': 'x' } } },
  });
  const places = {
    '/machine/memory': '/machines/web/machine/memory',
    '/machine/cpus': '/machine/cpus',
    '/machine/nonsense': '/machines/web/machine/nonsense',
    '/http/a~1b': '/machines/web/http/a~1b',
    '/name': '/machines/web',
    '/provisioners/0/inline/0': '/parts/harden/0/inline/0',
    '/provisioners/1/timeout': '/provisioners/2/override/web/timeout',
    '/provisioners/1/inline': '/provisioners/2/inline',
    '': '',
  };
  for (const [here, there] of Object.entries(places)) assert.equal(web?.pointerOf(here), there, here);
});

test('only, except and override choose and change a provisioner for each machine, and are gone then', () => {
  const [web, db] = documentsOf({
    name: 'site',
    provisioners: [
      sh('all'),
      sh('web', { only: ['web'] }),
      sh('not-web', { except: ['web'] }),
      sh('other', { override: { db: { name: 'db-other', env: { A: '1' } } } }),
    ],
    post_processors: [
      { type: 'compress', only: ['db'] },
      { type: 'checksum', except: ['db'] },
    ],
    machines: { web: {}, db: {} },
  });
  assert.deepEqual(namesIn(web), ['all', 'web', 'other']);
  assert.deepEqual(namesIn(db), ['all', 'not-web', 'db-other']);
  assert.doesNotMatch(JSON.stringify([web, db]), /only|except|override/);
  assert.deepEqual([web, db].map((one) => (one as { post_processors: object[] }).post_processors), [
    [{ type: 'checksum' }],
    [{ type: 'compress' }],
  ]); // prettier-ignore
});

test('only and except exclude each other and name machines that there are; a lone template is the machine of its name', () => {
  const one = (more: object) => wrongIn({ name: 'tiny', provisioners: [sh('a', more)] });
  assert.deepEqual(one({ only: ['tiny'] }), {});
  assert.match(one({ only: ['tnny'] })['/provisioners/0/only/0'] ?? '', /did you mean "tiny"/);
  assert.match(one({ only: ['tiny'], except: ['tiny'] })['/provisioners/0'] ?? '', /both "only" and "except"/);
  assert.match(one({ override: { web: {} } })['/provisioners/0/override/web'] ?? '', /no machine of this template/);
  assert.match(one({ override: { tiny: { only: ['x'] } } })['/provisioners/0/override/tiny/only'] ?? '', /otherwise/);
  for (const only of [[], 'tiny', {}]) assert.ok('/provisioners/0/only' in one({ only }), JSON.stringify(only));
});

test('a template that extends others is merged over them, the deepest first, and may keep their provisioners', () => {
  const bases = [
    { named: 'mid@2', document: { name: 'mid', extends: 'low', machine: { cpus: 2 }, provisioners: [{ part: 'base' }, sh('mid')] } },
    { named: 'low@1', document: { name: 'low', machine: { memory: '1G', cpus: 1 }, provisioners: [sh('low')] } },
  ]; // prettier-ignore
  const top = { extends: 'mid', provisioners: [sh('first'), { part: 'base' }, sh('last')] };
  const [made] = expandTemplate(top, bases);
  assert.ok(made);
  assert.equal(made.name, 'mid');
  assert.deepEqual((made.document as { machine: unknown }).machine, { memory: '1G', cpus: 2 });
  assert.deepEqual(namesIn(made.document), ['first', 'low', 'mid', 'last']);
  assert.equal(made.pointerOf('/machine/memory'), 'low@1:/machine/memory');
  assert.equal(made.pointerOf('/provisioners/3/inline'), '/provisioners/2/inline');
  assert.deepEqual(namesIn(documentsOf({ extends: 'mid', provisioners: [sh('mine')] }, bases)[0]), ['mine']);
});

test('a part is one list under one name: none within another, none that is not there, none without a list to inherit', () => {
  const wrong = wrongIn({
    name: 'tiny',
    parts: { a: [{ part: 'b' }], b: [sh('b')], base: [], 'no name': [], c: {} },
    provisioners: [{ part: 'd' }, { part: 'base' }, { part: 'b', timeout: '1s' }],
  });
  assert.deepEqual(Object.keys(wrong).toSorted(), [
    '/parts/a/0',
    '/parts/base',
    '/parts/c',
    '/parts/no name',
    '/provisioners/0/part',
    '/provisioners/1/part',
    '/provisioners/2/timeout',
  ]);
});

test('a machine has a name, and nothing that is the template’s as a whole', () => {
  const wrong = wrongIn({
    name: 'site',
    variables: { release: {} },
    machines: { Web: {}, db: { name: 'x', machines: {}, variables: { relaese: { default: '1' } } }, mail: 'large' },
  });
  assert.match(wrong['/machines/db/variables/relaese'] ?? '', /did you mean "release"/);
  assert.deepEqual(
    ['/machines/Web', '/machines/db/name', '/machines/db/machines', '/machines/mail'].filter((place) => !(place in wrong)),
    [],
  ); // prettier-ignore
  for (const machines of [{}, [], null, 'web'])
    assert.ok('/machines' in wrongIn({ name: 'site', machines }), JSON.stringify(machines));
});

test('parts and inherited lists do not grow beyond what a template may have', () => {
  const many = Array.from({ length: 200 }, (_, at) => sh(`p${at}`));
  const [made] = documentsOf({
    name: 'tiny',
    parts: { many },
    provisioners: Array.from({ length: 2000 }, () => ({ part: 'many' })),
  });
  assert.ok(namesIn(made).length <= 400);
  const doubling = Array.from({ length: 5 }, (_, at) => ({
    named: `b@${at}`,
    document: { name: 'b', provisioners: at === 4 ? many : Array.from({ length: 100 }, () => ({ part: 'base' })) },
  }));
  const [grown] = documentsOf({ extends: 'b', provisioners: [{ part: 'base' }, { part: 'base' }] }, doubling);
  assert.ok(namesIn(grown).length <= 201);
});

test('whatever is sent, it is expanded or refused with places', () => {
  const name = fc.constantFrom('web', 'db', 'base', 'x', '__proto__');
  const key = fc.constantFrom(
    'only',
    'except',
    'override',
    'part',
    'type',
    'extends',
    'machines',
    'parts',
    'provisioners',
  );
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      name,
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(name, key), tie('any'), { maxKeys: 4 }),
    ),
  })).any; // prettier-ignore
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 5 }), value, (document, base) => {
      const refused = wrongIn(document, [{ named: 'base@1', document: base }]);
      for (const place of Object.keys(refused)) assert.match(place, /^(base@1:)?(\/|$)/);
    }),
    runs(2000),
  );
});

test('a template with many machines and names that are not there is refused in less than 250 ms, at best', async () => {
  const named = (count: number, name: string, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, value]));
  const provisioners = Array.from({ length: 9 }, (_, index) =>
    sh(`p${index}`, { override: named(2000, 'nachine', {}) }),
  );
  const most = await atBestMs(250, () => {
    const began = performance.now();
    assert.match(wrongIn({ name: 'x', provisioners, machines: named(2000, 'machine', {}) })['/machines'] ?? '', /20/);
    assert.match(
      JSON.stringify(wrongIn({ name: 'x', provisioners, machines: named(20, 'machine', {}) })),
      /no machine/,
    );
    return Promise.resolve(performance.now() - began);
  });
  assert.ok(most < 250, `${most} ms`);
});
