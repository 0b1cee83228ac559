import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { admittingShop } from '../fixtures/admitting-shop.ts';
import { logIn, look } from './browser.ts';

// The browser tells of each answer that is no success, and of each that was lost.
const refused =
  /^console: Failed to load resource: (?:the server responded with a status of 4(?:00|22)|net::ERR_FAILED)/;

const secret = 'hunter2222';

const template = {
  name: 'web',
  machine: { memory: '128M', disks: [{ size: '1G' }], boot: { kernel: 'media:shop/boot.iso' } },
  variables: {
    release: { default: '7.9', choices: ['7.8', '7.9'], description: 'Which OpenBSD' },
    cores: { type: 'number', required: true },
    password: { sensitive: true },
  },
};

const formShop = async () => {
  const shop = await admittingShop();
  const { url } = await shop.listen();
  const looked = await look(url);
  await logIn(looked.page, shop.auth);
  return {
    ...{ shop, url, looked, page: looked.page },
    builds: async () => (await shop.store.list({}, { limit: 10 })).items,
    [Symbol.asyncDispose]: async () => {
      await looked[Symbol.asyncDispose]();
      await shop[Symbol.asyncDispose]();
    },
  };
};

/** The id of the build whose page is shown. */
const shownBuild = async ({ page, url }: Awaited<ReturnType<typeof formShop>>): Promise<string> => {
  await page.waitForURL(`${url}/#/builds/*`);
  return page.url().split('/').at(-1) ?? '';
};

test('a stored template is built by a form: what is wrong stands at its field, and a secret stands nowhere', async () => {
  await using served = await formShop();
  const { shop, page, looked } = served;
  await shop.ask({ method: 'PUT', url: '/templates/web', headers: shop.auth, payload: template });
  await page.getByRole('link', { name: 'Templates' }).click();
  await page.getByRole('link', { name: 'New build from web' }).click();
  await page.getByLabel('cores').fill('many');
  await page.getByLabel('release').selectOption('7.8');
  await page.getByRole('textbox', { name: 'password' }).fill(secret);
  await page.getByLabel('Labels').fill('team=infra\nbranch=main');
  await page.getByLabel('Priority').fill('2000');
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.locator('#field-priority-wrong').filter({ hasText: 'above 1000' }).waitFor();
  await page.getByLabel('Priority').fill('7');
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.locator('[id="field-variable:cores-wrong"]').filter({ hasText: 'it takes a number' }).waitFor();
  assert.equal(await page.evaluate('document.activeElement.id'), 'field-variable:cores');
  assert.equal(await page.locator('#field-priority-wrong').count(), 0);
  assert.deepEqual(await served.builds(), []);
  await looked.proveAccessible();
  await page.getByLabel('cores').fill('4');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('heading', { name: 'What it would do' }).waitFor();
  assert.deepEqual(await served.builds(), []);
  await looked.proveAccessible();
  await page.getByText('As curl').click();
  const curl = (await page.getByLabel('The calls of this view, as curl lines').textContent()) ?? '';
  assert.match(curl, /"password":"<sensitive>"/);
  assert.ok(!curl.includes(secret));
  await page.getByRole('button', { name: 'Start build' }).click();
  const build = await shop.store.find(await shownBuild(served));
  assert.deepEqual(build?.labels, { team: 'infra', branch: 'main' });
  assert.equal(build.priority, 7);
  const { variables } = (await shop.store.input(build.id)) ?? {};
  assert.deepEqual(variables, { cores: '4', release: '7.8', password: secret });
  assert.equal(await page.evaluate(`JSON.stringify([location.href, history.state, { ...localStorage }]).includes('${secret}')`), false); // prettier-ignore
  looked.proveQuiet(refused);
});

test('a start whose answer was lost makes no second build when it is started again', async () => {
  await using served = await formShop();
  const { shop, page, looked } = served;
  const payload = { ...template, variables: {} };
  await shop.ask({ method: 'PUT', url: '/templates/web', headers: shop.auth, payload });
  await page.goto(`${served.url}/#/new/web`);
  let lost = 0;
  await page.route(`${served.url}/builds`, async (route) => {
    lost += 1;
    if (lost > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.getByText('makes no other build').waitFor();
  assert.equal((await served.builds()).length, 1);
  await page.getByRole('button', { name: 'Start build' }).click();
  const id = await shownBuild(served);
  assert.deepEqual(
    (await served.builds()).map((build) => build.id),
    [id],
  );
  looked.proveQuiet(refused);
});

const folderWith = async (files: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'new-build-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

/** Drops a folder onto its field, as a hand does: no script of the page can make up such a drop. */
const drop = async (page: Page, folder: string): Promise<void> => {
  const { x = 0, y = 0 } = (await page.locator('.drop').boundingBox()) ?? {};
  const browser = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await browser.send('Input.dispatchDragEvent', {
      ...{ type, x: x + 3, y: y + 3 },
      data: { items: [], files: [folder], dragOperationsMask: 1 },
    });
};

const longPath = `${'a-folder-with-a-long-name-/'.repeat(9)}${'file'.repeat(30)}`;

test('a folder is sent as a context, its values among its files, without what .imagedignore names', async () => {
  await using served = await formShop();
  const { shop, page, looked } = served;
  await using context = await folderWith({
    'template.json': JSON.stringify(template),
    'scripts/set-up.sh': '#!/bin/sh\necho ready\n',
    [longPath]: 'far below',
    'notes.txt': 'not sent',
    '.imagedignore': '*.txt\n',
  });
  await chmod(join(context.folder, 'scripts/set-up.sh'), 0o755);
  await page.getByRole('link', { name: 'New build' }).click();
  await page.getByRole('radio', { name: 'A folder' }).check();
  await page.getByText('At most 100 files and 4.0 MiB').waitFor();
  await page.getByLabel('Choose a folder').setInputFiles(context.folder);
  await page.getByText('3 files').waitFor();
  await page.getByRole('radio', { name: 'A stored template' }).check();
  await page.getByRole('radio', { name: 'A folder' }).check();
  assert.equal(await page.getByText('3 files').count(), 0);
  await drop(page, context.folder);
  await page.getByText('3 files').waitFor();
  await page.getByLabel('cores').fill('few');
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.locator('[id="field-variable:cores-wrong"]').waitFor();
  await page.getByLabel('cores').fill('2');
  await page.getByRole('textbox', { name: 'password' }).fill(secret);
  await page.getByRole('button', { name: 'Start build' }).click();
  const build = await shop.store.find(await shownBuild(served));
  const sent = shop.folders.context(build?.contextId ?? '');
  assert.deepEqual((await readdir(sent)).toSorted(), ['a-folder-with-a-long-name-', 'scripts', 'template.json']);
  assert.equal(await readFile(join(sent, longPath), 'utf8'), 'far below');
  assert.equal((await stat(join(sent, 'scripts/set-up.sh'))).mode & 0o100, 0o100);
  assert.deepEqual((await shop.store.input(build?.id ?? ''))?.variables, { cores: '2', password: secret });
  looked.proveQuiet(refused);
});

test('a pasted template is read in each of its forms, and what is wrong with it is told by line', async () => {
  await using served = await formShop();
  const { page, looked } = served;
  await page.getByRole('link', { name: 'New build' }).click();
  await page.getByRole('radio', { name: 'A file or text' }).check();
  await page.getByRole('textbox', { name: 'Text' }).fill('{\n  "name": "web",\n  "machine": { "memroy": "1G" }\n}');
  await page.getByRole('alert').filter({ hasText: 'template.json:/machine/memroy (line 3, column' }).waitFor();
  await page.getByLabel('Form').selectOption('YAML');
  await page.getByRole('textbox', { name: 'Text' }).fill('name: web\nmachine:\n  boot: {kernel: media:shop/boot.iso}\nvariables:\n  flavour: {default: mild}\n'); // prettier-ignore
  assert.equal(await page.getByLabel('flavour').getAttribute('placeholder'), 'mild');
  await page.getByLabel('Form').selectOption('Packer’s HCL2');
  await page.getByRole('textbox', { name: 'Text' }).fill('variable "zone" {\n  type = list(string)\n}\nsource "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n}\n'); // prettier-ignore
  await page.getByLabel('zone').waitFor();
  await looked.proveAccessible();
  looked.proveQuiet(refused);
});

const cluster = {
  name: 'cluster',
  ...{ machine: template.machine, machines: { web: {}, db: {}, cache: {} } },
  variables: { release: { default: '7.9' } },
};

test('machines of a template are chosen and started as one run, which is followed to its end', async () => {
  await using served = await formShop();
  const { shop, page, looked, url } = served;
  const stored = await shop.ask({ method: 'PUT', url: '/templates/cluster', headers: shop.auth, payload: cluster });
  assert.equal(stored.statusCode, 201, stored.body);
  await page.goto(`${url}/#/new/cluster`);
  await page.getByRole('button', { name: 'Start 3 builds' }).waitFor();
  await page.getByRole('button', { name: 'None' }).click();
  await page.getByText('none is chosen: choose one or more').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Check' }).isDisabled(), true);
  await looked.proveAccessible();
  await page.getByRole('checkbox', { name: 'web' }).check();
  await page.getByRole('button', { name: 'Start build' }).waitFor();
  await page.getByRole('checkbox', { name: 'cache' }).check();
  await page.getByLabel('At once').fill('many');
  await page.getByLabel('release').fill('7.8');
  await page.getByRole('button', { name: 'Start 2 builds' }).click();
  await page.locator('#field-parallel-wrong').waitFor();
  assert.equal(await page.evaluate('document.activeElement.id'), 'field-parallel');
  await page.getByLabel('At once').fill('1');
  await page.getByLabel('When one fails').selectOption('the others are cancelled');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('Nothing is wrong: 2 builds of').waitFor();
  await looked.proveAccessible();
  assert.deepEqual(await served.builds(), []);
  await page.getByRole('button', { name: 'Start 2 builds' }).click();
  await page.waitForURL(`${url}/#/runs/*`);
  const run = await shop.store.findRun(page.url().split('/').at(-1) ?? '');
  assert.deepEqual([run?.parallel, run?.failFast], [1, true]);
  assert.deepEqual(run?.builds.map(({ machine }) => machine).toSorted(), ['cache', 'web']);
  for (const { id } of run?.builds ?? []) assert.deepEqual((await shop.store.input(id))?.variables, { release: '7.8' });
  const rows = page.getByRole('region', { name: 'Builds of the run' }).getByRole('row');
  await rows.filter({ hasText: 'web' }).filter({ hasText: 'queued' }).waitFor();
  await looked.proveAccessible();
  const web = run?.builds.find(({ machine }) => machine === 'web');
  await shop.store.cancel(web?.id ?? '');
  await rows.filter({ hasText: 'web' }).filter({ hasText: 'cancelled' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Rebuild' }).waitFor();
  assert.equal((await shop.store.findRun(run?.id ?? ''))?.status, 'cancelled');
  await rows.getByRole('link', { name: 'web', exact: true }).click();
  await page.getByRole('link', { name: run?.id ?? '' }).click();
  await page.getByRole('link', { name: 'Runs' }).first().click();
  await page.getByRole('row').filter({ hasText: 'web, cache' }).filter({ hasText: '0 of 2' }).waitFor();
  await looked.proveAccessible();
  looked.proveQuiet(refused);
});

test('a folder with several machines is sent as a run', async () => {
  await using served = await formShop();
  const { shop, page, looked, url } = served;
  await using context = await folderWith({ 'template.json': JSON.stringify(cluster) });
  await page.goto(`${url}/#/new`);
  await page.getByRole('radio', { name: 'A folder' }).check();
  await page.getByLabel('Choose a folder').setInputFiles(context.folder);
  await page.getByRole('checkbox', { name: 'db' }).uncheck();
  await page.getByRole('button', { name: 'Start 2 builds' }).click();
  await page.waitForURL(`${url}/#/runs/*`);
  const run = await shop.store.findRun(page.url().split('/').at(-1) ?? '');
  assert.deepEqual(run?.builds.map(({ machine }) => machine).toSorted(), ['cache', 'web']);
  looked.proveQuiet(refused);
});

const fleet = `variable "zones" {
  type = list(string)
}
variable "suffix" {
  type    = string
  default = "lab"
}
source "qemu" "host" {
  iso_url      = "media:shop/boot.iso"
  iso_checksum = "none"
  communicator = "none"
}
build {
  dynamic "source" {
    for_each = var.zones
    labels   = ["source.qemu.host"]
    content {
      name = "\${source.value}-\${var.suffix}"
    }
  }
}
`;

test('machines that depend on the variables of a template in HCL2 are shown, chosen and started, and none unseen', async () => {
  await using served = await formShop();
  const { shop, page, looked, url } = served;
  await using context = await folderWith({ 'fleet.pkr.hcl': fleet, 'set-up.sh': '#!/bin/sh\n' });
  await page.goto(`${url}/#/new`);
  await page.getByRole('radio', { name: 'A folder' }).check();
  await page.getByLabel('Choose a folder').setInputFiles(context.folder);
  const group = page.getByRole('group', { name: 'Machines' });
  await page
    .locator('[id="field-variable:zones-wrong"]')
    .filter({ hasText: 'has no value, and no default at fleet.pkr.hcl:1:1' })
    .waitFor();
  assert.equal(await group.getByText('has no value').count(), 0, 'it stands at its field alone');
  await looked.proveAccessible();
  await page.getByLabel('zones').fill('["east"');
  await group.getByRole('button', { name: 'Show machines' }).click();
  await page.locator('[id="field-variable:zones-wrong"]').waitFor();
  await page.getByLabel('zones').fill('["east", "west", "north"]');
  await group.getByRole('button', { name: 'Show machines' }).click();
  await group.getByRole('checkbox', { name: 'north-lab' }).waitFor();
  assert.equal(await page.locator('[id="field-variable:zones-wrong"]').count(), 0);
  await group.getByRole('checkbox', { name: 'west-lab' }).uncheck();
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('Nothing is wrong: 2 builds of').waitFor();
  await looked.proveAccessible();
  // Other machines than those that were shown are not started before they were seen.
  await page.getByLabel('suffix').fill('live');
  await page.getByRole('button', { name: 'Start 2 builds' }).click();
  await page.getByText('none is chosen: choose one or more').waitFor();
  await group.getByRole('alert').filter({ hasText: 'there are other machines' }).waitFor();
  assert.equal(await page.evaluate('document.activeElement.className'), 'by-values');
  assert.deepEqual(await served.builds(), []);
  await group.getByRole('checkbox', { name: 'east-live' }).check();
  await group.getByRole('checkbox', { name: 'north-live' }).check();
  await page.getByRole('button', { name: 'Start 2 builds' }).click();
  await page.waitForURL(`${url}/#/runs/*`);
  const run = await shop.store.findRun(page.url().split('/').at(-1) ?? '');
  assert.deepEqual(run?.builds.map(({ machine }) => machine).toSorted(), ['east-live', 'north-live']);
  looked.proveQuiet(refused);
});

test('one machine of a template in HCL2 is started without being shown first', async () => {
  await using served = await formShop();
  const { page, looked, url } = served;
  await page.goto(`${url}/#/new`);
  await page.getByRole('radio', { name: 'A file or text' }).check();
  await page.getByLabel('Form').selectOption('Packer’s HCL2');
  await page.getByRole('textbox', { name: 'Text' }).fill(fleet);
  await page.getByLabel('zones').fill('["east"]');
  await page.getByRole('button', { name: 'Start build' }).click();
  await shownBuild(served);
  assert.equal((await served.builds()).length, 1);
  looked.proveQuiet(refused);
});
