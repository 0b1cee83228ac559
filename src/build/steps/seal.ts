import { sealGuest } from '../../guest/seal.ts';
import type { Guest, SshKey } from '../../guest/types.ts';
import type { Spec } from '../../template/spec.ts';
import type { Step } from '../plan.ts';
import { whileAlive, type Running } from '../machine/running.ts';

type Needs = { readonly running: Running; readonly guest: Guest; readonly key?: SshKey };

/** What the build put into the guest for itself goes, and what else the template names. */
export const seal = ({ key: access, parts }: { readonly key: 'goes' | 'stays'; readonly parts: Spec['seal'] }) =>
  ({
    name: 'seal',
    phase: 'sealing',
    timeoutMs: 120_000,
    about: [...(access === 'goes' ? ['the key of the build'] : []), ...parts].join(', '),
    async run({ running, guest, key }, { clock, signal, said }) {
      const publicKey = access === 'goes' ? key?.publicKey : undefined;
      const onLines = (lines: readonly string[]) => said(lines, '  ');
      const work = (alive: AbortSignal) => sealGuest(guest, { publicKey, parts }, onLines, alive);
      await whileAlive(running, "the removal of the build's own traces", work, { clock, signal });
      return {};
    },
  }) satisfies Step<Needs, object>;
