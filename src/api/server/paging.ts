import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from '../../queue/records.ts';

/** A page as a client sees it, with the `Link` header to the next one (RFC 8288). */
export const nextPage = <T, Shown>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page<T>,
  show: (item: T) => Shown,
): { readonly items: readonly Shown[]; readonly next?: string } => {
  const items = page.items.map((item) => show(item));
  if (page.next === undefined) return { items };
  const [path = '/', query = ''] = request.url.split('?', 2);
  const asked = new URLSearchParams(query);
  asked.set('after', page.next);
  void reply.header('link', `<${path}?${asked.toString()}>; rel="next"`);
  return { items, next: page.next };
};
