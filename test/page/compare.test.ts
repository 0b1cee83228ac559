import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiShop, type ApiShop } from '../api-shop.ts';
import { logIn, look } from './browser.ts';
import { failed, queued, running, silent, succeed, transcript } from './furnished.ts';

const good = `${transcript}Installing base79.tgz   100% |****| 142 MB 00:09\r\nCONGRATULATIONS!\r\nlogin: \r\n`;

const bad = [
  ...[
    transcript
      .replace('#12: Mon Mar  2 10:11:12', '#13: Tue Apr 14 01:02:03')
      .replaceAll('100.64.0.2', '100.64.7.2')
      .replace('(I)nstall', 'sd0: retrying a slow read\r\n(I)nstall'),
  ],
  'Installing base79.tgz    81% |***| 115 MB 00:44\r\npanic: mtx 0xffff: locking against myself\r\nddb{0}> \r\n',
].join('');

/** A good build and one that failed, of one template in two versions, and the one that both are asked of. */
const twoBuilds = async (shop: ApiShop) => {
  const template = { name: 'openbsd', machine: { memory: '512M' }, provisioners: [{ run: 'a' }, { run: 'c' }] };
  const done = await running(shop, { template });
  await shop.write(shop.folders.console(done.id), good);
  await succeed(shop, done);
  const changed = {
    ...{ ...template, machine: { memory: '1G' } },
    provisioners: [{ run: 'a' }, { run: 'b' }, { run: 'c' }],
  };
  const broken = await failed(shop, { template: changed, variables: { release: '7.9' } }, silent('It panicked.'));
  await shop.write(shop.folders.console(broken), bad);
  return { done: done.id, broken };
};

/** Lines of a guest, each another, of so many bytes in all. */
const longConsole = (bytes: number): string => {
  const line = (n: number) =>
    `step ${String.fromCharCode(97 + (n % 26), 97 + (Math.floor(n / 26) % 26))} of it is done ${n}\n`;
  let text = '';
  for (let n = 0; text.length < bytes; n++) text += line(n);
  return text;
};

test('two builds are compared: consoles, input, plan and step times', async (t) => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const { done, broken } = await twoBuilds(shop);
  await using looked = await look(url);
  const { page } = looked;
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/console')) asked.push(request.headers()['range'] ?? 'all');
  });
  await logIn(page, shop.auth);
  const region = (name: string) => page.getByRole('region', { name, exact: true });
  const textOf = async (name: string) => (await region(name).textContent()) ?? '';

  await t.test('a build’s page leads to it and the last good one of its template', async () => {
    await page.goto(`${url}/#/builds/${broken}`);
    await page.getByRole('link', { name: 'Compare with the last good build' }).click();
    await page.getByText('They go apart').waitFor();
    assert.equal(await page.getByLabel('A', { exact: true }).inputValue(), done);
    assert.equal(await page.getByLabel('B', { exact: true }).inputValue(), broken);
  });

  await t.test(
    'the first divergence is the panic; what differs only by numbers, and a line more, is passed over',
    async () => {
      const verdict = (await page.getByText('They go apart').textContent()) ?? '';
      assert.match(verdict, /line 8 of A and line 9 of B, after 7 lines that are the same/);
      const first = async (name: string) =>
        region('Consoles').getByRole('list', { name }).locator('.apart').first().textContent();
      assert.match((await first('A, from line')) ?? '', /CONGRATULATIONS!/);
      assert.match((await first('B, from line')) ?? '', /panic: mtx/);
      await page.getByText('One difference before that').click();
      await region('Consoles').getByLabel('B, difference 1').filter({ hasText: 'retrying a slow read' }).waitFor();
    },
  );

  await t.test('input is compared by path', async () => {
    const input = await textOf('Input');
    for (const part of ['/template/machine/memory512M1G', '/template/provisioners/1', '/variables/release'])
      assert.ok(input.includes(part), `${part} is missing in ${input}`);
    assert.ok(!input.includes('/template/provisioners/2'), input);
    assert.match(await textOf('Plan'), /Both had the same plan/);
  });

  await t.test('each step has its time in both', async () => {
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'install', exact: true }) });
    assert.match((await row.textContent()) ?? '', /1:20.*1:30 failed.*\+10 s/);
  });

  await t.test('axe-core finds no barrier, and nothing is wider than a narrow screen', async () => {
    await looked.proveAccessible();
    await page.setViewportSize({ width: 360, height: 740 });
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test('of long consoles no more is read than it takes to know', async () => {
    const long = longConsole(6_000_000);
    await shop.write(shop.folders.console(done), long);
    await shop.write(shop.folders.console(broken), `${long.slice(0, 600_000)}\nit is over\n`);
    asked.length = 0;
    await page.reload();
    await region('Consoles').getByRole('list', { name: 'B, from line' }).getByText('it is over').waitFor();
    const ends = asked.flatMap((range) => /-(\d+)$/.exec(range)?.[1] ?? []).map(Number);
    assert.ok(ends.length > 0 && Math.max(...ends) < 2_000_000, asked.join());
  });

  await t.test('the list leads to it, and a template without another good build is told of', async () => {
    const { id } = await queued(shop, { templateName: 'alone' });
    await page.goto(`${url}/#/builds`);
    await page.getByRole('link', { name: `Compare ${id}` }).click();
    await page.getByText('No other build of alone has succeeded yet.').waitFor();
    await page.getByLabel('A', { exact: true }).fill(done);
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText('The console of B has shown nothing.').waitFor();
  });
  looked.proveQuiet();
});
