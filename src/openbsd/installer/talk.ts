import { answers, indexOf, isKnown, type Index, type InstallerLine } from './lines.ts';

/** A question that was asked, in full, with what answered it. */
export type InstallerAsked = {
  readonly question: string;
  /** Undefined: nothing did, and the installation fails. */
  readonly answer: string | undefined;
  /** Index of the line; undefined: the installer's own default. */
  readonly line: number | undefined;
};

/**
 * Something for which the installation fails. `line` is the answer's index, where an answer is to blame. `isPassedOver`: the
 * installation goes on, hardly as it was meant.
 */
export type Trouble = {
  readonly line: number | undefined;
  readonly question: string;
  readonly message: string;
  readonly isPassedOver?: true;
};

/** Something that is no fault and may not be what was meant. `line` is the answer's index. */
export type Remark = { readonly line: number | undefined; readonly message: string };

/** An answer, empty when there is none. */
export type Reply = InstallerAsked & {
  readonly value: string;
  /** There is an answer, and its text is known. */
  readonly isSure: boolean;
  /** There is an answer, and its text is not known yet. */
  readonly isOpen: boolean;
};

/** A question that was passed over, and why. */
export type Skipped = { readonly question: string; readonly why: string };

export type Talk = {
  /** Asks, with the first unused line that fits, else with the default. */
  readonly ask: (question: string, fallback?: string) => Reply;
  /** Asks what may be asked or not: only when a line is there for it. */
  readonly maybe: (question: string, fallback?: string) => Reply | undefined;
  /** Asks for yes or no; undefined when that is not known yet. */
  readonly askYes: (question: string, fallback: 'yes' | 'no') => boolean | undefined;
  readonly skip: (why: string, ...questions: readonly string[]) => void;
  /** The installer does not take this answer. */
  readonly refuse: (reply: Reply, message: string) => void;
  /** The installer takes no notice of a part of this answer that is hardly meant so. */
  readonly passOver: (reply: Reply, message: string) => void;
  /** The installer takes this answer, and something is to be known about it. */
  readonly remark: (reply: Reply, message: string) => void;
  readonly fail: (question: string, message: string) => void;
  /** From here on it is not known what is asked. */
  readonly doubt: () => void;
  readonly report: () => TalkReport;
};

export type TalkReport = {
  readonly asked: readonly InstallerAsked[];
  readonly skipped: readonly Skipped[];
  readonly troubles: readonly Trouble[];
  readonly remarks: readonly Remark[];
  readonly unused: readonly number[];
  /** What was asked depended on a value that is not known: no answer may be called missing or unused. */
  readonly isDoubtful: boolean;
};

const replyOf = (one: InstallerAsked): Reply => ({
  ...one,
  value: one.answer ?? '',
  isSure: one.answer !== undefined && isKnown(one.answer),
  isOpen: !isKnown(one.answer ?? ''),
});

/** Yes, no, or neither. */
const yesOrNo = ({ value }: Reply): boolean | undefined => {
  const word = value.toLowerCase();
  if (['y', 'yes'].includes(word)) return true;
  return ['n', 'no'].includes(word) ? false : undefined;
};

/** The index of the line that answers this question, of those that are free; -1: there is none. */
const lineFor = (
  question: string,
  lines: readonly InstallerLine[],
  own: Index,
  isFree: (index: number) => boolean,
): number => {
  const mine = own.answering(question).find(isFree);
  if (mine !== undefined) return mine;
  // The lines behind the template's own are imaged's, and few.
  return lines.findIndex(({ key }, index) => index >= own.count && isFree(index) && answers(key, question));
};

/** Answers the installer's questions from the lines of a response file, each of which is used once, in their order. `own` is of the first of them. */
// One closure, though long: all of it is about what was asked so far.
export const makeTalk = (lines: readonly InstallerLine[], own: Index = indexOf(lines)): Talk => {
  const used = new Set<number>();
  const asked: InstallerAsked[] = [];
  const skipped: Skipped[] = [];
  const troubles: Trouble[] = [];
  const remarks: Remark[] = [];
  let isDoubtful = false;

  // A line without a value is passed over by the installer.
  const isFree = (index: number) => !used.has(index) && lines[index]?.value !== '';
  const find = (question: string): number => lineFor(question, lines, own, isFree);

  const note = (one: InstallerAsked): Reply => {
    asked.push(one);
    return replyOf(one);
  };
  const ask: Talk['ask'] = (question, fallback) => {
    const line = find(question);
    if (line >= 0) {
      used.add(line);
      return note({ question, answer: lines[line]?.value, line });
    }
    if (fallback === undefined)
      troubles.push({ line: undefined, question, message: 'has no answer, and the installer has no default for it' });
    return note({ question, answer: fallback, line: undefined });
  };

  const troubled =
    (more: Pick<Trouble, 'isPassedOver'>): Talk['refuse'] =>
    ({ line, question }, message) => {
      if (line !== undefined) troubles.push({ line, question, message, ...more });
    };
  const refuse = troubled({});
  return {
    ask,
    refuse,
    passOver: troubled({ isPassedOver: true }),
    // What imaged adds is for what is asked for sure.
    maybe: (question, fallback) => (lines[find(question)]?.pointer === undefined ? undefined : ask(question, fallback)),
    askYes: (question, fallback) => {
      const reply = ask(question, fallback);
      if (reply.isOpen) return undefined;
      const isYes = yesOrNo(reply);
      if (isYes === undefined) refuse(reply, 'must be "yes" or "no"');
      return isYes ?? false;
    },
    skip: (why, ...questions) => questions.forEach((question) => skipped.push({ question, why })),
    remark: ({ line }, message) => remarks.push({ line, message }),
    fail: (question, message) => troubles.push({ line: undefined, question, message }),
    doubt: () => {
      isDoubtful = true;
    },
    report: () => ({
      asked,
      skipped,
      troubles,
      remarks,
      unused: lines.flatMap((_, index) => (used.has(index) ? [] : [index])),
      isDoubtful,
    }),
  };
};
