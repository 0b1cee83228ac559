import { systemClock } from '../../base/clock.ts';
import type { Build, PlannedStep } from '../api/types.ts';
import { consoleText } from '../show/console-text.ts';
import type { Output } from '../show/output.ts';
import { makeBlock } from './block.ts';
import { frameOf } from './frame.ts';
import { plannedSteps, stepsAfter } from './steps.ts';
import type { WatchView } from './view.ts';

const drawsEveryMs = 200;
const mostLines = 20;
const longestLine = 500;

/** The last lines of a console, of which the very last may not have ended. */
const lastLines = () => {
  const text = consoleText();
  let lines: readonly string[] = [''];
  return {
    add: (piece: string) => {
      const [first = '', ...others] = text(piece).split('\n').slice(-mostLines);
      const joined = `${lines.at(-1) ?? ''}${first}`;
      // A line without an end is cut at its front: that is what a person would see last.
      lines = [...lines.slice(0, -1), joined.slice(-longestLine), ...others.map((line) => line.slice(-longestLine))].slice(-mostLines); // prettier-ignore
    },
    all: () => lines.filter((line) => line.trim() !== ''),
  };
};

/** Steps, a bar and the end of the console, drawn over again and again at the end of a terminal. */
export const liveView = (output: Output, first: Build, plan: readonly PlannedStep[]): WatchView => {
  const block = makeBlock((text) => void output.write(text));
  const console = lastLines();
  let build = first;
  let steps = plannedSteps(plan);
  let notice: string | undefined;
  let breakpoint: string | undefined;
  let isPaused = false;
  const draw = () => {
    if (isPaused) return;
    const look = { isUnicode: output.isUnicode, ...output.size() };
    block.draw(
      frameOf({ build, steps, console: console.all(), notice: notice ?? breakpoint }, systemClock.now(), look),
    );
  };
  const ticking = systemClock.every(drawsEveryMs, draw);
  return {
    text: 'console',
    onEvent: (event) => {
      steps = stepsAfter(steps, event);
      if (event.type === 'build.paused')
        breakpoint = `It waits at ${event.data.name}. To go on: imagectl resume ${first.id}`;
      else if (event.type === 'build.resumed' || event.type === 'step.ended') breakpoint = undefined;
    },
    onText: console.add,
    onBuild: (next) => {
      build = next;
    },
    onNotice: (next) => {
      notice = next;
    },
    pause: () => {
      isPaused = true;
      block.clear();
    },
    go: () => {
      isPaused = false;
      draw();
    },
    [Symbol.dispose]: () => {
      ticking[Symbol.dispose]();
      draw();
      block[Symbol.dispose]();
    },
  };
};
