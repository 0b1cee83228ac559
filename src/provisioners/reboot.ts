import { z } from 'zod';
import { durationOf } from '../base/units.ts';
import { reboot as rebootGuest, type RebootWork } from '../guest/boot.ts';
import { Duration, strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import { Command } from './in-guest/values.ts';
import type { GuestKind, GuestTools, ProvisionerPlace } from './kind.ts';

const about = 'a reboot of the guest, which is over when another boot of it lets the build log in';

const keys = {
  ...commonKeys,
  restart_command: Command.default('reboot').describe(
    'reboots the guest; a login that is not root needs `doas reboot` or `sudo reboot`',
  ),
  restart_timeout: Duration.default('5m').describe('how long the guest may take to be back'),
  restart_check_command: Command.optional().describe('has to end with 0 in the new boot; default: the login is enough'),
};

const Schema = strict({ type: z.literal('reboot'), ...keys }).describe(about);

type Asked = Omit<z.output<typeof Schema>, 'type'>;

const resolve = async (asked: Asked, { pointer, fields }: ProvisionerPlace): Promise<RebootWork> => {
  const { restart_check_command: check } = asked;
  return {
    command: fields.early(`${pointer}/restart_command`, asked.restart_command) ?? '',
    timeoutMs: fields.made(`${pointer}/restart_timeout`, asked.restart_timeout, 1, (time) => durationOf(time)),
    check: check === undefined ? undefined : fields.early(`${pointer}/restart_check_command`, check),
  };
};

const run = (work: RebootWork, { guest, activity, ...tools }: GuestTools, signal: AbortSignal) =>
  activity.during(
    () => 'the guest was rebooting',
    () => rebootGuest(guest, work, tools, signal),
  );

const plan = () => 'reboot, and log in again';

/** Reboots the guest. */
export const reboot = {
  type: 'reboot',
  about,
  needs: 'guest',
  Schema,
  resolve,
  plan,
  run,
} as const satisfies GuestKind<typeof Schema, RebootWork>;

const aboutWindows = "Packer's name for `reboot`, with the same keys";

const WindowsSchema = strict({ type: z.literal('windows-restart'), ...keys }).describe(aboutWindows);

/** The same by Packer's name. */
export const windowsRestart = {
  ...{ type: 'windows-restart', about: aboutWindows, needs: 'guest', Schema: WindowsSchema, plan, run },
  resolve: async (asked, place) => {
    place.note(
      `${place.pointer}/type`,
      'is Packer\'s name for "reboot": the guest is rebooted by "restart_command", as a Unix is',
    );
    return resolve(asked, place);
  },
} as const satisfies GuestKind<typeof WindowsSchema, RebootWork>;
