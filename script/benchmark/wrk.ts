import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../src/base/program.ts';

export type Load = { readonly perSecond: number; readonly p99Ms: number };

const unitMs: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1000 };

/** A client for wrk: asks for the paths in turn, with the token. Gives the script's name. */
export const wrkScript = async (folder: string, paths: readonly string[], token: string): Promise<string> => {
  const file = join(folder, 'polls.lua');
  const requests = paths.map((path) => `  wrk.format("GET", ${JSON.stringify(path)}),`).join('\n');
  await writeFile(
    file,
    `wrk.headers["Authorization"] = "Bearer ${token}"
local requests
local at = 0
function init(args)
  requests = {
${requests}
  }
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`,
  );
  return file;
};

/** Asks by wrk for so many seconds, on so many connections. Throws unless every answer was good. */
export const load = async (
  url: string,
  script: string,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
  signal: AbortSignal,
): Promise<Load> => {
  const words = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', script, url];
  const { stdout } = await runProgram('wrk', words, { signal });
  const perSecond = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1]);
  const [, p99, unit = ''] = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  if (!Number.isFinite(perSecond) || p99 === undefined || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`wrk did not do what it was asked to:\n${stdout}`);
  return { perSecond, p99Ms: Number(p99) * (unitMs[unit] ?? Number.NaN) };
};
