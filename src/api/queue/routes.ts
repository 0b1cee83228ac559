import { z } from 'zod';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { Build } from '../builds/schema.ts';
import type { View } from '../builds/view.ts';

// Why each waits is looked up one by one.
const most = 50;

export const Queue = z
  .object({
    queued: z.int().meta({ description: 'How many builds are queued.' }),
    items: z.array(Build).meta({
      description: `The first of them in the order in which they would run, at most ${most}, each with \`waiting\`.`,
    }),
  })
  .meta({ id: 'Queue', description: 'The builds that wait to run.' });

/** What waits, and for what. */
export const addQueueRoute = (app: App, { store, live }: ApiParts, view: View): void => {
  app.get('/queue', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'getQueue',
      summary: 'See the queue',
      description: 'Those that run next come first, each with why it waits.',
      response: answers({ 200: json(Queue, 'The queue.') }, []),
    },
    handler: async () => {
      const [counts, ahead] = [await store.counts(), await store.queueAhead(most)];
      const found = [];
      for (const { id } of ahead) {
        const build = await store.find(id);
        // It may have been claimed meanwhile.
        if (build?.status === 'queued') found.push({ build, waiting: await live.waiting(build) });
      }
      const progress = await live.progress(found.map(({ build }) => build));
      const items = found.map(({ build, waiting }) => view.build(build, { waiting, progress: progress.get(build.id) }));
      return { queued: counts.queued, items };
    },
  });
};
