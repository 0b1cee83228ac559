import { systemClock } from '../../base/clock.ts';
import type { Artifact } from '../api/types.ts';
import type { DownloadProgress } from '../download/types.ts';
import type { OutputLine, Output } from '../show/output.ts';
import { shownBytes, shownSeconds } from '../show/units.ts';
import { makeBlock } from './block.ts';

/** How downloads are shown: each on its line, or, where nothing is drawn over, when it is there. */
export type DownloadView = Disposable & {
  readonly onProgress: (name: string, progress: DownloadProgress) => void;
  readonly onDone: (name: string, file: string) => void;
};

const drawsEveryMs = 200;

const lineOf = (
  name: string,
  width: number,
  progress: DownloadProgress | undefined,
  file: string | undefined,
): OutputLine => {
  const head = name.padEnd(width);
  if (file !== undefined) return [{ as: 'green', text: head }, `  ${file}`];
  if (progress === undefined) return { as: 'dim', text: `${head}  waits` };
  const { have, size, rate } = progress;
  const percent = size === 0 ? 100 : Math.floor((have / size) * 100);
  const left = rate === 0 ? '' : `  about ${shownSeconds(Math.round((size - have) / rate))} left`;
  return `${head}  ${String(percent).padStart(3)} %  ${shownBytes(have)} of ${shownBytes(size)}  ${shownBytes(rate)}/s${left}`;
};

/** Shows the downloads of these artifacts. */
export const downloadView = (output: Output, artifacts: readonly Artifact[]): DownloadView => {
  if (!output.isRich)
    return {
      onProgress: () => undefined,
      onDone: (_, file) => output.print(file),
      [Symbol.dispose]: () => undefined,
    };
  const width = Math.max(...artifacts.map(({ name }) => name.length));
  const came = new Map<string, DownloadProgress>();
  const done = new Map<string, string>();
  const block = makeBlock((text) => void output.write(text));
  // A block must not be higher than the terminal: of more artifacts than it has rows the first are shown.
  const draw = () =>
    block.draw(
      artifacts.slice(0, output.size().rows - 1).map(({ name }) => lineOf(name, width, came.get(name), done.get(name))),
    );
  const ticking = systemClock.every(drawsEveryMs, draw);
  return {
    onProgress: (name, progress) => void came.set(name, progress),
    onDone: (name, file) => void done.set(name, file),
    [Symbol.dispose]: () => {
      ticking[Symbol.dispose]();
      draw();
      block[Symbol.dispose]();
    },
  };
};
