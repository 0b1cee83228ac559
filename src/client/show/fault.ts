import type { Build, BuildFault } from '../api/types.ts';
import type { OutputLine, OutputPiece } from './output.ts';
import { asTyped } from './as-typed.ts';
import { consoleText } from './console-text.ts';

/** What can be done with a build whose machine is kept. */
export const heldAdvice = (id: string): readonly string[] => [
  `Look into its machine: imagectl console --attach ${id}`,
  `Mend it in DIR and go on: imagectl resume ${id} DIR`,
  `Let its machine go: imagectl hold --release ${id}`,
];

/** What can be done, by whose doing it was. */
const advice = (fault: BuildFault, { id, status }: Pick<Build, 'id' | 'status'>): readonly string[] => {
  const log = `See what was done: imagectl log ${id}`;
  if (status === 'held') return [...heldAdvice(id), log];
  switch (fault.class) {
    case 'template':
      return ['Mend the template, and build again.', log];
    case 'guest':
      return [`See what the guest said: imagectl console ${id}`, log];
    case 'infra':
      return [`It was the host's doing. Try again: imagectl retry ${id}`, 'See how the host is: imagectl host'];
    case 'capacity':
      return ['See what the host has: imagectl host'];
    case 'timeout':
      return ['Give it longer in the template, or see what took so long.', log];
    case 'cancelled':
      return [];
    default:
      return [log, 'It is a defect of imaged: the log of the daemon says more.'];
  }
};

const mostTailLines = 12;

const quotedLines = (text: string, mark: string): readonly OutputLine[] =>
  consoleText()(text)
    .trimEnd()
    .split('\n')
    .slice(-mostTailLines)
    .map((line): OutputLine => [{ as: 'dim', text: `  ${mark} ` }, line]);

const labelled = (label: string, text: string | undefined): readonly OutputLine[] =>
  text === undefined ? [] : [[{ as: 'bold', text: `  ${label}  ` }, text.trim().replaceAll('\n', `\n${' '.repeat(label.length + 4)}`)]]; // prettier-ignore

/** Why a build or a step ended badly, as one would tell it: what failed, expected, saw, the console, what to do. */
export const faultLines = (fault: BuildFault, build: Pick<Build, 'id' | 'status'>): readonly OutputLine[] => {
  const where: readonly OutputPiece[] = fault.step === undefined ? [] : [' in step ', { as: 'bold', text: fault.step }];
  const stderr = fault.facts?.['stderr'];
  return [
    [{ as: 'red', text: fault.title }, ...where, ` (${fault.code})`],
    `  ${asTyped(fault.message).replaceAll('\n', '\n  ')}`,
    ...labelled('expected', fault.expected),
    ...labelled('saw     ', fault.saw),
    ...(typeof stderr === 'string' && stderr.trim() !== '' ? ['  It wrote:', ...quotedLines(stderr, '|')] : []),
    ...(fault.console_tail === undefined ? [] : ['  The console said last:', ...quotedLines(fault.console_tail, '|')]),
    ...(fault.screen === undefined ? [] : ['  The screen shows:', ...quotedLines(fault.screen, '|')]),
    ...advice(fault, build).map((line): OutputLine => [{ as: 'dim', text: '  > ' }, line]),
  ];
};
