import { Fault, faults } from '../../base/fault.ts';
import { ClientError, type ClientEnding } from '../client-error.ts';
import { asTyped } from './as-typed.ts';
import { fieldErrorLines } from './field-errors.ts';
import type { OutputLine, Output } from './output.ts';
import { systemSentence } from '../../base/system-words.ts';

// What the daemon refused, or would: a token, a folder that it does not take, a build in another state.
const refusing = [401, 403, 404, 409, 413, 422];

/** How a command ends with a fault of this program's own parts. */
const endingOf = ({ code }: Fault): ClientEnding => {
  if (code === 'fetch_failed') return 'unreachable';
  return code !== 'digest_mismatch' && refusing.includes(faults[code].status) ? 'refused' : 'failed';
};

const linesOf = async (error: ClientError): Promise<readonly OutputLine[]> => {
  const { problem, sent, isTold = false } = error.about;
  const [first = '', ...others] = asTyped(error.message).split('\n');
  const head: OutputLine = [{ as: 'red', text: 'imagectl: ' }, first];
  if (problem === undefined) return [head, ...others];
  const { title, code, expected, saw, errors = [] } = problem;
  const places = isTold ? [] : await fieldErrorLines(errors, sent);
  // Where each place is told with its line, the sentence about the first of them would say it twice.
  if (places.length > 0) return [[{ as: 'red', text: 'imagectl: ' }, `${title} (${code})`], ...places];
  const facts = [['expected', expected] as const, ['saw', saw] as const];
  return [
    [...head, { as: 'dim', text: ` (${code})` }],
    ...others,
    ...facts.flatMap(([name, text]): readonly OutputLine[] =>
      text === undefined ? [] : [`  ${name.padEnd(10)}${text}`],
    ),
    ...(code === 'unauthorized' ? ['  > Give a token: imagectl login URL, or set IMAGED_TOKEN'] : []),
  ];
};

/**
 * Says on standard error what went wrong, and how the program ends. With `json` the problem itself is printed too,
 * with `isTraced` where in the program an error that was not foreseen came from.
 */
export const tellError = async (
  output: Output,
  error: unknown,
  { json, isTraced }: { readonly json: boolean; readonly isTraced: boolean },
): Promise<ClientEnding> => {
  if (error instanceof ClientError) {
    output.tell(...(await linesOf(error)));
    if (json && error.about.problem !== undefined) output.printJson(error.about.problem);
    return error.ending;
  }
  if (error instanceof Fault) {
    output.tell([{ as: 'red', text: 'imagectl: ' }, error.message]);
    return endingOf(error);
  }
  const words = systemSentence(error);
  if (words !== undefined) {
    output.tell([{ as: 'red', text: 'imagectl: ' }, words]);
    return 'failed';
  }
  // It was not foreseen. Most that is not is a reply of another release, which lacks what this one reads.
  output.tell(
    [{ as: 'red', text: 'imagectl: ' }, `This cannot be gone on with: ${String(error)}.`],
    'The daemon is of another release than this program, or it is a defect: IMAGED_TRACE=1 shows where, for a report of it.',
    ...(isTraced && error instanceof Error ? (error.stack ?? '').split('\n') : []),
  );
  return 'failed';
};
