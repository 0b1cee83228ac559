import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanupStack } from '../src/base/cleanup.ts';
import { makeSshKey } from '../src/guest/ssh/key.ts';
import type { SshSpec } from '../src/guest/types.ts';
import { runProgram } from '../src/base/program.ts';
import { processesIn, processesWith } from './fixtures/processes.ts';

/** A signal that never aborts. */
export const on = () => new AbortController().signal;

/** How a forwarded port treats a connection: to the server, shut at once, taken in silence, silent after a version, or no ssh at all. */
type Line = 'through' | 'shut' | 'silent' | 'stuck' | 'garbage';

/** A port as QEMU forwards it: it is open from the start, and what is behind it may come, go and change. */
const makeCable = async () => {
  const sockets = new Set<Socket>();
  const state: { line: Line; port: number } = { line: 'through', port: 0 };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // What breaks on one side is broken on the other; that is all there is to say about it here.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    return socket;
  };
  const server: Server = createServer((near) => {
    keep(near);
    if (state.line === 'silent') return;
    if (state.line === 'stuck') return void near.write('SSH-2.0-stuck\r\n');
    if (state.line === 'garbage') return void near.end('HTTP/1.0 400 Bad Request\r\n\r\n');
    if (state.line === 'shut') return void near.destroy();
    const far = keep(connect(state.port, '127.0.0.1'));
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    state,
    cut,
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
};

const portOf = (server: Server) => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('A server without a port');
  return address.port;
};

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
};

/** Every process below this one, itself included. */
const treeOf = async (root: number): Promise<readonly number[]> => {
  const { stdout } = await runProgram('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { signal: on() });
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const parent of tree) for (const [pid = 0, ppid] of pairs) if (ppid === parent) tree.push(pid);
  return tree;
};

// sshd, and beside it a reader of the pipe from this process: a test that is killed leaves no server behind.
const guarded = `
exec 3<&0 </dev/null
"$@" 3<&- & sshd=$!
{ read -r _ <&3; kill "$sshd"; } >/dev/null 2>&1 &
wait "$sshd"
`;

// The host's own files stay as they are: this sshd alone sees others in their place.
const amongUsers = 'mount --bind "$1" /etc/passwd; mount --bind "$2" /etc/shadow; shift 2; exec "$@"';

/** A user that this host has not, for an sshd that root alone can start. */
export type SshUser = { readonly name: string; readonly password: string };

/** The words before those of an sshd that knows the user besides those of the host. */
const knowing = async (folder: string, { name, password }: SshUser): Promise<readonly string[]> => {
  const { stdout } = await runProgram('openssl', ['passwd', '-6', '-stdin'], { signal: on(), input: password });
  const files = [
    ['passwd', `${name}:x:65534:65534::/tmp:/bin/sh\n`],
    ['shadow', `${name}:${stdout.trim()}:1::::::\n`],
  ] as const;
  for (const [file, line] of files)
    await writeFile(join(folder, file), (await readFile(`/etc/${file}`, 'utf8')) + line, { mode: 0o644 });
  return ['unshare', '--mount', 'sh', '-ec', amongUsers, 'sh', ...files.map(([file]) => join(folder, file))];
};

type Sshd = {
  readonly hostKey: string;
  readonly path: string | undefined;
  readonly more: readonly string[];
  readonly user: SshUser | undefined;
};

const startSshd = async (folder: string, { hostKey, path, more, user }: Sshd) => {
  const port = await freePort();
  const config = join(folder, `sshd-${port}.conf`);
  const lines = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    ...more,
    'PasswordAuthentication no',
    'PermitUserEnvironment no',
    'MaxStartups 100',
    // bash reads the user's .bashrc in the first shell of a session alone (bash, INVOCATION), and takes this one for its second.
    `SetEnv SHLVL=1${path === undefined ? '' : ` PATH=${path}`}`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  // Where sshd runs as root it wants this folder, which the host's own service makes when it starts.
  if (userInfo().uid === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const words = [
    ...(user === undefined ? [] : await knowing(folder, user)),
    '/usr/sbin/sshd',
    '-D',
    '-e',
    '-f',
    config,
  ];
  const child = spawn('sh', ['-c', guarded, 'sh', ...words], { stdio: ['pipe', 'ignore', 'pipe'] });
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('Server listening')) break;
  child.stderr.resume();
  return {
    port,
    /** As a machine whose power is cut: every process of it at once, those too whose session has ended before them. */
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const tree = await treeOf(child.pid ?? 0);
      const orphans = await processesWith('SSH_CONNECTION', (value) => value.endsWith(` 127.0.0.1 ${port}`));
      for (const pid of new Set([...tree, ...orphans])) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch (error) {
          // It went by itself in between.
          if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
        }
      }
      await gone;
    },
  };
};

/**
 * A guest without a machine: a real sshd behind a forwarded port, a build's key that may log in, and a folder. Programs in its
 * folder `bin` are found before all others.
 */
export const guestHouse = async ({
  isUp = true,
  bin,
  config = [],
  user,
}: {
  readonly isUp?: boolean;
  readonly bin?: string;
  /** Lines for sshd_config(5), before the others. */
  readonly config?: readonly string[];
  readonly user?: SshUser;
} = {}) => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'ssh-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const cable = cleanup.keep(await makeCable());
  const key = await makeSshKey(folder, on());
  const authorize = (line: string) => writeFile(join(folder, 'authorized_keys'), line);
  await authorize(`${key.publicKey}\n`);
  const makeHostKey = async (name: string) => {
    const path = join(folder, name);
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path], { signal: on() });
    chmodSync(path, 0o600);
    return path;
  };
  const hostKey = await makeHostKey('host');
  let server: Awaited<ReturnType<typeof startSshd>> | undefined;
  const powerOff = async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  cleanup.defer(powerOff);
  const powerOn = async (withKey = hostKey) => {
    const path = bin === undefined ? undefined : `${join(folder, bin)}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
    server = await startSshd(folder, { hostKey: withKey, path, more: config, user });
    cable.state.port = server.port;
    cable.state.line = 'through';
  };
  if (isUp) await powerOn();
  else cable.state.line = 'shut';
  const spec: SshSpec = {
    host: '127.0.0.1',
    port: cable.port,
    username: userInfo().username,
    keyFile: key.privateFile,
    knownHostsFile: join(folder, 'known hosts 100%'),
    folder,
    timeoutMs: 20_000,
  };
  return {
    folder,
    key,
    spec,
    authorize,
    makeHostKey,
    powerOn,
    powerOff,
    cut: cable.cut,
    line: (line: Line) => {
      cable.state.line = line;
    },
    /** The command lines of the ssh clients that still live for this guest: they work in its folder. */
    sshProcesses: async () => (await processesIn(folder)).filter((command) => command.includes(' -F ssh_config ')),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};
