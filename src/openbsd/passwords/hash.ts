import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { encodeBase64 } from 'bcryptjs';
import { top } from '../../base/package.ts';
import { deferred, type Deferred } from '../../base/waiting.ts';

/** 2^10 rounds: about a tenth of a second of a processor for each password, and the guest's at each login. */
const cost = 10;

/** What the worker is asked, and what it answers. */
export type PasswordAsked = { readonly id: number; readonly password: string; readonly salt: string };
export type AnsweredHash = { readonly id: number; readonly hash: string };

/** Hashes one password after the other in a thread that lives as long as there are any. */
const makeHasher = () => {
  type Thread = { readonly worker: Worker; readonly waiting: Map<number, Deferred<string>> };
  let thread: Thread | undefined;
  let asked = 0;

  const start = (): Thread => {
    const worker = new Worker(new URL('dist/src/openbsd/passwords/worker.js', top));
    const made: Thread = { worker, waiting: new Map() };
    const letGo = (reason: unknown) => {
      if (thread === made) thread = undefined;
      for (const one of made.waiting.values()) one.reject(reason);
      made.waiting.clear();
    };
    worker.on('message', ({ id, hash }: AnsweredHash) => {
      made.waiting.get(id)?.resolve(hash);
      made.waiting.delete(id);
      if (made.waiting.size > 0) return;
      letGo(undefined);
      void worker.terminate();
    });
    worker.on('error', letGo);
    worker.on('exit', (code) => letGo(new Error(`the thread that hashes passwords ended with ${code}`)));
    return made;
  };

  return (password: string, salt: string): Promise<string> => {
    thread ??= start();
    const answer = deferred<string>();
    asked += 1;
    thread.waiting.set(asked, answer);
    const message: PasswordAsked = { id: asked, password, salt };
    thread.worker.postMessage(message);
    return answer.promise;
  };
};

const hashed = makeHasher();

/**
 * The bcrypt hash of a password, as OpenBSD takes it. Its salt comes from `seed`, which must differ from one place to
 * another: the same ask gives the same hash.
 */
export const hashPassword = (password: string, seed: string): Promise<string> => {
  const salt = createHash('sha256').update(`salt\n${seed}`).digest().subarray(0, 16);
  return hashed(password, `$2b$${cost}$${encodeBase64([...salt], 16)}`);
};
