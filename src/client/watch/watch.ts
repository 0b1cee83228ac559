import { systemClock } from '../../base/clock.ts';
import type { Api } from '../api/api.ts';
import { followEvents, followText, hasEnded, textLength } from '../api/follow.ts';
import { patience, patiently, type Patience } from '../api/patience.ts';
import type { Build } from '../api/types.ts';
import type { CommandJob } from '../args/types.ts';
import type { ClientEnding } from '../client-error.ts';
import { heldAdvice } from '../show/fault.ts';
import { tellEnd } from './end.ts';
import { askWish, onSignals, onSuspend } from './interrupt.ts';
import { liveView } from './live.ts';
import { jsonView, plainView } from './plain.ts';
import type { WatchView } from './view.ts';

type Watching = { readonly api: Api; readonly id: string; readonly patience: Patience; readonly signal: AbortSignal };

const looksEveryMs = 1000;

// Of a build that runs for long, only the end of its console is shown.
const shownBytes = 4096;

const followEach = async (watching: Watching, view: WatchView): Promise<void> => {
  const over = new AbortController();
  const { api, id, signal } = watching;
  const look = () => watching.patience.ask(() => api.ask('get', '/builds/{id}', { path: { id } }, signal));
  const events = async () => {
    for await (const event of followEvents(watching)) {
      view.onEvent(event);
      // It may have gone on long ago: all events of the build come, from its first.
      if (event.type === 'build.held') view.onBuild(await look());
    }
    over.abort();
  };
  const text = async () => {
    if (view.text === undefined) return;
    const all = view.text === 'log' ? 0 : await watching.patience.ask(() => textLength(watching, 'console'));
    for await (const piece of followText(watching, view.text, Math.max(0, all - shownBytes))) view.onText(piece.text);
  };
  // How far it is, and why it waits, are no events.
  const looks = async () => {
    while (!over.signal.aborted) {
      view.onBuild(await look());
      const until = AbortSignal.any([signal, over.signal]);
      await systemClock.sleep(looksEveryMs, until).catch(() => undefined);
    }
  };
  await Promise.all([events(), text(), view.text === 'console' ? looks() : undefined]);
};

const viewFor = async ({ output, values }: CommandJob, api: Api, build: Build): Promise<WatchView> => {
  if (values.json === true) return jsonView(output);
  if (!output.isRich) return plainView(output);
  const { plan } = await patiently(output, () => api.ask('get', '/builds/{id}/input', { path: { id: build.id } }));
  return liveView(output, build, plan);
};

const left = Symbol('left');

const tellLeft = ({ output }: CommandJob, id: string, status: Build['status']): ClientEnding => {
  if (status === 'held') output.tell(`Build ${id} stays held.`, ...heldAdvice(id).map((line) => `  > ${line}`));
  else output.tell(`Build ${id} goes on. Watch it: imagectl watch ${id}    Cancel it: imagectl cancel ${id}`);
  return 'left';
};

/** Settles when the build is to be left alone. Ctrl-C asks first, where there is somebody to ask. */
const leaving = (
  job: CommandJob,
  watching: Watching,
  view: WatchView,
  status: () => Build['status'],
): { readonly asked: Promise<void> } & Disposable => {
  let listening: Disposable | undefined;
  const asked = new Promise<void>((resolve, reject) => {
    let isAsking = false;
    const interrupt = async (signal: NodeJS.Signals) => {
      if (isAsking || signal !== 'SIGINT' || !job.output.canAsk || !job.output.isRich) return resolve();
      isAsking = true;
      view.pause();
      const wish = await askWish(job.output, status(), watching.signal);
      isAsking = false;
      if (wish === 'leave') return resolve();
      if (wish === 'cancel')
        await watching.api.ask('post', '/builds/{id}/cancel', {
          path: { id: watching.id },
          json: { reason: 'Ctrl-C in imagectl' },
        });
      view.go();
    };
    listening = onSignals((signal) => void interrupt(signal).catch(reject));
  });
  return { asked, [Symbol.dispose]: () => listening?.[Symbol.dispose]() };
};

/** Shows a build until it has ended, over restarts of the daemon, and how it ended. */
export const watchBuild = async (job: CommandJob, api: Api, build: Build): Promise<ClientEnding> => {
  const { id } = build;
  const stop = new AbortController();
  let { status } = build;
  const seen = await viewFor(job, api, build);
  const view: WatchView = {
    ...seen,
    onBuild: (next) => {
      status = next.status;
      seen.onBuild(next);
    },
  };
  const away = (state: 'away' | 'back') =>
    view.onNotice(state === 'back' ? undefined : 'The daemon does not answer; asking again.');
  const look = () =>
    patience(new AbortController().signal, away).ask(() => api.ask('get', '/builds/{id}', { path: { id } }));
  const watching = { api, id, patience: patience(stop.signal, away), signal: stop.signal };
  {
    using shown = view;
    using interrupted = leaving(job, watching, shown, () => status);
    using _suspending = onSuspend(shown);
    // Not earlier: who sees a build may press Ctrl-C.
    shown.go();
    // Whatever ends one of them ends the others.
    using _stopping = { [Symbol.dispose]: () => stop.abort() };
    if (!hasEnded(build) || job.values.json === true) {
      const following = followEach(watching, shown);
      const won = await Promise.race([following, interrupted.asked.then(() => left)]);
      stop.abort();
      if (won === left) {
        await following.catch(() => undefined);
        shown.pause();
        return tellLeft(job, id, status);
      }
    }
    shown.onBuild(await look());
  }
  return tellEnd(job, api, await look());
};
