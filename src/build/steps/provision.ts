import type { Guest, SshKey } from '../../guest/types.ts';
import { provisionShell, type ScriptPlaces } from '../../guest/shell.ts';
import { render } from '../../template/language/render.ts';
import type { ConsoleProvisioner, ShellProvisioner } from '../../template/spec.ts';
import { turnsOf } from '../turns.ts';
import { runtimeFactsOf, type Job } from '../job.ts';
import type { Step } from '../plan.ts';
import { converseWith, whileAlive, type Running } from '../running.ts';

// The placeholders of execute_command; everything else in it was filled in when the template was resolved.
const fillCommand = (command: string, { path, vars, envFile }: ScriptPlaces): string => {
  const words: Readonly<Record<string, string>> = { path, vars, env_file: envFile };
  return command.replace(
    /\{\{\s*(path|vars|env_file)\s*\}\}/g,
    (placeholder, name: string) => words[name] ?? placeholder,
  );
};

/** Runs scripts in the guest, over ssh. */
export const provisionByShell = (provisioner: ShellProvisioner) =>
  ({
    name: provisioner.name,
    phase: 'provisioning',
    // The provisioner's own deadline is for one try, and ends with a better fault.
    timeoutMs: provisioner.pauseBeforeMs + (provisioner.maxRetries + 1) * provisioner.timeoutMs + 60_000,
    about: `shell: ${provisioner.scripts.length} script(s)`,
    async run({ job, running, guest, key }, { clock, ids, said, signal }) {
      const runtime = runtimeFactsOf(running.machine, key);
      const env = Object.fromEntries(
        Object.entries(provisioner.env).map(([name, text]) => [name, render(text, runtime)]),
      );
      const { executeCommand, ...rest } = provisioner;
      const work = (alive: AbortSignal) =>
        provisionShell(
          {
            ...rest,
            ...(executeCommand === undefined
              ? {}
              : {
                  executeCommand: (places: ScriptPlaces) => fillCommand(executeCommand, places),
                  ...(/\{\{\s*env_file\s*\}\}/.test(executeCommand) ? { usesEnvFile: true as const } : {}),
                }),
            scripts: provisioner.scripts.map((script) =>
              'inline' in script
                ? { text: render(script.inline, runtime) }
                : { file: script.file.path, name: script.file.shown },
            ),
            env: {
              IMAGED_BUILD_ID: job.id,
              PACKER_BUILD_NAME: job.spec.name,
              PACKER_BUILDER_TYPE: 'imaged',
              PACKER_HTTP_ADDR: runtime.http_addr,
              ...env,
            },
          },
          guest,
          { clock, ids, onLines: (lines, stream) => said(lines, stream === 'stderr' ? '! ' : '  ') },
          alive,
        );
      await whileAlive(running, `the end of the provisioner ${provisioner.name}`, work, { clock, signal });
      return {};
    },
  }) satisfies Step<{ job: Job; running: Running; guest: Guest; key: SshKey }, object>;

/** Talks to the installed system on its console: for guests without a network. */
export const provisionByConsole = ({ name, turns, timeoutMs }: ConsoleProvisioner) =>
  ({
    name,
    phase: 'provisioning',
    timeoutMs,
    about: `${turns.length} lines on the console`,
    async run({ running, key }, { signal }) {
      await converseWith(running, turnsOf(turns, runtimeFactsOf(running.machine, key)), signal);
      return {};
    },
  }) satisfies Step<{ running: Running; key?: SshKey }, object>;
