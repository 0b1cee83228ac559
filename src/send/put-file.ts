import { ask } from '../outward/request.ts';
import { successOf } from './answers.ts';
import { countedFile } from './counted-file.ts';
import { persist } from './persist.ts';
import type { Outgoing, SendTools } from './types.ts';

/** How a client shows who it is (RFC 6750, RFC 7617); undefined: not at all. */
export type HttpLogin = { readonly token: string } | { readonly username: string; readonly password: string };

/** The header `authorization`. */
const authorizationOf = (login: HttpLogin | undefined): Readonly<Record<string, string>> => {
  if (login === undefined) return {};
  if ('token' in login) return { authorization: `Bearer ${login.token}` };
  const both = Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
  return { authorization: `Basic ${both}` };
};

/**
 * Sends a file with HTTP PUT, with its digest in the header `repr-digest` (RFC 9530), and again from its beginning where
 * that may help: HTTP has no other way. Throws the peer's faults, or the signal's reason.
 */
export const putFile = async (
  url: URL,
  file: Outgoing,
  login: HttpLogin | undefined,
  tools: SendTools,
): Promise<void> => {
  const { peer, silentMs, progress, signal } = tools;
  const headers = {
    'content-type': file.mediaType,
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
  };
  const body = countedFile(file.path, file.size, progress);
  const put = async () => {
    const credentials = authorizationOf(login);
    const reply = await ask(url, { peer, method: 'PUT', headers, credentials, body, silentMs, signal });
    await successOf(peer, `${url.href} did not take ${file.name}`, reply);
  };
  await persist(url, put, tools);
};
