import { quoted } from '../../base/text/nearest.ts';
import { answers, type InstallerLine } from './lines.ts';
import type { Questions } from './catalog.ts';
import { askedWhere } from './lookup.ts';
import type { Walk } from './walk.ts';

type Mode = 'install' | 'upgrade';

// The name of a user stands in a question that is passed over as X.
const general = (key: string): string => key.replace(/(for user) \S+/, '$1 x');

const named = { install: 'an installation', upgrade: 'an upgrade' } as const;

/** Whether this mode asks for it on the usual machine: that it is asked there is no reason why it is not asked here. */
const isUsualIn = ({ mode, isUsual }: Questions, own: Mode): boolean =>
  isUsual === true && (mode === undefined || mode === own);

/**
 * Why the installer passes over a line that it may ask for elsewhere: on another machine, in another release or mode.
 * Undefined: no installer asks for it.
 */
const whyUnused = ({ key, value }: InstallerLine, { asked, skipped }: Walk, mode: Mode): string | undefined => {
  if (value === '') return 'has no answer: the installer passes over a line without one';
  const [first, ...more] = asked.filter(({ question }) => answers(key, question));
  if (first !== undefined)
    return `is one answer too many: ${quoted(first.question)} is asked ${more.length === 0 ? 'once' : `${more.length + 1} times`}, and other lines answer it`;
  const groups = askedWhere(key);
  if (groups.length === 0) return undefined;
  const passedOver = skipped.find(({ question }) => [key, general(key)].some((one) => answers(one, question)));
  if (passedOver !== undefined) return `is not asked ${passedOver.why}`;
  const [other] = groups.flatMap((group) => group.mode ?? []);
  if (other !== undefined && groups.every((group) => group.mode !== undefined && group.mode !== mode))
    return `is asked by ${named[other]}, and this is ${named[mode]}`;
  const where = new Set(groups.flatMap((group) => (isUsualIn(group, mode) ? [] : [group.where])));
  if (where.size === 0) return 'is not asked on this machine with the answers before it';
  return `is not asked on this machine: it is asked ${[...where].join(', or ')}`;
};

/** What the installer passes over, by the index of its line: nothing is lost, and it may not be what was meant. */
export const passedOver = (lines: readonly InstallerLine[], walk: Walk, mode: Mode): ReadonlyMap<number, string> => {
  const found = new Map<number, string>();
  // What depends on a value that is not known may well be asked.
  if (walk.isDoubtful) return found;
  for (const index of walk.unused) {
    const line = lines[index];
    const why = line === undefined ? undefined : whyUnused(line, walk, mode);
    if (why !== undefined) found.set(index, why);
  }
  return found;
};
