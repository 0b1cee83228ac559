import type { z } from 'zod';
import { artifice } from './artifice.ts';
import { checksum } from './checksum.ts';
import { cloudInit } from './cloud-init.ts';
import { compress } from './compress.ts';
import { convert } from './convert.ts';
import { exporting } from './export.ts';
import { amazonImport } from './upload/amazon-import.ts';
import { upload } from './upload/upload.ts';
import { vagrantRegistry } from './upload/vagrant-registry.ts';
import { manifest } from './manifest.ts';
import { sign } from './sign.ts';
import type { ArtifactDraft, PostProcessorPlace, PlannedDraft, Tools } from './kind.ts';
import { provenance } from './provenance.ts';
import { sbom } from './sbom.ts';
import { shellLocal } from './shell-local.ts';
import { tarball } from './tarball.ts';
import { vagrant } from './vagrant.ts';

/** Every kind that a template may name. What it takes, the manual lists and the plan runs is made from this table. */
export const postProcessors = {
  convert,
  compress,
  checksum,
  vagrant,
  tarball,
  artifice,
  sign,
  manifest,
  sbom,
  provenance,
  'cloud-init': cloudInit,
  upload,
  'vagrant-registry': vagrantRegistry,
  'amazon-import': amazonImport,
  'shell-local': shellLocal,
} as const;

const all = { ...postProcessors, export: exporting } as const;

type Table = typeof all;
export type PostProcessorType = keyof Table;

type NamedType = keyof typeof postProcessors;

type Asked = { [T in PostProcessorType]: z.output<Table[T]['Schema']> };
type Settings = { [T in PostProcessorType]: Awaited<ReturnType<Table[T]['resolve']>> };

/** A post-processor as a template has it, of one type or of several. */
export type PostProcessorAsked<T extends NamedType = NamedType> = { [K in T]: { type: K } & Asked[K] }[T];

/** One with its settings, of one type or of several. */
export type WithSettings<T extends PostProcessorType = PostProcessorType> = {
  [K in T]: { readonly type: K; readonly settings: Settings[K] };
}[T];

/** A post-processor of a build. */
export type PostProcessorSpec<T extends PostProcessorType = PostProcessorType> = WithSettings<T> & {
  /** What its step is called. */
  readonly name: string;
  readonly timeoutMs: number;
  /** The sequence that it is part of, from 1. Undefined: none, it makes what all of them begin with. */
  readonly sequence?: number;
  /** The artifacts that it takes, by name. */
  readonly takes: readonly string[];
  /** Those of them that other sequences take as well: whatever it gives, their files stay until all have ended. */
  readonly shares?: readonly string[];
  /** MB that it writes at most. */
  readonly newMb: number;
};

type Row<T extends PostProcessorType> = {
  readonly resolve: (asked: Asked[T], place: PostProcessorPlace) => Settings[T] | Promise<Settings[T]>;
  readonly plan: (settings: Settings[T]) => string;
  readonly refuse?: (settings: Settings[T], taken: readonly PlannedDraft[]) => string | undefined;
  readonly gives: (settings: Settings[T], taken: readonly PlannedDraft[]) => readonly PlannedDraft[];
  readonly scratchMb?: (settings: Settings[T], taken: readonly PlannedDraft[]) => number;
  readonly run: (
    settings: Settings[T],
    taken: readonly ArtifactDraft[],
    tools: Tools,
  ) => Promise<readonly ArtifactDraft[]>;
};

// The same table by the settings of each type, so that the compiler sees which settings belong to which row.
const rows: { readonly [T in PostProcessorType]: Row<T> } = all;

/** Its settings, with variables filled in. */
export const resolveSettings = async <T extends NamedType>(
  asked: PostProcessorAsked<T>,
  place: PostProcessorPlace,
): Promise<WithSettings<T>> => {
  const settings = await rows[asked.type].resolve(asked, place);
  return { type: asked.type, settings };
};

/** What it does, for people who read the plan. */
export const planOf = <T extends PostProcessorType>({ type, settings }: WithSettings<T>): string =>
  rows[type].plan(settings);

/** Why it cannot take these artifacts; undefined where it can. */
export const whyNotOf = <T extends PostProcessorType>(
  { type, settings }: WithSettings<T>,
  taken: readonly PlannedDraft[],
): string | undefined => rows[type].refuse?.(settings, taken);

/** What comes in place of what it takes. */
export const givesOf = <T extends PostProcessorType>(
  { type, settings }: WithSettings<T>,
  taken: readonly PlannedDraft[],
): readonly PlannedDraft[] => rows[type].gives(settings, taken);

/** MB that it writes beside what it gives. */
export const scratchMbOf = <T extends PostProcessorType>(
  { type, settings }: WithSettings<T>,
  taken: readonly PlannedDraft[],
): number => rows[type].scratchMb?.(settings, taken) ?? 0;

/** Makes it. */
export const runOn = <T extends PostProcessorType>(
  { type, settings }: WithSettings<T>,
  taken: readonly ArtifactDraft[],
  tools: Tools,
): Promise<readonly ArtifactDraft[]> => rows[type].run(settings, taken, tools);
