import type { Build } from '../api/types.ts';
import type { OutputLine, Output, OutputPiece } from '../show/output.ts';
import { heldAdvice } from '../show/fault.ts';
import { shownStatus } from '../show/status.ts';
import { secondsBetween, shownLeft, shownSeconds } from '../show/units.ts';
import { fractionOf, type ShownStep } from './steps.ts';

/** What is shown of a build while it is watched. */
export type WatchedFrame = {
  readonly build: Build;
  readonly steps: readonly ShownStep[];
  /** The last lines of its console. */
  readonly console: readonly string[];
  /** That the daemon is away, or what else is to be known now. */
  readonly notice: string | undefined;
};

export type FrameLook = Pick<Output, 'isUnicode'> & ReturnType<Output['size']>;

const marks = {
  unicode: { waiting: ' ', running: '▸', done: '✓', failed: '✗', skipped: '·', full: '█', empty: '░', edge: '│' },
  ascii: { waiting: ' ', running: '>', done: '+', failed: 'x', skipped: '-', full: '#', empty: '.', edge: '|' },
} as const;

const colours = { waiting: 'dim', running: 'bold', done: 'green', failed: 'red', skipped: 'dim' } as const;

const mostConsole = 6;

const cut = (text: string, columns: number): string => (text.length > columns ? text.slice(0, columns) : text);

const stepLine = ({ name, about, state, startedAt, endedAt }: ShownStep, now: number, look: FrameLook): OutputLine => {
  const mark = marks[look.isUnicode ? 'unicode' : 'ascii'][state];
  const time = startedAt === undefined ? '' : shownSeconds(secondsBetween(startedAt, endedAt ?? now));
  const room = Math.max(10, look.columns - 16);
  return [
    { as: colours[state], text: ` ${mark} ` },
    state === 'running' ? { as: 'bold', text: cut(name, room) } : state === 'waiting' || state === 'skipped' ? { as: 'dim', text: cut(name, room) } : cut(name, room), // prettier-ignore
    { as: 'dim', text: time === '' ? '' : `  ${time}` },
    { as: 'dim', text: state === 'running' && about !== undefined ? cut(`  ${about}`, Math.max(0, room - name.length - time.length)) : '' }, // prettier-ignore
  ];
};

const counted = (count: number, where: string): readonly OutputLine[] => [{ as: 'dim', text: `   ${count} ${where}` }];

/** As many steps as there is room for, around the one that runs; the others are counted. */
const stepLines = (steps: readonly ShownStep[], now: number, look: FrameLook, room: number): readonly OutputLine[] => {
  const lines = steps.map((step) => stepLine(step, now, look));
  if (lines.length <= room) return lines;
  const busy = steps.findLastIndex(({ state }) => state !== 'waiting');
  // With so little room, the one that runs is all there is.
  if (room < 3) return lines.slice(Math.max(0, busy), Math.max(0, busy) + 1);
  const inner = room - 2;
  if (busy < inner) return [...lines.slice(0, room - 1), ...counted(lines.length - room + 1, 'more')];
  const isNearEnd = lines.length - busy <= Math.ceil(inner / 2);
  if (isNearEnd) return [...counted(lines.length - room + 1, 'before'), ...lines.slice(1 - room)];
  const from = busy - Math.floor(inner / 2);
  return [
    ...counted(from, 'before'),
    ...lines.slice(from, from + inner),
    ...counted(lines.length - from - inner, 'more'),
  ];
};

const barLine = ({ build, steps }: WatchedFrame, look: FrameLook): OutputLine => {
  const { full, empty } = marks[look.isUnicode ? 'unicode' : 'ascii'];
  const fraction = Math.min(1, Math.max(0, build.progress?.fraction ?? fractionOf(steps)));
  const width = Math.max(5, Math.min(40, look.columns - 36));
  const done = Math.round(fraction * width);
  return [
    ' ',
    { as: 'green', text: full.repeat(done) },
    { as: 'dim', text: empty.repeat(width - done) },
    ` ${String(Math.floor(fraction * 100)).padStart(3)} %  ${shownLeft(build.progress)}`,
  ];
};

const stands = (build: Build, now: number): string => {
  const { status, waiting, attempt, hold } = build;
  if (status === 'queued') return waiting === undefined ? 'queued' : `queued: ${waiting.message}`;
  if (status === 'held')
    return `held${hold === undefined ? '' : `, for ${shownSeconds(secondsBetween(now, hold.until))} more`}`;
  return `${shownStatus(build)}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
};

const narrow = 70;

const headLine = ({ build }: WatchedFrame, now: number, { columns }: FrameLook): OutputLine => {
  const { created_at: created, started_at: since = created, ended_at: until = now } = build;
  const title: OutputPiece = { as: 'bold', text: build.template.name };
  return [
    title,
    // What is cut off at the edge is better this than how the build stands.
    columns < narrow ? '  ' : `  ${build.id}  `,
    stands(build, now),
    { as: 'dim', text: `  ${shownSeconds(secondsBetween(since, until))}` },
  ];
};

/** Why a build is held, and what to do. */
const heldLines = ({ id, fault }: Build): readonly OutputLine[] => [
  ...(fault === undefined
    ? []
    : [[{ as: 'red', text: ` ${fault.title}` }, `: ${fault.message.split('\n', 1)[0] ?? ''}`] as const]),
  ...heldAdvice(id).map((line): OutputLine => [{ as: 'dim', text: ' > ' }, line]),
];

const consoleLines = (lines: readonly string[], most: number, look: FrameLook): readonly OutputLine[] => {
  const { edge } = marks[look.isUnicode ? 'unicode' : 'ascii'];
  return lines
    .slice(Math.max(0, lines.length - most))
    .map((line): OutputLine => [{ as: 'dim', text: ` ${edge} ` }, cut(line, look.columns - 4)]);
};

/** The lines of a build that is watched on a terminal: head, steps, bar, console. Never more than it has rows. */
export const frameOf = (watched: WatchedFrame, now: number, look: FrameLook): readonly OutputLine[] => {
  const { build } = watched;
  const most = Math.max(0, Math.min(mostConsole, look.rows - 10));
  const said = build.status === 'held' ? heldLines(build).slice(0, most) : consoleLines(watched.console, most, look);
  const notice = watched.notice === undefined ? [] : [{ as: 'yellow', text: ` ${watched.notice}` } as const];
  const room = Math.max(1, look.rows - 4 - said.length - notice.length);
  const steps = stepLines(watched.steps, now, look, room);
  const lowest = look.rows - 1;
  // A terminal of a few rows: the step that runs first of all, then what is to be known now, how far it is, and what it is.
  if (lowest < 3 + notice.length)
    return [
      ...(lowest > 2 + notice.length ? [headLine(watched, now, look)] : []),
      ...steps.slice(0, 1),
      ...(lowest > 1 + notice.length ? [barLine(watched, look)] : []),
      ...notice.slice(0, Math.max(0, lowest - 1)),
    ];
  return [headLine(watched, now, look), ...steps, barLine(watched, look), ...notice, ...said];
};
