import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { makeBill } from '../script/materials/make-bill.ts';
import { inPage } from '../script/page/packages.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string(),
      integrity: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().default(false),
      // For another system: npm leaves it out here.
      optional: z.boolean().default(false),
      hasInstallScript: z.boolean().default(false),
    }),
  ),
});
const Manifest = z.looseObject({ license: z.string(), allowScripts: z.record(z.string(), z.boolean()).default({}) });
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(top, path), 'utf8'));

const { packages } = Lock.parse(await json('package-lock.json'));
const dependencies = Object.entries(packages).filter(([folder]) => folder !== '');
const foldersInPage = inPage.map((name) => `node_modules/${name}`);
const shipped = dependencies.filter(([folder, { dev }]) => !dev || foldersInPage.includes(folder));

// They ask for no more than their notice, so that imaged and its packages may be passed on by anybody.
const shippedLicences = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

// What builds and tests imaged is not passed on.
const toolLicences = [...shippedLicences, '(MIT AND Zlib)', '(MIT OR CC0-1.0)', 'MPL-2.0', 'PSF-2.0', 'Python-2.0'];

// Its README says it, in place of a file.
const licencesInReadme = ['node_modules/abstract-logging'];

// The head of a program of it says it: holders and name, without the text.
const licencesInProgram = [{ folder: 'node_modules/@xterm/headless', program: 'lib-headless/xterm-headless.mjs' }];

// Their manifests say it in a form that npm has given up, or not at all; a file of theirs does.
const licencesOfOld: Readonly<Record<string, readonly [file: string, said: RegExp]>> = {
  'node_modules/busboy': ['LICENSE', /Permission is hereby granted, free of charge/],
  'node_modules/streamsearch': ['LICENSE', /Permission is hereby granted, free of charge/],
  'node_modules/humanize-number': ['Readme.md', /^## License\s+MIT$/m],
};

// Of one project, whose other packages carry the text of the one licence that all of them are under.
const licencesOfSdk = [
  'node_modules/@aws-sdk/credential-provider-http',
  'node_modules/@aws-sdk/credential-provider-login',
  'node_modules/@aws-sdk/nested-clients',
];

test('every package is under a licence on the list, in the lock and as its own manifest says', async () => {
  for (const [folder, { license, dev, optional }] of dependencies) {
    const [file, said] = licencesOfOld[folder] ?? [];
    if (file !== undefined && said !== undefined) {
      assert.ok(dev, folder);
      assert.match((await readFile(join(top, folder, file), 'utf8')).trim(), said);
      continue;
    }
    const isShipped = !dev || foldersInPage.includes(folder);
    assert.ok((isShipped ? shippedLicences : toolLicences).includes(license ?? ''), `${folder}: ${license}`);
    if (optional && !existsSync(join(top, folder))) continue;
    assert.equal(Manifest.parse(await json(join(folder, 'package.json'))).license, license, folder);
  }
});

test('every package that is passed on carries the text of its licence', async () => {
  const without: string[] = [];
  for (const [folder] of shipped)
    if (!(await readdir(join(top, folder))).some((name) => /^(licen[cs]e|copying|notice)/i.test(name)))
      without.push(folder);
  assert.deepEqual(without, [...licencesOfSdk, ...licencesInProgram.map(({ folder }) => folder), ...licencesInReadme]);
  for (const { folder, program } of licencesInProgram)
    assert.match(
      (await readFile(join(top, folder, program), 'utf8')).slice(0, 200),
      /^\/\*\*\n \* Copyright .*\n \* @license MIT\n/,
    );
  for (const folder of licencesOfSdk) assert.equal(packages[folder]?.license, 'Apache-2.0');
  assert.match(
    await readFile(join(top, 'node_modules/@aws-sdk/core/LICENSE'), 'utf8'),
    /Apache License\s+Version 2\.0/,
  );
  for (const folder of licencesInReadme) {
    const readme = (await readdir(join(top, folder))).find((name) => /^readme/i.test(name)) ?? '';
    assert.match(await readFile(join(top, folder, readme), 'utf8'), /^#+ License$/m);
  }
});

test('the lock has a SHA-512 of every package, and none fetches more when it is installed', async () => {
  for (const [folder, { integrity }] of dependencies) assert.match(integrity ?? '', /^sha512-/, folder);
  const fetchers = /(^|\/)(prebuild-install|node-pre-gyp|@mapbox\/node-pre-gyp|node-gyp-build|download|electron)$/;
  assert.deepEqual(
    dependencies.map(([folder]) => folder).filter((folder) => fetchers.test(folder)),
    [],
  );
  const { allowScripts } = Manifest.parse(await json('package.json'));
  for (const [folder, { hasInstallScript }] of dependencies)
    if (hasInstallScript) assert.ok(Object.hasOwn(allowScripts, folder.replace('node_modules/', '')), folder);
});

test('the bill of materials names what is passed on, with the digests of the lock, and comes out the same each time', async () => {
  const Hashes = z.array(z.object({ alg: z.literal('SHA-512'), content: z.string() }));
  const bill = await makeBill();
  const told = bill.components.filter(({ name }) => name !== 'sqlite');
  const digests = told.map(({ hashes }) => Hashes.parse(hashes).map(({ content }) => content)[0]);
  const locked = shipped.map(([, { integrity = '' }]) => Buffer.from(integrity.slice(7), 'base64').toString('hex'));
  assert.deepEqual(new Set(digests), new Set(locked));
  assert.match(JSON.stringify(bill.components.find(({ name }) => name === 'sqlite')), /"version":"3\.\d+\.\d+"/);
  assert.deepEqual(await makeBill(), bill);
});
