#!/usr/bin/env node
import { readArguments, usage } from './cli/arguments.ts';
import { asFault } from './base/fault.ts';
import { needNode, version } from './base/package.ts';

// A command loads what it needs and no more: "imaged check" is to say so where a module does not load.
const tokens = () => import('./cli/tokens.ts');

const layers = () => import('./cli/layers.ts');

const run = async (argv: readonly string[]): Promise<void> => {
  const command = readArguments(argv);
  needNode();
  switch (command.name) {
    case 'serve':
      return (await import('./cli/serve.ts')).serve(command);
    case 'check':
      return (await import('./cli/check.ts')).check(command);
    case 'token add':
      return (await tokens()).addToken(command);
    case 'token list':
      return (await tokens()).listTokens(command);
    case 'token revoke':
      return (await tokens()).revokeToken(command);
    case 'secrets rotate':
      return (await import('./cli/secrets.ts')).rotateSecrets(command);
    case 'layers list':
      return (await layers()).listLayers(command);
    case 'layers prune':
      return (await layers()).pruneLayers(command);
    case 'layers verify':
      return (await layers()).verifyLayers(command);
    case 'version':
      return void process.stdout.write(`imaged ${version}\n`);
    case 'help':
      return void process.stdout.write(usage);
  }
};

const end = (error: unknown): void => {
  // What was foreseen is one line for people; what was not is a defect, and its trace belongs in the report of it.
  const fault = asFault(error);
  const isForeseen = fault.code !== 'internal';
  const words = isForeseen ? fault.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    words
      .split('\n')
      .map((line) => `imaged: ${line}\n`)
      .join(''),
  );
  process.exitCode = 1;
};

// Until a command has its own way to end: what nobody waits for can fail as well.
process.once('uncaughtException', (error) => {
  end(error);
  process.exit();
});

run(process.argv.slice(2)).catch(end);
