import { maxFieldErrors, nearest, quoted, unknownKeys } from '../../base/nearest.ts';
import { questionNames } from './catalog.ts';
import { answers, type Line } from './lines.ts';
import type { Walk } from './walk.ts';

/** A field error about one line, or (undefined) about the file as a whole. */
export type LineError = { readonly line: number | undefined; readonly message: string };

const otherMode = { install: 'upgrade', upgrade: 'install' } as const;
const named = { install: 'an installation', upgrade: 'an upgrade' } as const;

// The name of a user, an interface or a set stands in a question that is passed over as x.
const general = (key: string): string =>
  key
    .replace(/(for user) \S+/, '$1 x')
    .replace(/^(checksum test for|fetching of) \S+/, '$1 x')
    .replace(/\b(vio|em|vlan)\d+/, 'vio0');

const isIn = (names: readonly string[], keys: readonly string[]) =>
  names.some((name) => keys.some((key) => answers(key, `${name}?`)));

const whyUnused = (
  { key, value }: Line,
  { asked, skipped }: Walk,
  mode: 'install' | 'upgrade',
  told: ReturnType<typeof unknownKeys>,
): string => {
  if (value === '') return 'has no answer: the installer passes over a line without one';
  const times = asked.filter(({ question }) => answers(key, question));
  const [first] = times;
  if (first !== undefined)
    return `is one answer too many: ${quoted(first.question)} is asked ${times.length === 1 ? 'once' : `${times.length} times`}, and other lines answer it`;
  const keys = [...new Set([key, general(key)])];
  const passedOver = skipped.find(({ question }) => keys.some((one) => answers(one, question)));
  if (passedOver !== undefined) return `is not asked ${passedOver.why}`;
  if (isIn(questionNames[mode], keys)) return 'is not asked on this machine';
  if (isIn(questionNames[otherMode[mode]], keys))
    return `is asked by ${named[otherMode[mode]]}, and this is ${named[mode]}`;
  return told(() => {
    const near =
      questionNames[mode].find((name) => key.length > 3 && name.toLowerCase().startsWith(key)) ??
      nearest(key.replace(/[?(].*$/, '').trim(), questionNames[mode]);
    const hint = near === undefined ? 'write one as the installer does, such as "System hostname"' : `did you mean ${quoted(near)}?`; // prettier-ignore
    return `is no question of OpenBSD's installer: ${hint}`;
  });
};

/** Whether the installation would fail, or the installer never asks for one of the lines. */
export const isRefused = (walk: Walk): boolean =>
  walk.troubles.some(({ line }) => line !== undefined || !walk.isDoubtful) ||
  (!walk.isDoubtful && walk.unused.length > 0);

/** Everything for which the installation would fail, and the first of the lines that the installer never asks for. */
export const fieldErrorsOfWalk = (
  lines: readonly Line[],
  walk: Walk,
  mode: 'install' | 'upgrade',
): { readonly told: readonly LineError[]; readonly count: number } => {
  const troubles = walk.troubles
    .filter(({ line }) => line !== undefined || !walk.isDoubtful)
    .map(({ line, question, message }) => ({
      line,
      message: line === undefined ? `the question ${quoted(question)} ${message}` : message,
    }));
  if (walk.isDoubtful) return { told: troubles, count: troubles.length };
  const told = unknownKeys();
  const unused = walk.unused.slice(0, maxFieldErrors).flatMap((line) => {
    const one = lines[line];
    return one === undefined ? [] : [{ line, message: whyUnused(one, walk, mode, told) }];
  });
  return { told: [...troubles, ...unused], count: troubles.length + walk.unused.length };
};
