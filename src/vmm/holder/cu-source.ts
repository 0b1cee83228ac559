import type { Clock } from '../../base/clock.ts';
import { attachCu, tildeDoubler, type AttachedCu, type Refusal } from '../vmd/cu-attach.ts';
import type { LineSource } from './source.ts';

const bytesOf = async function* ({ early, bytes }: AttachedCu): AsyncGenerator<Uint8Array, void> {
  if (early.byteLength > 0) yield early;
  for (;;) {
    const next = await bytes.next();
    if (next.done === true) return;
    yield next.value;
  }
};

/**
 * The tty of a machine of vmd's, by cu(1), which `vmctl start -c` or `vmctl console` becomes. vmd does not wait for a tty
 * that is not read, and cu has no bound on what it keeps when it cannot write: so it is always read.
 */
export const cuSource = async (
  [vmctl = '', ...args]: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<LineSource | Refusal> => {
  const attached = await attachCu(vmctl, args, clock, signal);
  if ('said' in attached) return attached;
  const double = tildeDoubler();
  return {
    bytes: bytesOf(attached),
    write: (bytes) => attached.pty.write(double(bytes)),
    canWait: false,
    isOver: () => false,
    end: async () => {
      await attached.pty[Symbol.asyncDispose]();
    },
  };
};
