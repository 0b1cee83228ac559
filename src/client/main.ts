#!/usr/bin/env node
import { isErrno } from '../base/errno.ts';
import { commandNamed } from './args/commands.ts';
import { readArguments } from './args/read.ts';
import type { CommandLine, CommandJob } from './args/types.ts';
import { help, helpOf } from './args/usage.ts';
import { exitCodes, type ClientEnding } from './client-error.ts';
import { processOutput } from './show/output.ts';

const environment = process.env;
const output = processOutput(environment);

const jobOf = (line: CommandLine): CommandJob => ({
  ...line,
  output,
  environment,
  // Loaded by those who talk to a daemon, so that help and completion are there at once.
  api: async () => {
    const [{ makeApi }, { findServer }] = await Promise.all([import('./api/api.ts'), import('./config/server.ts')]);
    return makeApi(await findServer(line.values.host, environment));
  },
});

const printHelp = (line: CommandLine): ClientEnding => {
  const [command] = line.operands;
  const row = command === undefined ? undefined : commandNamed(command);
  output.print(...(command === undefined || row === undefined ? help() : helpOf(command, row)).trimEnd().split('\n'));
  return 'succeeded';
};

const run = async (argv: readonly string[]): Promise<ClientEnding> => {
  const line = readArguments(argv);
  if (line.command === 'help') return printHelp(line);
  if (line.command === 'version') {
    const { version } = await import('../base/package.ts');
    output.print(`imagectl ${version}`);
    return 'succeeded';
  }
  const row = commandNamed(line.command);
  if (row === undefined) throw new Error(`${line.command} was read and is no command`);
  const command = await row.load();
  return command.run(jobOf(line));
};

// Who reads no more, as `head` does, has what it wanted. A disk that is full does not.
process.stdout.on('error', (error: Error) => {
  if (isErrno(error, 'EPIPE')) process.exit(0);
  output.tell(`imagectl: What it prints cannot be written: ${error.message}.`);
  process.exit(exitCodes.failed);
});
// What cannot be told changes nothing about how it ends.
process.stderr.on('error', () => undefined);

try {
  process.exitCode = exitCodes[await run(process.argv.slice(2))];
} catch (error) {
  const { tellError } = await import('./show/error.ts');
  const about = { json: process.argv.includes('--json'), isTraced: (environment['IMAGED_TRACE'] ?? '') !== '' };
  process.exitCode = exitCodes[await tellError(output, error, about)];
}
