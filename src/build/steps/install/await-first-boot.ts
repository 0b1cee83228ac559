import { lastLineShown } from '../../../base/activity/words.ts';
import { Fault } from '../../../base/fault.ts';
import type { Step } from '../../plan.ts';
import { converseWith, type Running } from '../../machine/running.ts';
import { goesOnByRunning } from '../../take-up/goes-on-by-running.ts';
import type { StepTools } from '../../attempt/tools.ts';

type Tools = Pick<StepTools, 'clock' | 'said' | 'event' | 'signal'>;

// The first boot of OpenBSD makes keys, fetches firmware, looks for patches and relinks its libraries; on a machine that
// is cut off from the network, or emulated, that takes long, and something is printed all the time.
const mostMs = 2 * 3_600_000;
const silentMs = 600_000;

// A first boot has some dozens of such lines; a guest that prints more is up to something.
const mostTold = 1000;
const longestTold = 500;

/** What tells a person how far it is (rc(8), rc.firsttime, fw_update(8), syspatch(8)). */
const progress =
  /^(?:fw_update: |Path to firmware: |Checking for available binary patches|Run syspatch\(8\)|syspatch|Relinking to create unique kernel|reordering|running rc\.firsttime|running rc\.sysmerge|ssh-keygen: |starting network|preserving editor files)/i;

/** The first boot of what was installed, heard to its login prompt: until then it is still setting itself up. */
export const awaitFirstBoot = {
  name: 'await-first-boot',
  phase: 'booting',
  timeoutMs: mostMs,
  about: 'the login prompt on the console',
  ...goesOnByRunning(async ({ running }: { running: Running }, { clock, said, event, signal }: Tools) => {
    const { console } = running;
    const quiet = new AbortController();
    let lastAt = clock.elapsed();
    let told = 0;
    using _following = console.follow({
      heard: () => {
        lastAt = clock.elapsed();
      },
      line: (whole) => {
        if (!progress.test(whole) || ++told > mostTold) return;
        const line = whole.slice(0, longestTold);
        void said([`first boot: ${line}`], '');
        event('boot.progress', { line });
      },
    });
    const over = new AbortController();
    const watch = async () => {
      const both = AbortSignal.any([signal, over.signal]);
      for (let leftMs = silentMs; leftMs > 0; leftMs = lastAt + silentMs - clock.elapsed())
        await clock.sleep(leftMs, both);
      const facts = { expected: 'the login prompt of the first boot', saw: 'nothing', withinMs: silentMs };
      const words = `Nothing at all came on the console for ${silentMs / 60_000} minutes while the first boot was awaited; the last line was ${lastLineShown(console.tail()) ?? 'none'}.`;
      quiet.abort(new Fault('console_silent', words, facts));
    };
    // It ends by `over` or by the build's own signal, which the conversation hears of too.
    const watching = watch().catch(() => undefined);
    const login = { hear: 'login: $', withinMs: mostMs, optional: false, echo: true, secret: false, keyIntervalMs: 0, refuse: [] }; // prettier-ignore
    await using _watching = {
      [Symbol.asyncDispose]: async () => {
        over.abort();
        await watching;
      },
    };
    await converseWith(running, [login], AbortSignal.any([signal, quiet.signal]));
    return {};
  }),
} satisfies Step<{ running: Running }, object>;
