import { createHash } from 'node:crypto';
import { Fault, recordOf } from '../../src/base/fault.ts';
import type { NewBuild } from '../../src/queue/asked.ts';
import type { ApiShop } from '../api-shop.ts';
import { aBuild, claimed } from '../store-shop.ts';

const plan = [
  { name: 'fetch-sets', phase: 'preparing', timeoutMs: 60_000, about: 'base79.tgz, bsd, bsd.rd' },
  { name: 'install', phase: 'installing', timeoutMs: 1_200_000, about: 'a conversation of 14 turns' },
  { name: 'boot', phase: 'booting', timeoutMs: 120_000 },
  { name: 'provision-1', phase: 'provisioning', timeoutMs: 600_000, about: 'shell: packages.sh' },
  { name: 'publish', phase: 'publishing', timeoutMs: 600_000, about: 'openbsd-7.9.qcow2' },
] as const;

/** What a guest in colours shows while it is installed. */
export const transcript = [
  'OpenBSD 7.9 (RAMDISK_CD) #12: Mon Mar  2 10:11:12 MST 2026\r\n',
  '\u001b[1mreal mem\u001b[0m  = 1056952320 (1007MB)\r\n',
  '(I)nstall, (U)pgrade, (A)utoinstall or (S)hell? A\r\n',
  'Response file location? [http://100.64.0.2/install.conf] http://100.64.0.2/install.conf\r\n',
  '\u001b[32mInstalling bsd          100% |**************************|  28 MB    00:01\u001b[0m\r\n',
  '\u001b[31mInstalling base79.tgz    37% |*********                 | 142 MB    00:02 ETA\u001b[0m\r\n',
].join('');

/** A build that is queued. */
export const queued = async (shop: ApiShop, change: Partial<NewBuild> = {}) => {
  const asked = { templateName: 'openbsd', labels: { team: 'infra', branch: 'main' }, plan: [...plan], ...change };
  return (await shop.store.add(aBuild({ ...asked, requestedBy: 'ci' }))).build;
};

/** A build that runs its first steps, with its console and its conversation. `end` ends the last of them. */
export const running = async (shop: ApiShop, change: Partial<NewBuild> = {}) => {
  const { id } = await queued(shop, change);
  const { store, clock } = shop;
  clock.time = Date.now() - 100_000;
  const { token } = await claimed(store);
  const begin = async (step: (typeof plan)[number]) => store.beginStep(id, token, step);
  const fetching = await begin(plan[0]);
  clock.time += 4200;
  await store.endStep(id, token, fetching);
  const seq = await begin(plan[1]);
  await shop.write(shop.folders.console(id), transcript);
  await shop.write(shop.folders.log(id), 'fetch-sets: 3 sets, 171 MB, from the cache\ninstall: the guest boots\n');
  await store.event(id, 'console.heard', { pattern: '\\(S\\)hell\\? $', text: '(S)hell? ', afterMs: 1200 }, token);
  await store.event(id, 'console.said', { text: 'A\r', typedTimes: 1 }, token);
  const location = { pattern: 'Response file location', text: 'Response file location? ', afterMs: 100 };
  await store.event(id, 'console.heard', location, token);
  await store.event(id, 'console.said', { text: 'http://100.64.0.2/install.conf\r', typedTimes: 1 }, token);
  return { id, token, seq };
};

/** Ends a running build well, with one artifact of this content. */
export const succeed = async (
  shop: ApiShop,
  { id, token, seq }: Awaited<ReturnType<typeof running>>,
  content = 'disk',
) => {
  const name = 'openbsd-7.9.qcow2';
  const sha256 = createHash('sha256').update(content).digest('hex');
  await shop.write(shop.folders.artifact(id, name), content);
  shop.clock.time += 80_000;
  await shop.store.endStep(id, token, seq);
  for (const step of plan.slice(2)) {
    const begun = await shop.store.beginStep(id, token, step);
    shop.clock.time += 4000 * step.name.length;
    await shop.store.endStep(id, token, begun);
  }
  const artifact = { name, mediaType: 'application/x-qemu-disk', size: content.length, sha256 };
  await shop.store.finish(id, token, { status: 'succeeded', artifacts: [artifact] });
  return { name, sha256 };
};

export const silent = (message = 'The prompt "login: " did not come within 120 s.') =>
  recordOf(
    new Fault('console_silent', message, {
      step: 'install',
      expected: 'login: ',
      saw: 'panic: mtx 0xffff: locking against myself',
      consoleTail: 'Stopped at      db_enter+0x14: popq    %rbp\nddb{0}> ',
    }),
  );

/** A build that has failed while it was installed. */
export const failed = async (shop: ApiShop, change: Partial<NewBuild> = {}, fault = silent()) => {
  const { id, token, seq } = await running(shop, change);
  shop.clock.time += 90_000;
  await shop.store.endStep(id, token, seq, fault);
  await shop.store.finish(id, token, { status: 'failed', fault });
  return id;
};

/** A build that has failed and keeps its machine. */
export const held = async (shop: ApiShop, change: Partial<NewBuild> = {}, fault = silent()) => {
  const { id, token, seq } = await running(shop, { onError: 'hold', ...change });
  shop.clock.time += 90_000;
  await shop.store.endStep(id, token, seq, fault);
  await shop.store.hold(id, token, { until: Date.now() + 600_000, ssh: 'ssh -p 2222 root@127.0.0.1' }, fault);
  return id;
};
