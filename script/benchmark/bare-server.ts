import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('child-bare-server.js', import.meta.url));

// What Node's server writes by itself.
const byNode = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

/** A bare Node server in a process of its own, whose every answer is this reply of another: the same headers and bytes. */
export const bareServer = async (
  reply: Response,
  folder: string,
): Promise<AsyncDisposable & { readonly url: string }> => {
  const file = join(folder, 'reply.json');
  const body = await reply.text();
  const headers = Object.fromEntries([...reply.headers].filter(([name]) => !byNode.includes(name)));
  const length = String(Buffer.byteLength(body));
  await writeFile(file, JSON.stringify({ headers: { ...headers, 'content-length': length }, body }));
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
};
