/**
 * What a guest may have missed while no daemon was there, as data. A connection that was refused leaves no trace on the host, and
 * a prompt on the console may have gone by itself: so it is not known what the guest has missed, but where there was nothing to
 * miss.
 */

import { Fault, faults, type FaultCode } from '../../base/fault.ts';
import type { Phase } from '../../base/records/phase.ts';
import type { Spec } from '../../template/spec.ts';
import type { Journal } from './journal.ts';

type Guest = Pick<Spec, 'http' | 'nics'> & {
  readonly provisioners: readonly Pick<Spec['provisioners'][number], 'name' | 'type'>[];
};

/** Whether the endpoint of the guest has anything to give. */
const isServed = ({ http, nics }: Guest, hasMirror: boolean): boolean =>
  nics.length > 0 && (hasMirror || http.length > 0);

/** The step that was under way when the daemon ended, or was about to begin. */
const underWay = ({ plan, ended }: Pick<Journal, 'plan' | 'ended'>): string | undefined =>
  plan.find((name) => !ended.some((step) => step.name === name));

/** Whether the daemon was typing in a step, or was about to answer what the guest says. */
const isConversation = (step: string | undefined, { provisioners }: Guest): boolean =>
  step === 'install' || provisioners.some(({ name, type }) => name === step && type === 'console');

/** Whether the guest of a build that is taken up may have missed anything since its machine was started. */
export const mayHaveMissed = (journal: Pick<Journal, 'plan' | 'ended' | 'missed'>, guest: Guest, hasMirror: boolean) =>
  journal.missed === true || isServed(guest, hasMirror) || isConversation(underWay(journal), guest);

// In these the build waits for what the guest does by itself: what it has missed may show in any of them.
const byItself: readonly Phase[] = ['installing', 'booting', 'connecting'];

/**
 * Whether what the guest missed before a step may show in the next one too. What the build does in the guest itself is done
 * with a daemon.
 */
export const showsLater = ({ phase }: { readonly phase: Phase }): boolean => byItself.includes(phase);

// The guest's doing, but nothing that it could have missed.
const ofItsOwn: readonly FaultCode[] = ['host_key_changed', 'guest_floods'];

/**
 * Whether a step that ended so in a guest that may have missed something is to begin anew, with its build. A guest that waits for
 * what does not come any more is seen by the deadline of a step, where it was to go on by itself.
 */
export const mayComeOfIt = (code: FaultCode, step: { readonly phase: Phase }): boolean =>
  (faults[code].class === 'guest' && !ofItsOwn.includes(code)) || (code === 'step_timeout' && showsLater(step));

// Tells such an end from others of a build that is not gone on with.
const failedWith = 'failedWith';

/** The end of such a step. */
export const begunAnew = ({ code, message, facts, cause }: Fault): Fault => {
  const away = 'The daemon was away before that, and what the guest asked it for meanwhile is missing.';
  return new Fault('not_taken_up', `${message} ${away}`, { ...facts, [failedWith]: code }, { cause });
};

type EndedStep = {
  readonly name: string;
  readonly fault?: { readonly code: string; readonly facts?: Readonly<Record<string, unknown>> | undefined };
};

/** The names of the steps that have begun anew so: what they end with the next time is their own. */
export const onceBegunAnew = (steps: readonly EndedStep[]): ReadonlySet<string> =>
  new Set(
    steps.flatMap(({ name, fault }) =>
      fault?.code === 'not_taken_up' && fault.facts?.[failedWith] !== undefined ? [name] : [],
    ),
  );
