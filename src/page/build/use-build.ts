import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { follow } from '../api/follow.ts';
import { isEnded, type Artifact, type Build, type BuildEvent, type Input, type Step } from '../api/types.ts';
import { settled, useWork } from '../parts/use.ts';

const settleMs = 150;

// What is said of how far it is changes without an event.
const progressMs = 3000;

// A build keeps a bounded number of events; see src/build.
const mostEvents = 20_000;

/** A build with its steps and events, as they come to be. */
export type WatchedBuild = {
  readonly build: Build;
  readonly steps: readonly Step[];
  readonly artifacts: readonly Artifact[];
  readonly input: Input;
};

/** The build as it stands; what it is made from does not change. */
const load = async (path: string, known: Input | undefined, signal: AbortSignal): Promise<WatchedBuild> => {
  const get = <T>(below: string) => call<T>(`${path}${below}`, { signal });
  const [build, { items: steps }, { items: artifacts }, input] = await Promise.all([
    get<Build>(''),
    get<{ items: Step[] }>('/steps'),
    get<{ items: Artifact[] }>('/artifacts'),
    known ?? get<Input>('/input'),
  ]);
  return { build, steps, artifacts, input };
};

/** Keeps looking how far the build is, while it goes on and the page is seen. */
const keepLooking = (look: () => Promise<void>, signal: AbortSignal): void => {
  const timer = setInterval(() => {
    // Where imaged does not answer now, it may the next time.
    if (!document.hidden) look().catch(() => undefined);
  }, progressMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};

type Shown = {
  readonly watched: (change: (known: WatchedBuild | undefined) => WatchedBuild | undefined) => void;
  /** More events. */
  readonly came: (events: readonly BuildEvent[]) => void;
};

/** Gives what comes in one go, at most every tenth of a second: a build that is opened has thousands of events. */
const gathered = (show: Shown['came'], signal: AbortSignal): ((event: BuildEvent) => void) => {
  let waiting: BuildEvent[] = [];
  const ring = settled(
    () => {
      const events = waiting;
      waiting = [];
      show(events);
    },
    100,
    signal,
  );
  return (event) => {
    waiting.push(event);
    ring();
  };
};

/** Follows a build to its end. */
const watch = async (path: string, shown: Shown, signal: AbortSignal): Promise<void> => {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  let last = 0;
  let input: Input | undefined;
  const look = async () => {
    const now = await load(path, input, signal);
    input = now.input;
    if (isEnded(now.build.status)) over.abort();
    shown.watched(() => now);
  };
  const lookHowFar = async () => {
    const build = await call<Build>(path, { signal: until });
    shown.watched((known) => (known && build.version >= known.build.version ? { ...known, build } : known));
  };
  await look();
  const ring = settled(() => void look().catch(() => undefined), settleMs, signal);
  if (!until.aborted) keepLooking(lookHowFar, until);
  const show = gathered(shown.came, signal);
  const take = (event: BuildEvent) => {
    if (event.seq <= last) return;
    last = event.seq;
    show(event);
    if (!until.aborted) ring();
  };
  const hasEnded = async () => {
    await look();
    return until.aborted;
  };
  await follow(() => `${path}/events?after=${last}`, take, hasEnded, signal);
};

/** A build, followed to its end. */
export const useBuild = (id: string) => {
  const [watched, setWatched] = useState<WatchedBuild>();
  const [events, setEvents] = useState<readonly BuildEvent[]>([]);
  // An ended build tells no more events: of what is done with it then, it is asked again.
  const [times, setTimes] = useState(0);
  const path = `builds/${encodeURIComponent(id)}`;
  const error = useWork(
    (signal) => {
      setEvents([]);
      const came = (more: readonly BuildEvent[]) => setEvents((known) => [...known, ...more].slice(-mostEvents));
      return watch(path, { watched: setWatched, came }, signal);
    },
    [path, times],
  );
  return { watched, events, error, refresh: () => setTimes((before) => before + 1) };
};
