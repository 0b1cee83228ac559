import { maxFieldErrors, quoted, unknownKeys } from '../../base/text/nearest.ts';
import type { InstallerLine } from './lines.ts';
import { askedWhere, nearestQuestion } from './lookup.ts';
import type { Walk } from './walk.ts';

/**
 * Something about one line, or (undefined) about the file as a whole. `isPassedOver`: the installer
 * takes no notice of it; it is wrong because something else was meant.
 */
export type LineError = {
  readonly line: number | undefined;
  readonly message: string;
  readonly isPassedOver?: true;
};

const unknownQuestion = ({ key }: InstallerLine, told: ReturnType<typeof unknownKeys>): string =>
  told(() => {
    const near = nearestQuestion(key);
    const hint = near === undefined ? 'write one as the installer does, such as "System hostname"' : `did you mean ${quoted(near)}?`; // prettier-ignore
    return `is no question of OpenBSD's installer: ${hint}`;
  });

const troublesOf = ({ troubles, isDoubtful }: Walk) => troubles.filter(({ line }) => line !== undefined || !isDoubtful);

/** Whether the installation would fail, or hardly be the one that was meant. */
export const isRefused = (walk: Walk): boolean => troublesOf(walk).length > 0;

/** Everything for which the installation would fail, and the first of the lines that no installer asks for. */
export const fieldErrorsOfWalk = (
  lines: readonly InstallerLine[],
  walk: Walk,
): { readonly told: readonly LineError[]; readonly count: number } => {
  const troubles = troublesOf(walk).map(({ line, question, message, ...others }) => ({
    ...others,
    line,
    message: line === undefined ? `the question ${quoted(question)} ${message}` : message,
  }));
  const suggest = unknownKeys();
  const unknown = walk.unused.flatMap((index) => {
    const line = lines[index];
    return line === undefined || line.value === '' || askedWhere(line.key).length > 0 ? [] : [{ index, line }];
  });
  const told = unknown.slice(0, maxFieldErrors).map(({ index, line }) => ({ line: index, message: unknownQuestion(line, suggest), isPassedOver: true as const })); // prettier-ignore
  return { told: [...troubles, ...told], count: troubles.length + unknown.length };
};
