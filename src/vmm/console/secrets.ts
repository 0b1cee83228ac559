import { shortestSecret } from '../../base/mask/secret-words.ts';
import { readable } from '../../base/machine/plain.ts';
import type { Window } from './window.ts';

/** What was typed: what of it must never be shown, and what merely comes back. */
export type Secrets = {
  /** Remembers a text that is about to be typed. */
  readonly willType: (text: string, secret: boolean) => void;
  /** Whether a line only repeats what was typed. */
  readonly isOurs: (line: string) => boolean;
  /** The text with every secret in it replaced. */
  readonly mask: (text: string) => string;
  /** Nothing that came between the places is shown: the echo of a secret, however mangled. */
  readonly hide: (from: number, to: number) => void;
  /** What came between the places (default: to the end), for people: at most 20 lines and 4 KiB. */
  readonly show: (from: number, to?: number) => string;
};

const lines = 20;
const length = 4 * 1024;

// Enough to know a line again that is printed soon after it was typed.
const remembered = 64;

/** `onSecret` is told of each secret that is about to be typed. */
export const keepSecrets = (window: Window, onSecret: (text: string) => void): Secrets => {
  const typed: string[] = [];
  const secrets = new Set<string>();
  let hidden: { readonly from: number; readonly to: number }[] = [];
  const mask = (text: string) => [...secrets].reduce((shown, secret) => shown.replaceAll(secret, '<secret>'), text);
  return {
    willType: (text, secret) => {
      for (const line of text.split(/[\r\n]+/)) {
        if (line === '') continue;
        typed.push(line);
        if (!secret) continue;
        onSecret(line);
        if (line.length >= shortestSecret) secrets.add(line);
      }
      typed.splice(0, typed.length - remembered);
    },
    isOurs: (line) => typed.some((text) => text.includes(line)),
    mask,
    hide: (from, to) => {
      hidden = [...hidden.filter((range) => range.to > window.start()), { from, to }];
    },
    show: (from, to = window.end()) => {
      let shown = '';
      let at = from;
      for (const range of hidden) {
        if (range.to <= at || range.from >= to) continue;
        shown += `${window.slice(at, Math.max(at, range.from))}<secret>`;
        at = range.to;
      }
      return mask(readable(shown + window.slice(at, Math.max(at, to)), lines, length));
    },
  };
};
