import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { passing, type Peer } from '../../outward/peer.ts';
import { shownAnswer } from '../answers.ts';
import { persist } from '../persist.ts';
import type { Outgoing, SendTools } from '../types.ts';
import { destinationName, writeSftpConfig, writeSftpLogin, type SftpLogin } from './login.ts';
import { openRelay } from './relay.ts';

/** What a path on the server may be: what sftp's commands take as it stands, without `..`. */
export const remotePathShape = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._/+@=~-]{1,1000}$/;

const sshPort = 22;

// The file that is sent, under a name that is the same for every build.
const fileName = 'file';

/** What sftp is told (sftp(1), INTERACTIVE COMMANDS): the file comes under another name first, so that nobody takes a part for it. */
const batchOf = (path: string, attempt: 'first' | 'further'): string => {
  const part = `${path}.part`;
  const begin = attempt === 'first' ? [`-rm ${part}`, `put ${fileName} ${part}`] : [`reput ${fileName} ${part}`];
  return [...begin, `ls -ln ${part}`, `rename ${part} ${path}`, ''].join('\n');
};

/** The size that `ls -ln` has told; undefined where it has told none. */
const sizeIn = (stdout: string): number | undefined => {
  const found = /^-\S+\s+\S+\s+\S+\s+\S+\s+(\d+)\s/m.exec(stdout)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** What a run of sftp has said, and how it ended: `lost` where its ssh went away under it. */
type Said = { readonly stdout: string; readonly stderr: string; readonly end: number | 'lost' };

const runSftp = async (folder: string, batch: string, signal: AbortSignal): Promise<Said> => {
  const said: Record<'stdout' | 'stderr', readonly string[]> = { stdout: [], stderr: [] };
  const text = () => ({ stdout: said.stdout.join('\n'), stderr: said.stderr.join('\n') });
  try {
    const { exitCode } = await runProgram('sftp', ['-F', 'ssh_config', '-b', '-', destinationName], {
      ...{ cwd: folder, input: batch, accept: 'any', endsGroup: true, signal },
      onLines: (lines, stream) => {
        said[stream] = [...said[stream], ...lines].slice(-mostLines);
      },
    });
    return { ...text(), end: exitCode };
  } catch (error) {
    // It writes to an ssh that has gone before it reads that it has.
    const isLost = error instanceof Fault && error.facts['signal'] === 'SIGPIPE';
    if (!isLost) throw error;
    return { ...text(), end: 'lost' };
  }
};

const mostLines = 50;

// As OpenSSH's ssh(1) says it when logging in cannot go well the next time either.
// By whole lines: a server's banner may say such words in a sentence of its own.
const refusals =
  /^(?:\S+: )?Permission denied \(|^Host key verification failed\.|^Load key .*(?:invalid format|error in libcrypto)/m;

/** What its end means (sftp(1)): 255 is the connection's, any other a command's that has failed. */
const judge = (peer: Peer, what: string, { stderr, end }: Said, failure: unknown): void => {
  if (end === 0) return;
  if (failure instanceof Fault) throw failure;
  // What ends it stands last, after warnings of many lines.
  const words = shownAnswer(stderr.replaceAll('\r', '').split('\n').slice(-3).join('\n'));
  if ((end === 255 || end === 'lost') && !refusals.test(stderr))
    throw passing(
      peer,
      `${what}: the connection failed: ${failure instanceof Error ? failure.message : `sftp said ${words}`}.`,
    );
  throw new Fault(peer.refused, `${what}: sftp said ${words}. ${peer.advice}`);
};

/**
 * Sends a file by OpenSSH's sftp(1) to a path of a server, where it replaces one that is there. A connection that breaks is
 * gone on with behind what has come. `folder` is empty, and for the owner's eyes: the key is written there. Throws the
 * peer's faults, `program_missing`, or the signal's reason.
 */
export const putBySftp = async (
  url: URL,
  path: string,
  file: Outgoing,
  { folder, login, tools }: { readonly folder: string; readonly login: SftpLogin; readonly tools: SendTools },
): Promise<void> => {
  const { peer, silentMs, progress, signal } = tools;
  if (!remotePathShape.test(path)) throw new Fault(peer.refused, `"${path}" is no path that sftp could be told.`);
  await writeSftpLogin(folder, login);
  await symlink(file.path, join(folder, fileName));
  const what = `${url.href} did not take ${file.name}`;
  let attempt: 'first' | 'further' = 'first';
  const put = async () => {
    const why = peer.reach?.refuse(url);
    if (why !== undefined) throw new Fault(peer.refused, `${url.href} ${why}. ${peer.advice}`);
    const port = url.port === '' ? sshPort : Number(url.port);
    await using relay = await openRelay(url, port, peer, (bytes) => progress(Math.min(bytes, file.size)));
    await writeSftpConfig(folder, login, relay.port, silentMs);
    const said = await runSftp(folder, batchOf(path, attempt), signal);
    const hadBegun = attempt === 'further';
    // What has begun is gone on with; a server that was not reached has nothing yet.
    if (said.stdout.includes(`put ${fileName}`)) attempt = 'further';
    // It broke between being asked for and being there.
    if (hadBegun && said.end === 1 && said.stderr.includes('No such file')) {
      attempt = 'first';
      throw passing(peer, `${what}: nothing of it is there yet.`);
    }
    judge(peer, what, said, relay.failure());
    const size = sizeIn(said.stdout);
    if (size !== file.size)
      throw new Fault(peer.unavailable, `${what}: ${size ?? 'no'} bytes are there of ${file.size}.`);
  };
  await persist(url, put, tools);
  progress(file.size);
};
