import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { holdPlaces } from './problem-places.ts';
import { atBestMs } from './fixtures/at-best.ts';
import { hostileRequests, type Hostile } from './fixtures/hostile-requests.ts';
import { longOnly } from './fixtures/long.ts';

const mostDelayMs = 250;
const mostTogetherMs = 500;
const mostAnswerBytes = 1024 * 1024;

type Answer = { readonly status: number; readonly bytes: number; readonly text: string };

/** An answer is a success or a problem, of bounded length; looked at when nothing is measured. */
const holdAnswer = ({ status, bytes, text }: Answer): void => {
  assert.ok(status === 200 || (status >= 400 && status < 500), `${status} ${text.slice(0, 2000)}`);
  assert.ok(bytes <= mostAnswerBytes, `the answer has ${bytes} bytes`);
  if (status >= 400) holdPlaces(JSON.parse(text));
};

const send = async (
  to: string,
  agent: Agent,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string | Buffer;
  } = {},
): Promise<Answer> => {
  const { body, ...rest } = options;
  const asked = request(to, { agent, ...rest });
  // The server may answer, and close, before it has read all of a body.
  asked.on('error', () => undefined);
  asked.end(body);
  const [reply] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode?: number }];
  const bytes = await buffer(reply);
  return { status: reply.statusCode ?? 0, bytes: bytes.length, text: bytes.toString() };
};

const server = async () => {
  const child = fork(new URL('./hostile-server.js', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [first] = (await once(child, 'message')) as [unknown];
  const { url, authorization } = z.object({ url: z.string(), authorization: z.string() }).parse(first);
  const agent = new Agent({ keepAlive: true });

  /** The longest milliseconds that somebody else waits for an answer while `work` goes on. */
  const delayDuring = async (work: () => Promise<unknown>) => {
    const polling = new Agent({ keepAlive: true });
    let isOver = false;
    let longest = 0;
    const poll = async () => {
      while (!isOver) {
        const begun = performance.now();
        await send(`${url}/healthz`, polling);
        longest = Math.max(longest, performance.now() - begun);
        // What is looked for takes many times as long: the server is left most of the time for its work.
        await sleep(10);
      }
    };
    const polls = poll();
    await work();
    isOver = true;
    await polls;
    polling.destroy();
    return longest;
  };

  return {
    delayDuring,
    post: ({ body, type = 'application/json' }: Hostile) =>
      send(`${url}/builds?validate=true`, agent, {
        method: 'POST',
        headers: { authorization, 'content-type': type, connection: 'close' },
        body,
      }),
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
};

test('forty of them at once delay others by little more than one does', longOnly, async () => {
  await using shop = await server();
  const all = (await hostileRequests()).filter(({ body }) => body.length < 8 * 2 ** 20);
  const answers: Answer[] = [];
  const fortyAtOnce = () =>
    Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const hostile = all[(index * 7) % all.length];
        assert.ok(hostile !== undefined);
        answers.push(await shop.post(hostile));
      }),
    );
  const ms = await atBestMs(mostTogetherMs, () => shop.delayDuring(fortyAtOnce));
  answers.forEach(holdAnswer);
  console.log(`forty at once: ${ms.toFixed(0)} ms`);
  assert.ok(ms <= mostTogetherMs, `others waited ${ms} ms`);
});

test('no request of any shape delays the answers to others, or gets an answer without end', async (t) => {
  await using shop = await server();
  await shop.post({ name: 'warm', body: '{}' });
  for (const hostile of await hostileRequests())
    await t.test(hostile.name, async () => {
      const answers: Answer[] = [];
      const sendIt = async () => {
        answers.push(await shop.post(hostile));
      };
      const ms = await atBestMs(mostDelayMs, () => shop.delayDuring(sendIt));
      answers.forEach(holdAnswer);
      console.log(`${hostile.name}: answers ${ms.toFixed(0)} ms`);
      assert.ok(ms <= mostDelayMs, `others waited ${ms} ms`);
    });
});
