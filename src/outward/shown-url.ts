/** A URL for people: without user, password and query, which may be a login, as in signed URLs. */
export const shownUrl = ({ protocol, host, pathname, search }: URL): string =>
  `${protocol}//${host}${pathname}${search === '' ? '' : '?...'}`;

/** The same of a text that may be no URL, or one that is relative to another. */
export const shownLocation = (text: string, from: URL, show: (url: URL) => string): string =>
  URL.canParse(text, from.href) ? show(new URL(text, from.href)) : 'what is no URL';
