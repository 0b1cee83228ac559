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
export type Watched = {
  readonly build: Build;
  readonly steps: readonly Step[];
  readonly artifacts: readonly Artifact[];
  readonly input: Input;
};

/** The build as it stands; what it is made from does not change. */
const load = async (path: string, known: Input | undefined, signal: AbortSignal): Promise<Watched> => {
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

/** Follows a build to its end. */
export const useBuild = (id: string) => {
  const [watched, setWatched] = useState<Watched>();
  const [events, setEvents] = useState<readonly BuildEvent[]>([]);
  // An ended build tells no more events: of what is done with it then, it is asked again.
  const [times, setTimes] = useState(0);
  const path = `builds/${encodeURIComponent(id)}`;
  const error = useWork(
    async (signal) => {
      setEvents([]);
      const over = new AbortController();
      let last = 0;
      let isOver = false;
      let input: Input | undefined;
      const look = async () => {
        const now = await load(path, input, signal);
        input = now.input;
        isOver = isEnded(now.build.status);
        if (isOver) over.abort();
        setWatched(now);
      };
      await look();
      const until = AbortSignal.any([signal, over.signal]);
      const ring = settled(() => void look().catch(() => undefined), settleMs, signal);
      const lookHowFar = async () => {
        const build = await call<Build>(path, { signal: until });
        setWatched((known) => (known && build.version >= known.build.version ? { ...known, build } : known));
      };
      if (!isOver) keepLooking(lookHowFar, until);
      let came: BuildEvent[] = [];
      const show = settled(
        () => {
          const shown = came;
          came = [];
          setEvents((known) => [...known, ...shown].slice(-mostEvents));
        },
        100,
        signal,
      );
      const take = (event: BuildEvent) => {
        if (event.seq <= last) return;
        last = event.seq;
        came.push(event);
        show();
        if (!isOver) ring();
      };
      const hasEnded = async () => {
        await look();
        return isOver;
      };
      await follow(() => `${path}/events?after=${last}`, take, hasEnded, signal);
    },
    [path, times],
  );
  return { watched, events, error, refresh: () => setTimes((before) => before + 1) };
};
