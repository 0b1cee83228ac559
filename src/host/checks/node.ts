import { fail, ok, warn } from '../answers.ts';
import { mountsOf, mountOf } from '../mounts.ts';
import type { HostCheck } from '../types.ts';

/** Whether Node may run where it lies: the kernel kills what makes memory writable and executable elsewhere (mount(8)). */
export const node: HostCheck = {
  name: 'node',
  ask: async ({ host, node }, signal) => {
    const { stdout } = await host.run('mount', [], signal);
    const mount = mountOf(mountsOf(stdout), node.path);
    if (mount === undefined) return warn('cannot be told: mount(8) names no file system for it');
    if (mount.options.includes('wxallowed')) return ok(`${node.version}, on ${mount.at}, which is mounted wxallowed`);
    return fail(
      `Node lies on ${mount.at}, which is not mounted wxallowed`,
      `pkg_add node, which puts it below /usr/local; or add wxallowed to ${mount.at} in /etc/fstab and reboot`,
    );
  },
};
