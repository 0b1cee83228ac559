import { useEffect, useState } from 'preact/hooks';

/** Where in the page one is: `#/builds/ID/console?attempt=2`. The API has the addresses without `#`. */
export type PageAddress = { readonly path: readonly string[]; readonly query: URLSearchParams };

const placeOf = (hash: string): PageAddress => {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  return { path: parts.map(decoded), query: new URLSearchParams(query) };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The address of a place, for a link. */
export const hrefOf = (path: readonly string[], query?: Readonly<Record<string, string>>): string => {
  const asked = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== ''));
  return `#/${path.map(encodeURIComponent).join('/')}${asked.size > 0 ? `?${asked.toString()}` : ''}`;
};

/** Goes there without a new entry in the history: for what a filter narrows. */
export const replacePlace = (href: string): void => {
  history.replaceState(null, '', href);
  dispatchEvent(new HashChangeEvent('hashchange'));
};

export const usePlace = (): PageAddress => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return placeOf(hash);
};
