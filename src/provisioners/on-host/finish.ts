import { failedWith } from '../../guest/named-command.ts';
import { keepLastLines } from '../../guest/last-lines.ts';
import type { HostWork, ConsoleTools } from '../kind.ts';

/** A program on the host: fixed words alone, and what its environment has. */
export type HostCommand = {
  /** How messages call it. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly validExitCodes: readonly number[];
};

/** Runs it. Throws `provisioner_failed` with exit code and last lines, `program_missing`. */
export const runOnHost = async (
  { name, file, args, env, validExitCodes }: HostCommand,
  host: HostWork,
  { onLines, activity }: Pick<ConsoleTools, 'onLines' | 'activity'>,
  signal: AbortSignal,
): Promise<void> => {
  const last = keepLastLines();
  const { exitCode } = await activity.during(
    () => `${name} ran on the host`,
    () =>
      host.run(
        file,
        args,
        env,
        (lines, stream) => {
          last.take(lines);
          return onLines(lines, stream);
        },
        signal,
      ),
  );
  if (!validExitCodes.includes(exitCode)) throw failedWith(name, exitCode, validExitCodes, last.lines());
};
