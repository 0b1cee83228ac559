#!/usr/bin/env node
import { readArguments, usage } from './cli/arguments.ts';
import { addToken, listTokens, revokeToken } from './cli/tokens.ts';
import { serve } from './cli/serve.ts';
import { Fault } from './fault.ts';
import { version } from './version.ts';

const run = async (argv: readonly string[]): Promise<void> => {
  const command = readArguments(argv);
  switch (command.name) {
    case 'serve':
      return serve(command);
    case 'token add':
      return addToken(command);
    case 'token list':
      return listTokens(command);
    case 'token revoke':
      return revokeToken(command);
    case 'version':
      return void process.stdout.write(`imaged ${version}\n`);
    case 'help':
      return void process.stdout.write(usage);
  }
};

run(process.argv.slice(2)).catch((error: unknown) => {
  // What was foreseen is one line for people; what was not is a defect, and its trace belongs in the report of it.
  const words =
    error instanceof Fault ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    words
      .split('\n')
      .map((line) => `imaged: ${line}\n`)
      .join(''),
  );
  process.exitCode = 1;
});
