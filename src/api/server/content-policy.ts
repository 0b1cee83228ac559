/**
 * The Content-Security-Policy of a page that runs its own files alone, asks this host alone, and stands in no other page.
 * With `inline` styles an element may have a style attribute.
 */
export const contentPolicy = (styles: 'files' | 'inline'): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${styles === 'inline' ? " 'unsafe-inline'" : ''}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
