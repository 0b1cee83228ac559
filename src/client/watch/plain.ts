import { consoleText } from '../show/console-text.ts';
import { faultLines } from '../show/fault.ts';
import type { Output } from '../show/output.ts';
import type { WatchView } from './view.ts';
import { visible } from '../../base/text/visible.ts';

const nothing = (): void => undefined;

const quiet = { onBuild: nothing, pause: nothing, go: nothing, [Symbol.dispose]: nothing };

const telling = (output: Output) => (notice: string | undefined) => output.tell(notice ?? 'The daemon is back.');

/** The log of the build as it is written, and what to do where it is held. */
export const plainView = (output: Output): WatchView => {
  const text = consoleText();
  return {
    ...quiet,
    text: 'log',
    onBuild: (build) => {
      if (build.status === 'held' && build.fault !== undefined) output.tell(...faultLines(build.fault, build));
    },
    onEvent: nothing,
    onText: (piece) => void output.write(visible(text(piece))),
    onNotice: telling(output),
  };
};

/** Its events, one JSON value a line. */
export const jsonView = (output: Output): WatchView => ({
  ...quiet,
  text: undefined,
  onEvent: (event) => output.printJson(event),
  onText: nothing,
  onNotice: telling(output),
});
