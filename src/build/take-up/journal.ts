/**
 * What a build has done, written down as it does it, so that a daemon which is started meanwhile goes on with it. It lies in
 * the workspace, and goes with it. A kill -9 of the daemon loses nothing of it; a crash of the host takes the machine along,
 * and then it is of no use.
 */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { temporarySuffix } from '../../base/file/write-whole.ts';
import { ScriptPlace } from '../../guest/outliving/place.ts';
import type { InputFacts, StepTimes } from '../../post-processors/build-facts.ts';
import { ConsolePlace } from '../../vmm/console/place.ts';

/** Another number where an older imaged's journal cannot be gone on with any more. */
const journalVersion = 1;

const Input = z.object({ name: z.string(), uri: z.string(), sha256: z.string().optional() });

/** `step`: the step of the plan behind which it was kept. */
const KeptLayer = z.object({ key: z.string(), step: z.string().optional(), facts: z.unknown() });

/** How far the step has come that starts the guest anew. */
const Restarting = z.object({
  step: z.string(),
  /** When it was asked to shut down, Unix milliseconds. */
  askedAt: z.number(),
  /** Its disks, and what is in the folder of the layer beneath them; undefined: they are not at rest. */
  rested: z.object({ disks: z.array(z.unknown()), kept: KeptLayer }).optional(),
  /** Whether a machine runs over them. */
  isUp: z.boolean().optional(),
});
export type Restarting = z.output<typeof Restarting>;

export const Journal = z.object({
  version: z.literal(journalVersion),
  build: z.string(),
  attempt: z.number(),
  /** When the attempt began, Unix milliseconds. */
  startedAt: z.number(),
  /** The names of all steps of the plan: one that has changed meanwhile is not gone on with. */
  plan: z.array(z.string()),
  /** The key of the layer that the attempt goes on from. */
  layer: z.string().optional(),
  /** The key of the whole plan when the attempt began. */
  wholeKey: z.string().optional(),
  /** The steps that have ended, in their order, with what they gave, where that can be written down. */
  ended: z.array(
    z.object({
      name: z.string(),
      type: z.string().optional(),
      startedAt: z.number(),
      endedAt: z.number(),
      gives: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  /** Set where the guest may have missed something while no daemon was there. */
  missed: z.boolean().optional(),
  /** The guest that is being started anew, to be kept at rest. */
  restarting: Restarting.optional(),
  /** What has gone into the build so far. */
  inputs: z.array(Input),
  /** How far the console of the machine that was started last has come. */
  console: ConsolePlace.optional(),
  /** How far the script has come that is under way and outlives the daemon, and how long the log was by then. */
  script: ScriptPlace.optional(),
  log: z.number().optional(),
});
export type Journal = z.output<typeof Journal>;

const fileIn = (workspace: string): string => join(workspace, 'journal.json');

/** Undefined: there is none that this imaged can go on with. */
export const readJournal = async (workspace: string): Promise<Journal | undefined> => {
  try {
    return Journal.parse(JSON.parse(await readFile(fileIn(workspace), 'utf8')));
  } catch {
    return undefined;
  }
};

/** The journal of an attempt that begins. */
export const emptyJournal = (
  facts: Pick<Journal, 'build' | 'attempt' | 'startedAt' | 'plan' | 'layer' | 'wholeKey'>,
): Journal => ({
  ...facts,
  version: journalVersion,
  ended: [],
  inputs: [],
});

/** The steps and the inputs of an attempt, as they are known of one that was never cut short. */
export const pastIn = ({ ended, inputs }: Journal): { steps: readonly StepTimes[]; inputs: readonly InputFacts[] } => ({
  steps: ended.map(({ name, startedAt, endedAt, type }) => ({
    ...{ name, startedAt, endedAt },
    ...(type === undefined ? {} : { type }),
  })),
  inputs: inputs.map(({ name, uri, sha256 }) => ({ name, uri, ...(sha256 === undefined ? {} : { sha256 }) })),
});

const Over = z.object({ disks: z.array(z.object({ base: z.object({ path: z.string() }).optional() })) });

/** The images beneath the disks that a step gave. */
export const basesOf = ({ gives }: Pick<Journal['ended'][number], 'gives'>): readonly string[] =>
  (Over.safeParse(gives).data?.disks ?? []).flatMap(({ base }) => (base === undefined ? [] : [base.path]));

const Kept = z.object({ kept: KeptLayer });

/** The layer that a step has put into its place, as it says in what it gave. */
export const keptBy = ({ gives }: Pick<Journal['ended'][number], 'gives'>) => Kept.safeParse(gives).data?.kept;

const keyOf = (path: string): string => basename(dirname(path));

/** The keys of the layers beneath the disks of a build, those beneath first. A folder of another kind has the name of none. */
export const keysBeneath = ({ ended, restarting }: Pick<Journal, 'ended' | 'restarting'>): readonly string[] => {
  const all = [...ended, { gives: { disks: restarting?.rested?.disks } }];
  return [...new Set(all.flatMap((step) => basesOf(step).map(keyOf)))];
};

export type JournalFile = {
  /** Writes it in place of what was written before; of several that wait, the last. */
  readonly write: (journal: Journal) => Promise<void>;
  /** From now on there is none: the build cannot be gone on with any more. */
  readonly remove: () => Promise<void>;
};

export const journalFile = (workspace: string): JournalFile => {
  const file = fileIn(workspace);
  let isRemoved = false;
  let next: Journal | undefined;
  let writing: Promise<void> = Promise.resolve();
  const writeNext = async () => {
    const journal = next;
    next = undefined;
    if (journal === undefined || isRemoved) return;
    await writeFile(file + temporarySuffix, JSON.stringify(journal), { mode: 0o600 });
    await rename(file + temporarySuffix, file);
  };
  return {
    write: (journal) => {
      next = journal;
      const mine = writing.then(writeNext);
      writing = mine.catch(() => undefined);
      return mine;
    },
    remove: async () => {
      isRemoved = true;
      await writing;
      await rm(file, { force: true });
    },
  };
};
