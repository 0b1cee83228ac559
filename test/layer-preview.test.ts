import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { layerBounds } from '../src/base/bounds.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import { makeBackground } from '../src/build/layers/background.ts';
import { findCuts } from '../src/build/layers/find-cuts.ts';
import type { Attempt } from '../src/build/attempt/attempt.ts';
import { openLayering, type OpenLayeringParts } from '../src/build/layers/open-layering.ts';
import { makePreview } from '../src/build/layers/preview.ts';
import { specsOfKeys } from '../src/build/layers/specs-of-keys.ts';
import { recipeFor } from '../src/build/recipe.ts';
import { makeFileDigests } from '../src/layers/keys/file-digests.ts';
import { changingNames } from '../src/layers/keys/keys.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { keep, shelfIn } from './layer-shop.ts';
import { storeShop } from './store-shop.ts';

const base = {
  name: 'tiny',
  machine: { memory: '64M', disks: [{ size: '8M' }], boot: { kernel: 'media:kernel' } },
  install: { console: [{ hear: 'login:', say: 'root' }], ends: 'reboot' },
  communicator: { type: 'ssh', username: 'root' },
  provisioners: [
    { type: 'shell', name: 'first', inline: 'true' },
    { type: 'shell', name: 'second', inline: 'true' },
  ],
};

type Document = Omit<typeof base, 'provisioners'> & {
  readonly provisioners: readonly object[];
  readonly cache?: string;
  readonly http?: object;
  readonly post_processors?: readonly object[];
};

/** A shelf over a real store, and what a host with these mirrored digests would find on it. */
const previewShop = async () => {
  const home = await mkdtemp(join(tmpdir(), 'imaged-preview-'));
  const shop = await storeShop();
  const { shelf, figures } = shelfIn(join(home, 'layers'), shop.store);
  const kernel = join(home, 'kernel');
  await writeFile(kernel, 'kernel');
  const digests = makeFileDigests(changingNames, systemClock.now);
  const secret = Buffer.alloc(32, 7);
  let mirrored: { readonly sha256: string | undefined } | 'not asked' = { sha256: undefined };
  let broken: Fault | undefined;
  const hypervisor = {
    facts: async () => {
      if (broken !== undefined) throw broken;
      return { name: 'qemu', version: '7.2', accelerators: ['tcg'] };
    },
    shapeKey: () => 'shape',
    chains: { most: 8, over: ['qcow2'] },
  } as unknown as OpenLayeringParts['hypervisor']; // All of it that is asked here: a preview starts no machine.
  const mirror = { digestAtHand: async () => mirrored } as unknown as OpenLayeringParts['mirror']; // The same.
  const specsOf = (document: Document) =>
    specsOfKeys({ buildId: '01J0000000000000000000000A', timestampMs: 1_700_000_000_000 }, (frozen) =>
      resolve({
        template: parseTemplate(document, ''),
        variables: {},
        files: { media: { kernel } },
        frozen,
        instance: 'any',
        defaults: { timeoutMs: 3_600_000 },
      }),
    );
  let code = 'one';
  const program = async () => code;
  const background = makeBackground();
  const skipped = new Map<string, ReadonlySet<string>>();
  const layers = { shelf, digests, secret, program, costs: makeKeepingCosts(), background, skipped };
  const resolveForKeys: OpenLayeringParts['resolveForKeys'] = ({ input }) => specsOf(input.template as Document); // It was given one.
  const signal = AbortSignal.timeout(30_000);
  const preview = async (
    document: Document,
    asked: { readonly cache?: 'off'; readonly debug?: true } = {},
    hasLayers = true,
  ) => {
    // prettier-ignore
    const { spec } = await specsOf(document);
    const parts = { layers: hasLayers ? layers : undefined, resolveForKeys, hypervisor, mirror, clock: systemClock };
    const checked = { id: 'A', template: document, variables: {}, templateName: spec.name, plan: recipeFor(spec).steps, ...asked }; // prettier-ignore
    const { steps, from } = await makePreview(parts)(checked, signal);
    return { from, of: (name: string) => steps.find(({ step }) => step === name), steps };
  };
  /** Keeps what a build of the document would have kept after a part of its plan. */
  const keepAfter = async (document: Document, part: string, sets: readonly object[] = []) => {
    const specs = await specsOf(document);
    const { cuts } = await findCuts(
      specs.spec,
      specs,
      'auto',
      { hypervisor, secret, digests, program, slot: 0 },
      signal,
    );
    const { key, step, kind, ingredients } = cuts.find((cut) => cut.part === part) ?? assert.fail(part);
    const facts =
      kind === 'artifacts'
        ? { artifacts: [], sets }
        : { disks: [], hasKey: true, hasVariables: false, downloads: [], sets };
    return keep(shelf, key, { step, kind, ingredients, facts, seconds: 42 });
  };
  /** The cuts of a build whose secret of the host has these versions, when it was resolved and when its keys were. */
  const cutsBetween = async (version: number, later: number) => {
    const specs = await specsOf(base);
    const at = (n: number) => ({ ...specs.spec, hostSecrets: [{ name: 'token', version: n }] });
    const parts = { hypervisor, secret, digests, program, slot: 0 };
    return findCuts(at(version), { ...specs, spec: at(later) }, 'auto', parts, signal);
  };
  /** What a build of the document keeps with, and the words for what it keeps and does not. */
  const opened = async (document: Document) => {
    const { spec } = await specsOf(document);
    const cleanup = cleanupStack();
    const told: string[] = [];
    const event = (type: string, { step = '', why = '' }: { readonly step?: string; readonly why?: string }) =>
      void told.push(`${type} ${step} ${why}`.trim());
    const claim = { build: { id: 'A', templateName: spec.name }, input: { template: document, plan: recipeFor(spec).steps } }; // prettier-ignore
    const attempt = { claim, cleanup, event, log: () => undefined, signal } as unknown as Attempt; // As much as is asked for.
    const parts = { layers, resolveForKeys, hypervisor, mirror, clock: systemClock };
    const layering = await openLayering(attempt, spec, 0, parts);
    return { layering, told, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
  };
  return {
    ...{ shelf, figures, kernel, preview, keepAfter, cutsBetween, opened },
    mirrors: (now: typeof mirrored) => {
      mirrored = now;
    },
    recompile: () => {
      code = 'two';
    },
    breakHost: (fault: Fault | undefined) => {
      broken = fault;
    },
    [Symbol.asyncDispose]: async () => {
      await shop[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
};

const withProvisioner = (at: number, provisioner: object): Document => ({
  ...base,
  provisioners: base.provisioners.map((one, index) => (index === at ? provisioner : one)),
});

const nothing = 'nothing is kept of this step of the template';

test('of a template that was never built every step is a miss, but for those that each build takes', async () => {
  await using shop = await previewShop();
  const { steps, from, of } = await shop.preview(base);
  assert.equal(from, undefined);
  assert.equal(of('make-workspace'), undefined);
  assert.equal(of('create-disks'), undefined);
  assert.deepEqual(of('install'), { step: 'install', outcome: 'miss', why: nothing });
  assert.deepEqual([...new Set(steps.map(({ outcome, why }) => `${outcome} ${why}`))], [`miss ${nothing}`]);
});

test('a build would go on from the last of what is kept; behind it the first difference is named', async () => {
  await using shop = await previewShop();
  await shop.keepAfter(base, 'install');
  await shop.keepAfter(base, 'provisioners/0');
  await shop.keepAfter(base, 'finish');
  const other = await shop.preview(withProvisioner(1, { type: 'shell', name: 'second', inline: 'false' }));
  assert.deepEqual(other.from, { step: 'first', kind: 'machine', buildId: 'maker', savedSeconds: 42 });
  assert.equal(other.of('install')?.outcome, 'hit');
  assert.equal(other.of('first')?.outcome, 'hit');
  // Every build logs in.
  assert.equal(other.of('connect'), undefined);
  const why = 'provisioners/1: scripts/0/inline has changed';
  assert.deepEqual(other.of('second'), { step: 'second', outcome: 'miss', why });
  assert.deepEqual(other.of('publish'), { step: 'publish', outcome: 'miss', why });
});

test('of a build whose whole input is known every step is a hit', async () => {
  await using shop = await previewShop();
  await shop.keepAfter(base, 'finish');
  const { steps, from } = await shop.preview(base);
  assert.equal(from?.kind, 'artifacts');
  assert.deepEqual([...new Set(steps.map(({ outcome }) => outcome))], ['hit']);
});

test('looking ahead counts no use, changes no layer and holds none', async () => {
  await using shop = await previewShop();
  const { key } = await shop.keepAfter(base, 'install');
  const before = await shop.shelf.find(key);
  await shop.preview(base);
  await shop.preview(withProvisioner(0, { type: 'shell', name: 'first', inline: 'false' }));
  assert.deepEqual(await shop.shelf.find(key), before);
  assert.deepEqual(shop.figures, { hits: 0, misses: 0, saved: 0 });
  assert.notEqual(await shop.shelf.remove(key, 'alone'), undefined);
});

test('a step that is run each time says what caused it', async (t) => {
  await using shop = await previewShop();
  const cases: readonly (readonly [string, Document, Parameters<typeof shop.preview>[1], string])[] = [
    ['a value of each build', withProvisioner(1, { type: 'shell', name: 'second', inline: 'echo {{ build_id }}' }), {}, 'provisioners/1 uses the build’s id, which changes with every build'], // prettier-ignore
    ['a provisioner that is not to be kept', withProvisioner(1, { ...base.provisioners[1], cache: 'off' }), {}, 'the template says "cache": "off" of this step, or of one before it'], // prettier-ignore
    ['the request', base, { cache: 'off' }, 'the request says cache=off'],
    ['debug', base, { debug: true }, 'with debug, people may change the guest between its steps'],
    ['the template', { ...base, cache: 'off' }, {}, 'the template says "cache": "off"'],
  ];
  for (const [what, document, asked, why] of cases)
    await t.test(what, async () => {
      const { of } = await shop.preview(document, asked);
      assert.deepEqual(of('second'), { step: 'second', outcome: 'not_kept', why });
      assert.equal(of('publish')?.outcome, 'not_kept');
    });
  const { of } = await shop.preview(base, {}, false);
  assert.equal(of('install')?.why, 'the configuration of this host has "enabled = false" in [cache]');
});

test('what was taken from the mirror is looked at again, and nothing is fetched for it', async () => {
  await using shop = await previewShop();
  const set = { path: '7.9/amd64/base79.tgz', sha256: 'aa' };
  await shop.keepAfter(base, 'install', [set]);
  await shop.keepAfter(base, 'finish', [set]);
  shop.mirrors({ sha256: 'aa' });
  assert.equal((await shop.preview(base)).from?.kind, 'artifacts');
  shop.mirrors({ sha256: 'bb' });
  const other = await shop.preview(base);
  assert.deepEqual(other.of('install'), { step: 'install', outcome: 'miss', why: 'install: set 7.9/amd64/base79.tgz has another digest' }); // prettier-ignore
  assert.equal(other.of('publish')?.why, 'install: set 7.9/amd64/base79.tgz has another digest');
  shop.mirrors({ sha256: undefined });
  assert.match((await shop.preview(base)).of('install')?.why ?? '', /base79.tgz is no longer on the mirror$/);
  shop.mirrors('not asked');
  const unknown = await shop.preview(base);
  assert.equal(unknown.from, undefined);
  assert.deepEqual(unknown.of('install'), {
    ...{ step: 'install', outcome: 'unknown' },
    why: 'whether the mirror still has the same 7.9/amd64/base79.tgz is not known before it is asked',
  });
});

test('after a change of imaged itself, or of its host, nothing is found, and that is what is said', async () => {
  await using shop = await previewShop();
  await shop.keepAfter(base, 'install');
  shop.recompile();
  assert.deepEqual((await shop.preview(base)).of('install'), {
    ...{ step: 'install', outcome: 'miss' },
    why: 'this host: the code of imaged has changed',
  });
});

test('what cannot be known yet is unknown, and says why', async (t) => {
  await using shop = await previewShop();
  await t.test('an address of the machine', async () => {
    const { of } = await shop.preview({ ...base, http: { answers: '{{ guest_ip }}' } });
    assert.equal(of('install')?.outcome, 'unknown');
    assert.match(of('install')?.why ?? '', /an address of the machine/);
  });
  await t.test('what another build is making', async () => {
    const { key } = await shop.keepAfter(base, 'install');
    await shop.shelf.remove(key, 'alone');
    using _turn = await shop.shelf.turn(key, AbortSignal.timeout(1000));
    assert.deepEqual((await shop.preview(base)).of('install'), { step: 'install', outcome: 'unknown', why: 'another build is making it now' }); // prettier-ignore
  });
  await t.test('a host that cannot tell', async () => {
    shop.breakHost(new Fault('hypervisor_unavailable', 'There is none at /secret/place.'));
    const { of, steps } = await shop.preview(base);
    shop.breakHost(undefined);
    assert.match(of('install')?.why ?? '', /^this host cannot tell now: /);
    assert.doesNotMatch(JSON.stringify(steps), /secret/);
  });
  await t.test('a medium that takes long to read, and one that was read lately', async () => {
    await truncate(shop.kernel, layerBounds.previewBytes);
    assert.deepEqual((await shop.preview(base)).of('install'), {
      ...{ step: 'install', outcome: 'unknown' },
      why: 'install uses media:kernel, which was not read lately',
    });
    await shop.keepAfter(base, 'install');
    await truncate(shop.kernel, 10);
    assert.equal((await shop.preview(base)).of('install')?.why, 'install: medium media:kernel has another digest');
  });
});

test('a build keeps and takes nothing whose secret was changed between its resolving and that of its keys', async () => {
  await using it = await previewShop();
  assert.ok((await it.cutsBetween(1, 1)).cuts.length > 0);
  const { cuts, keys, whyNone } = await it.cutsBetween(1, 2);
  assert.deepEqual([cuts, keys], [[], []]);
  assert.match(whyNone ?? '', /^a secret of this host was changed/);
});

test('a file of the host that is changed in its place after its digest was taken is kept under no key', async () => {
  await using it = await previewShop();
  await using build = await it.opened(base);
  const { layering, told } = build;
  const [install, connect] = layering.cuts;
  assert.ok(install && connect);
  assert.ok(await layering.keep(install, 0, async () => ({ facts: {} })));
  await layering.settled();
  await writeFile(it.kernel, 'another kernel');
  await layering.keep(connect, 0, async () => ({ facts: {} }));
  await layering.settled();
  assert.deepEqual(told.slice(-2), [
    `layer.kept ${install.step}`,
    `layer.not_kept ${connect.step} a file that it was made of, or the host, has changed since`,
  ]);
  assert.deepEqual([...(await it.shelf.known([install.key, connect.key])).keys()], [install.key]);
});
