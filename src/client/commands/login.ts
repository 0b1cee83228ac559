import type { RunCommand } from '../args/types.ts';
import { makeApi } from '../api/api.ts';
import { usageError } from '../client-error.ts';
import { tokenFrom, urlFrom } from '../config/server.ts';
import { writeHost } from '../config/hosts.ts';
import { readSecret } from '../show/read-secret.ts';

/** `imagectl login`: the token is read from the terminal without an echo, or from standard input. */
export const run: RunCommand = async ({ output, operands: [address = ''], values, environment }) => {
  const url = urlFrom(address, 'The address');
  const name = values.host ?? url.hostname;
  const text = (await readSecret(output, 'Token: ')).trim();
  if (text === '') throw usageError('No token came. On the host of the daemon: imaged token add NAME');
  const token = tokenFrom(text, 'That');
  // A token that does not work is not kept.
  await makeApi({ url, token }).ask('get', '/builds', { query: { limit: 1 } });
  const file = await writeHost(environment, name, { url: url.href, token });
  output.tell(`${name} is in ${file}. Ask it: imagectl --host ${name} list`);
  return 'succeeded';
};
