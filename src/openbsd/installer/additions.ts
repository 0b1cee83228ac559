import { hostnameOf } from '../../base/machine/hostname.ts';
import { answers, keyOf, namesEndpoint, seen, type InstallerLine } from './lines.ts';
import { checksumQuestion } from './verify.ts';
import type { Walk } from './walk.ts';
import { noPassword } from '../passwords/forms.ts';
import type { TurnPause } from '../../base/turns.ts';
import type { RuntimeName, Text } from '../../template/spec.ts';

/** A line that imaged would add where the template leaves a question to the installer. */
export type Addition = {
  readonly question: string;
  readonly text: Text;
  /** Whether the line is wanted, by what is asked without it. */
  readonly isWanted?: (before: Walk) => boolean;
  /** Whether it does what it is there for. */
  readonly isRight?: (after: Walk) => boolean;
};

export type AdditionFacts = {
  readonly templateName: string;
  /** The user that logs in by ssh; undefined: there is no login. */
  readonly username: string | undefined;
  readonly rootDisk: string | undefined;
  /** UEFI is to boot from it, and nothing is on it yet. */
  readonly needsGpt: boolean;
  /** The path of the only template for disklabel that the endpoint serves. */
  readonly disklabelPath: string | undefined;
  /** Where the endpoint serves sets: a directory, or wherever the installer looks by itself. */
  readonly sets: { readonly directory: string | undefined } | undefined;
  readonly siteSets: readonly string[];
  /** Sets are taken from the CD where nothing else is said: which default the installer has there depends on its release. */
  readonly isCdDefault: boolean;
};

const placeholder = (runtime: RuntimeName): Text[number] => ({ runtime, apply: [] });

const hasSite = (walk: Walk): boolean => walk.sets.some((name) => name.startsWith('site'));

const isOnEndpoint = (walk: Walk): boolean =>
  walk.asked.some(({ question, answer = '' }) => question.startsWith('HTTP Server') && namesEndpoint(answer));

const ofUser = (username: string | undefined): readonly Addition[] => {
  if (username === undefined) return [{ question: 'Setup a user', text: ['no'] }];
  if (username === 'root')
    return [
      { question: 'Public ssh key for root account', text: [placeholder('ssh_public_key')] },
      { question: 'Setup a user', text: ['no'] },
      { question: 'Allow root ssh login', text: ['prohibit-password'] },
    ];
  return [
    { question: 'Setup a user', text: [username] },
    { question: `Password for user ${username}`, text: [noPassword] },
    { question: `Public ssh key for user ${username}`, text: [placeholder('ssh_public_key')] },
  ];
};

const ofSets = ({ sets, siteSets, isCdDefault }: AdditionFacts): readonly Addition[] => {
  const directory = sets?.directory;
  return [
    ...(sets === undefined
      ? []
      : [
          { question: 'Location of sets', text: ['http'] },
          { question: 'HTTP Server', text: [placeholder('http_url')] },
          ...(directory === undefined
            ? []
            : [{ question: 'Server directory', text: [directory], isWanted: isOnEndpoint }]),
        ]),
    // Where sets of the endpoint would leave a line without its question, those of the CD are meant.
    ...(isCdDefault ? [{ question: 'Location of sets', text: ['cd0'] }] : []),
    ...siteSets.map((name) => ({
      question: 'Set name(s)',
      text: [`+${name}`],
      isWanted: (before: Walk) => !before.sets.includes(name),
      isRight: (after: Walk) => after.sets.includes(name),
    })),
    // A directory of one's own has a site set and little else, and a site set is not in SHA256.sig.
    ...(siteSets.length === 0
      ? []
      : [{ question: 'INSTALL.amd64 not found. Use sets found here anyway', text: ['yes'], isWanted: hasSite }]),
    ...siteSets.map((name) => ({ question: checksumQuestion(name).replace('?', ''), text: ['yes'] })),
    ...siteSets.map(() => ({ question: 'Continue without verification', text: ['yes'], isWanted: hasSite })),
  ];
};

/** What imaged would answer, in the order of the questions. */
export const additionsFor = (facts: AdditionFacts): readonly Addition[] => [
  { question: 'System hostname', text: [hostnameOf(facts.templateName, 'openbsd')] },
  { question: 'Default IPv4 route', text: ['none'] },
  { question: 'Password for root account', text: [noPassword] },
  { question: 'Change the default console to com0', text: ['yes'] },
  { question: 'Which speed should com0 use', text: ['115200'] },
  ...ofUser(facts.username),
  { question: 'What timezone are you in', text: ['UTC'] },
  ...(facts.rootDisk === undefined ? [] : [{ question: 'Which disk is the root disk', text: [facts.rootDisk] }]),
  ...(facts.needsGpt
    ? [
        { question: 'Use (W)hole disk MBR, whole disk (G)PT', text: ['gpt'] },
        { question: 'An EFI/GPT disk may not boot. Proceed', text: ['yes'] },
      ]
    : []),
  ...(facts.disklabelPath === undefined
    ? []
    : [
        {
          question: 'URL to autopartitioning template for disklabel',
          text: [placeholder('http_url'), `/${facts.disklabelPath}`],
        },
      ]),
  ...ofSets(facts),
];

const lineOf = (question: string, text: Text, pointer: string | undefined): InstallerLine => ({
  key: keyOf(question),
  value: seen(text).replace(/^[ \t]+|[ \t]+$/g, ''),
  pointer,
});

/** Whether the line leaves no other one without a question. */
const keepsOthers = (before: Walk, after: Walk): boolean => {
  const unused = new Set(before.unused);
  return after.unused.every((line) => unused.has(line));
};

/** Whether a line of the template's own answers that question already, in any of the rounds in which it is asked. */
const isAnswered = ({ asked }: Walk, key: string): boolean =>
  asked.some(({ line, question }) => line !== undefined && answers(key, question));

/**
 * Adds the lines that the installer would use for the very question they are meant for. They come last, so that every
 * line of the template goes first; where the installer has a default, they take no question from the others either.
 */
export const withAdditions = async (
  lines: readonly InstallerLine[],
  additions: readonly Addition[],
  walkOf: (lines: readonly InstallerLine[]) => Walk,
  pause: TurnPause,
): Promise<{ readonly lines: readonly InstallerLine[]; readonly added: readonly Addition[]; readonly walk: Walk }> => {
  let all = lines;
  let before = walkOf(lines);
  const added: Addition[] = [];
  for (const addition of additions) {
    await pause();
    const line = lineOf(addition.question, addition.text, undefined);
    const open = before.asked.find((one) => one.line === undefined && answers(line.key, one.question));
    if (before.isDoubtful || open === undefined || addition.isWanted?.(before) === false) continue;
    const isNeeded = open.answer === undefined;
    // What is asked again, with a default, was left to that default on purpose: sets that were left out would come back.
    if (!isNeeded && addition.isWanted === undefined && isAnswered(before, line.key)) continue;
    const tried = [...all, line];
    const after = walkOf(tried);
    const mine = after.asked.find((one) => one.line === all.length);
    const isUsed = mine !== undefined && answers(line.key, mine.question);
    if (!isUsed || (!isNeeded && !keepsOthers(before, after)) || addition.isRight?.(after) === false) continue;
    all = tried;
    before = after;
    added.push(addition);
  }
  return { lines: all, added, walk: before };
};
