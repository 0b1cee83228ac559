import { fail, ifThere, ok, warn } from '../answers.ts';
import { groupName, may, usualUser } from '../people.ts';
import type { HostCheck } from '../types.ts';

/** Whether the daemon's user may talk to vmd: its socket belongs to root:wheel unless vm.conf says `socket owner`. */
export const socket: HostCheck = {
  name: 'socket',
  ask: async ({ host, config, user }) => {
    const facts = await ifThere(host.stat(config.hypervisor.vmd.socket));
    if (facts === undefined) return warn('vmd has no socket; it makes it when it starts');
    const group = await groupName(host, facts.gid);
    const name = user?.name ?? usualUser;
    if (user !== undefined && may(user, facts, 'read', 'write'))
      return ok(`${user.name} may talk to vmd: its socket is for the group ${group}`);
    return fail(
      `${name} may not talk to vmd: its socket is for the group ${group}, mode ${facts.mode.toString(8)}`,
      `put "socket owner :${name}" into /etc/vm.conf, then rcctl restart vmd, which stops all machines`,
    );
  },
};
