import { readFile } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import type { Growth } from '../../base/growth.ts';
import type { Folders } from '../folders/folders.ts';
import { growingText, type GrowingText } from './growing-text.ts';
import { openReader, type OutputReader } from './read-file.ts';
import { openRecording, type Recording } from './recording.ts';
import { screenOfTranscript } from './screen.ts';
import { withoutPathsOf } from './without-paths.ts';

/** The texts that a build writes while it runs. */
export type TextName = 'log' | 'console';

/** What builds have written, by build and name. No other room knows where it lies. */
export type Outputs = {
  /** The text as it stands; undefined while there is none. */
  readonly openText: (buildId: string, name: TextName) => Promise<OutputReader | undefined>;
  /** The text as it grows. */
  readonly growingText: (buildId: string, name: TextName) => GrowingText;
  /**
   * What the machine's display showed last, or else what a terminal would show of the console, without what is secret;
   * undefined while there is neither.
   */
  readonly screen: (buildId: string, signal: AbortSignal) => Promise<string | undefined>;
  /** What the console showed and when; undefined while there is no transcript. */
  readonly recording: (buildId: string, signal: AbortSignal) => Promise<Recording | undefined>;
  /** A published file, or the list of all digests; undefined when it is not there. */
  readonly openArtifact: (buildId: string, name: string) => Promise<OutputReader | undefined>;
  /** A text about a build as it may be shown: with `<build>` in place of the build's folder. */
  readonly withoutPaths: (buildId: string, text: string) => string;
  /** Deletes everything of an ended build. */
  readonly remove: (buildId: string) => Promise<void>;
};

export const makeOutputs = ({
  folders,
  growth,
}: {
  readonly folders: Pick<Folders, 'build' | 'artifact' | 'display' | 'remove' | TextName>;
  readonly growth: Growth;
}): Outputs => ({
  openText: (buildId, name) => openReader(folders[name](buildId)),
  growingText: (buildId, name) => growingText(folders[name](buildId), growth),
  screen: async (buildId, signal) =>
    (await unlessErrno(readFile(folders.display(buildId), 'utf8'), 'ENOENT')) ??
    (await screenOfTranscript(folders.console(buildId), signal)),
  recording: (buildId, signal) => openRecording(folders.console(buildId), signal),
  openArtifact: (buildId, name) => openReader(folders.artifact(buildId, name)),
  withoutPaths: withoutPathsOf(folders),
  remove: folders.remove,
});
