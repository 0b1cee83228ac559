import type { BuildEvent } from '../api/types.ts';
import { durationText, sizeText } from '../parts/format.ts';

/** What a build has done with the layer behind a step. */
export type LayerMark = {
  readonly step: string;
  readonly kind: 'taken' | 'awaited' | 'missed' | 'kept' | 'not kept';
  /** In words; empty where the kind says it all. */
  readonly about: string;
};

export type LayerStory = {
  /** What one attempt went on from. */
  readonly hit?: { readonly step: string; readonly build: string; readonly savedSeconds: number };
  readonly marks: readonly LayerMark[];
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The events of one attempt. */
const ofAttempt = (events: readonly BuildEvent[], attempt: number | undefined): readonly BuildEvent[] => {
  let current: unknown;
  return events.filter(({ type, data }) => {
    if (type === 'build.running') current = data['attempt'];
    return current === attempt;
  });
};

const waitedText = (awaited: BuildEvent, next: BuildEvent | undefined): string =>
  next === undefined ? '' : durationText(Date.parse(next.at) - Date.parse(awaited.at));

/** `next`: what the build had to tell after it. */
const markOf = (event: BuildEvent, next: BuildEvent | undefined): LayerMark | undefined => {
  const { type, data } = event;
  const step = text(data['step']);
  switch (type) {
    case 'layer.hit':
      return { step, kind: 'taken', about: '' };
    case 'layer.awaited':
      return { step, kind: 'awaited', about: waitedText(event, next) };
    case 'layer.missed':
      return { step, kind: 'missed', about: text(data['why']) };
    case 'layer.kept':
      return { step, kind: 'kept', about: sizeText(number(data['bytes'])) };
    case 'layer.not_kept':
      return { step, kind: 'not kept', about: text(data['why']) };
    default:
      return undefined;
  }
};

/** What an attempt of a build has taken from layers and kept as such, as its events have it. */
export const layerStory = (events: readonly BuildEvent[], attempt: number | undefined): LayerStory => {
  const own = ofAttempt(events, attempt);
  const hit = own.findLast(({ type }) => type === 'layer.hit');
  return {
    ...(hit === undefined
      ? {}
      : {
          hit: {
            step: text(hit.data['step']),
            build: text(hit.data['build']),
            savedSeconds: number(hit.data['saved_seconds']),
          },
        }),
    marks: own.flatMap((event, at) => markOf(event, own[at + 1]) ?? []),
  };
};
