import type { Api, Sent } from '../api/api.ts';
import type { Output } from '../show/output.ts';
import type { Asked } from './asked.ts';
import { sendFolder } from './packed-folder.ts';

/** Posts what is to be built, or to be judged. */
export const sendAsked = async (
  api: Api,
  output: Output,
  asked: Asked,
  { query, ...more }: Pick<Sent, 'query' | 'headers'>,
): Promise<Response> => {
  const about = { ...more, query: { ...asked.query, ...query } };
  if ('stored' in asked) return api.open('post', '/builds', { ...about, json: asked.stored });
  return sendFolder(api, asked.folder, output, (sent) => api.open('post', '/builds', { ...about, ...sent }));
};
