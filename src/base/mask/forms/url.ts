const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const lowerHex = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/**
 * How a text shows in a URL (RFC 3986) or a form: as encodeURIComponent leaves some marks, with all of them encoded, as
 * Python leaves the slash, with + for a blank, and with hexadecimal digits in lower case.
 */
export const urlForms = (text: string): readonly string[] => {
  const usual = encodeURIComponent(Buffer.from(text).toString());
  // Mostly they are all the same text.
  const also = (forms: ReadonlySet<string>, change: (form: string) => string) =>
    new Set([...forms, ...[...forms].map(change)]);
  const marked = also(new Set([usual]), (form) => form.replace(/[!'()*]/g, percent));
  // What a form of HTML leaves: the asterisk, and not the tilde (URL Standard, application/x-www-form-urlencoded).
  const all = also(marked, (form) => form.replace(/[!'()~]/g, percent));
  const slashes = also(all, (form) => form.replaceAll('%2F', '/'));
  const blanks = also(slashes, (form) => form.replaceAll('%20', '+'));
  return [...also(blanks, lowerHex)];
};
