import { counted } from '../../base/text/counted.ts';
import { fail, ok, warn } from '../answers.ts';
import { ifInstalled } from '../ask-program.ts';
import type { HostCheck } from '../types.ts';
import { askVmd } from '../vmctl-status.ts';

/** Whether vmd(8) answers, and will after a reboot: rcctl(8) exits with 1 for a service that is disabled. */
export const vmd: HostCheck = {
  name: 'vmd',
  ask: async (asked, signal) => {
    const [reply, enabled] = await Promise.all([
      askVmd(asked, signal),
      ifInstalled(asked.host.run('rcctl', ['get', 'vmd', 'status'], signal)),
    ]);
    // Where there is no rcctl, it is not known how vmd is started.
    const isEnabled = enabled === undefined || enabled.exitCode === 0;
    if (reply.is !== 'answering') {
      if (reply.is === 'denied') return warn(`this user may not ask vmd: ${reply.why}`);
      return fail(
        `vmd does not answer: ${reply.why}`,
        isEnabled ? 'rcctl restart vmd' : 'rcctl enable vmd && rcctl start vmd',
      );
    }
    if (!isEnabled) return warn('vmd answers, but will not after a reboot', 'rcctl enable vmd');
    return ok(`vmd answers and knows ${counted(reply.names.length, 'machine')}`);
  },
};
