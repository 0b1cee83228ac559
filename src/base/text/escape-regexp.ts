/** A text as a regular expression that matches it, for ECMAScript and RE2: RegExp.escape, which Node has from 24 on. */
export const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
