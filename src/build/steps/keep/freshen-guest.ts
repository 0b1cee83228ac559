import { randomBytes } from 'node:crypto';
import { Fault } from '../../../base/fault.ts';
import { freshen } from '../../../guest/freshen.ts';
import { renewIdentity } from '../../../guest/renew-identity.ts';
import type { Guest } from '../../../guest/types.ts';
import { inKept, type GoneOn } from '../../layers/unusable.ts';
import type { Step } from '../../plan.ts';
import { whileAlive, type Running } from '../../machine/running.ts';
import { goesOnByRunning } from '../../take-up/goes-on-by-running.ts';
import type { StepTools } from '../../attempt/tools.ts';

type Needs = { readonly running: Running; readonly guest: Guest };

const randomLength = 64;

// The step's own deadline stands behind it: by that no other attempt is made.
const withinMs = 50_000;

/** The guest slept while it was kept: it is told the time, and given random numbers that no other has. */
export const freshenGuest = (goneOn: GoneOn) => {
  const freshenIt =
    (isTakenUp: boolean) =>
    async ({ running, guest }: Needs, { clock, signal, said }: StepTools) => {
      const onLines = (lines: readonly string[]) => said(lines, '  ');
      const work = (alive: AbortSignal) =>
        freshen(guest, { now: clock.now(), random: randomBytes(randomLength) }, onLines, alive);
      const watched = (within: AbortSignal) =>
        whileAlive(running, 'the guest was told the time', work, { clock, signal: within });
      await inKept(goneOn, watched, { what: 'tell it the time', withinMs, isTakenUp }, { clock, signal });
      return {};
    };
  return {
    name: 'freshen',
    phase: 'connecting',
    timeoutMs: 60_000,
    about: 'the clock and the random numbers of a guest that was kept',
    run: freshenIt(false),
    takeUp: { cutShort: freshenIt(true) },
  } satisfies Step<Needs, object>;
};

/** What systems are known by, and what their secrets grow from, is made anew: other images come from the same layer. */
export const renewGuest = {
  name: 'renew-identity',
  phase: 'sealing',
  timeoutMs: 120_000,
  about: 'host keys and random seeds, which a kept layer has too',
  ...goesOnByRunning(async ({ running, guest }: Needs, { clock, signal, said }: StepTools) => {
    const onLines = (lines: readonly string[]) => said(lines, '  ');
    const work = (alive: AbortSignal) => renewIdentity(guest, onLines, alive);
    const isDone = await whileAlive(running, 'the guest made host keys of its own', work, { clock, signal });
    if (!isDone)
      throw new Fault(
        'seal_failed',
        'The guest goes on from a kept layer, and not everything could be made anew that other images must not share: the log says what. Log in as root, or build with "cache": "off".',
      );
    return {};
  }),
} satisfies Step<Needs, object>;
