import { hypervisorTypeOf } from '../config/config.ts';
import { openSharedListener, type SharedListener } from '../httpd/endpoint/shared-listener.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { makeHypervisor } from './hypervisor.ts';
import type { SharedParts } from './shared.ts';

/** What starts machines, and where they may come in beside their endpoint's own address. */
export type WiredMachines = AsyncDisposable & {
  readonly hypervisor: Hypervisor;
  readonly sharedListener: SharedListener | undefined;
};

export const openMachines = async ({ config, clock, logger, signal }: SharedParts): Promise<WiredMachines> => {
  const hypervisor = makeHypervisor(config(), clock, signal, (note, level) => logger[level](note));
  const sharedListener =
    hypervisorTypeOf(config()) === 'vmd'
      ? await openSharedListener({ host: '127.0.0.1', port: config().hypervisor.vmd.endpoint_port })
      : undefined;
  // Asked while the rest starts; a caller that needs the answer hears of a failure, and the daemon's log does later.
  hypervisor.version(signal).catch(() => undefined);
  return {
    hypervisor,
    sharedListener,
    [Symbol.asyncDispose]: async () => {
      await sharedListener?.[Symbol.asyncDispose]();
    },
  };
};
