import type { Api, Sent } from '../api/api.ts';
import { ClientError } from '../client-error.ts';
import { asTyped } from '../show/as-typed.ts';
import type { Output } from '../show/output.ts';
import type { ClientAsked } from './asked.ts';
import { sendFolder } from './packed-folder.ts';

/** The same error; where there is no such template, it says that there is no such folder either. */
const orFolder = (error: unknown, wanted: string): unknown => {
  if (!(error instanceof ClientError)) return error;
  const [wrong] = error.about.problem?.errors ?? [];
  if (wrong?.pointer !== '/template') return error;
  const message = wrong.message.startsWith('there is no template ')
    ? `${JSON.stringify(wanted)} is neither a folder here nor a stored template; imagectl templates lists these.`
    : `${JSON.stringify(wanted)} is no folder here, and as a stored template it cannot be built: ${asTyped(wrong.message)}.`;
  return new ClientError(error.ending, message, { ...error.about, isTold: true, cause: error });
};

/** Posts what is to be built, or to be judged. */
export const sendAsked = async (
  api: Api,
  output: Output,
  asked: ClientAsked,
  { query, ...more }: Pick<Sent, 'query' | 'headers'>,
): Promise<Response> => {
  const about = { ...more, query: { ...asked.query, ...query } };
  if ('stored' in asked)
    return api.open('post', '/builds', { ...about, json: asked.stored }).catch((error: unknown) => {
      throw orFolder(error, asked.stored.template);
    });
  return sendFolder(api, asked.folder, output, (sent) => api.open('post', '/builds', { ...about, ...sent }));
};
