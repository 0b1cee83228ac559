import { fail, ok, warn } from '../answers.ts';
import { usualUser } from '../people.ts';
import type { Question } from '../types.ts';

const addUser = `useradd -g =uid -d /var/imaged -s /sbin/nologin -L daemon -c "imaged daemon" ${usualUser}`;

/** Whether the daemon runs as somebody who may do no more than it must. */
export const user: Question = {
  name: 'user',
  ask: async ({ user }) => {
    if (user === undefined) return fail(`there is no user ${usualUser}`, addUser);
    return user.uid === 0
      ? warn('imaged runs as root, and needs it for nothing', 'run imaged as an ordinary user')
      : ok(`imaged runs as ${user.name}`);
  },
};
