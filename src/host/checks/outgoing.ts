import { ok, warn } from '../answers.ts';
import { firstLine, printedBy } from '../ask-program.ts';
import type { HostCheck } from '../types.ts';

/** Whether machines under QEMU may have outgoing network where the configuration grants it. */
export const outgoing: HostCheck = {
  name: 'outgoing',
  ask: async ({ host, config }, signal) => {
    if (!config.hypervisor.allow_outgoing) return ok('is not needed: allow_outgoing is off');
    if (host.platform !== 'linux')
      return warn('allow_outgoing is set, and under QEMU that takes Linux', 'set allow_outgoing = false');
    const printed = await printedBy(host, 'slirp4netns', ['--version'], signal);
    return printed === undefined
      ? warn(
          'allow_outgoing is set, and slirp4netns is not installed',
          'install slirp4netns (Debian: apt install slirp4netns)',
        )
      : ok(firstLine(printed));
  },
};
