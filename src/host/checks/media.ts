import { fail, ok, warn } from '../answers.ts';
import { whyNot } from '../people.ts';
import type { HostCheck } from '../types.ts';

/** Whether the daemon's user may read what the configuration lists as media. */
export const media: HostCheck = {
  name: 'media',
  ask: async ({ host, config, user }) => {
    const listed = Object.entries(config.media);
    if (listed.length === 0) return ok('the configuration lists none');
    if (user === undefined) return warn('cannot be told before there is a user to run imaged');
    for (const [name, path] of listed) {
      const why = await whyNot(host, user, path, 'read');
      if (why === 'missing') return fail(`media.${name} is not there`, `put it at ${path}, or take it out`);
      if (why === 'denied')
        return fail(`media.${name} may not be read`, `chmod -R o+rX ${path}, and the folders above`);
    }
    return ok(`${listed.map(([name]) => name).join(', ')} can be read`);
  },
};
