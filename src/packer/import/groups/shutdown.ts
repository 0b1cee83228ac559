import { durationMsOf } from '../../../base/units.ts';
import type { Builder } from '../builder.ts';
import type { Rules } from '../keys.ts';

/** Packer's keys for the end of a machine. */
export const shutdownRules = {
  shutdown_command: 'read',
  shutdown_timeout: 'read',
  disable_shutdown: { refuse: 'the build shuts its guest down: say how under "shutdown_command"' },
  post_shutdown_delay: { idle: 'the build waits until the machine has gone' },
  acpi_shutdown: { idle: 'without "shutdown_command" the power button is pressed' },
} as const satisfies Rules;

/** How the guest is stopped; `isReached`: the build logs in. */
export const translateShutdown = ({ keys, draft, reading }: Builder, isReached: boolean): void => {
  const command = keys.text('shutdown_command');
  if (command !== undefined && command !== '') {
    const from = keys.at('shutdown_command');
    if (isReached) draft.put(['shutdown', 'command'], command, from);
    else reading.notes.add(from, 'is not run, for the build does not log in: the power button is pressed');
  }
  const timeout = keys.text('shutdown_timeout');
  // Packer takes zero for its default.
  if (timeout !== undefined && timeout !== '' && durationMsOf(timeout) !== 0)
    draft.put(['shutdown', 'timeout'], timeout, keys.at('shutdown_timeout'));
};
