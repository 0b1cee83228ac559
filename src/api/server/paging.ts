import type { FastifyReply } from 'fastify';
import type { Page, PageAsk } from '../../queue/records.ts';

/** A request whose query is a `pageQuery`, perhaps with filters. */
type Asked = { readonly url: string; readonly query: { readonly limit: number; readonly after?: string | undefined } };

/** Reads the page that is asked for and gives it as a client sees it, with the `Link` header to the next one (RFC 8288). */
export const readPage = async <T, Shown>(
  { url, query: { limit, after } }: Asked,
  reply: FastifyReply,
  read: (ask: PageAsk) => Promise<Page<T>>,
  show: (items: readonly T[]) => readonly Shown[] | Promise<readonly Shown[]>,
): Promise<{ readonly items: readonly Shown[]; readonly next?: string }> => {
  const { items, next } = await read({ limit, ...(after === undefined ? {} : { after }) });
  const shown = await show(items);
  if (next === undefined) return { items: shown };
  const [path = '/', query = ''] = url.split('?', 2);
  const asked = new URLSearchParams(query);
  asked.set('after', next);
  void reply.header('link', `<${path}?${asked.toString()}>; rel="next"`);
  return { items: shown, next };
};
