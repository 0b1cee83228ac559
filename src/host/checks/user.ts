import { fail, ok, warn } from '../answers.ts';
import { usualUser } from '../people.ts';
import type { HostCheck } from '../types.ts';

const addUser = `useradd -g =uid -d /var/imaged -s /sbin/nologin -L daemon -c "imaged daemon" ${usualUser}`;

/** Whether the daemon runs as a user with no more rights than it needs. */
export const user: HostCheck = {
  name: 'user',
  ask: async ({ user }) => {
    if (user === undefined) return fail(`there is no user ${usualUser}`, addUser);
    return user.uid === 0
      ? warn('imaged runs as root and does not need root', 'run imaged as an ordinary user')
      : ok(`imaged runs as ${user.name}`);
  },
};
