import { escapeRegExp } from '../../base/text/escape-regexp.ts';

/** Knows which methods an address takes, for the `Allow` header: Fastify answers 404 to a method it does not know. */
export const makeAllowed = () => {
  const methodsByUrl = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  return {
    /** Takes note of a route, its address with `:name` where a name goes. */
    add: (url: string, method: string | readonly string[]): void => {
      if (url.includes('*')) return;
      const pattern = escapeRegExp(url).replace(/:[A-Za-z]+/g, '[^/]+');
      const entry = methodsByUrl.get(url) ?? { pattern: new RegExp(`^${pattern}$`), methods: new Set() };
      for (const one of typeof method === 'string' ? [method] : method) entry.methods.add(one);
      methodsByUrl.set(url, entry);
    },
    /** The methods that a path takes; none when there is no such path. */
    at: (path: string): readonly string[] => {
      const found = [...methodsByUrl.values()].filter(({ pattern }) => pattern.test(path));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
};
