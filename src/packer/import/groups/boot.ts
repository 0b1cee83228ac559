import { durationMsOf } from '../../../base/units.ts';
import type { Builder } from '../builder.ts';
import type { Rules } from '../keys.ts';

/** Packer's keys for what is typed at first, and its display. */
export const bootRules = {
  boot_wait: 'read',
  boot_command: 'read',
  boot_key_interval: 'read',
  boot_keygroup_interval: { idle: 'keys are pressed one by one, with "boot_key_interval" between them' },
} as const satisfies Rules;

export const bootStepsRules = { boot_steps: 'read' } as const satisfies Rules;

const display = { idle: 'a build shows its display by itself: see /builds/{id}/screen' } as const;

export const vncRules = {
  headless: display,
  vnc_bind_address: display,
  vnc_port_min: display,
  vnc_port_max: display,
  vnc_password: display,
  vnc_use_password: display,
  vnc_disable_password: display,
  disable_vnc: display,
  vnc_over_websocket: display,
  insecure_connection: display,
} as const satisfies Rules;

// The SDK's default, which it also takes in place of a zero (packer-plugin-sdk, bootcommand.BootConfig).
const defaultWait = '10s';

/** The commands of `boot_steps`, each a list of a command and its description. */
const commandsOfSteps = ({ keys, reading }: Builder): readonly string[] | undefined => {
  const steps = keys.raw('boot_steps');
  if (steps === undefined) return undefined;
  const at = keys.at('boot_steps');
  if (keys.raw('boot_command') !== undefined) reading.wrong.add(at, 'stands beside "boot_command": use one of them');
  if (!Array.isArray(steps)) {
    reading.wrong.add(at, 'must be a list of lists: [["command", "description"]]');
    return undefined;
  }
  return steps.flatMap((step: unknown, index) => {
    const texts: readonly unknown[] = Array.isArray(step) ? step : [];
    const [command] = texts;
    if (typeof command === 'string' && texts.length <= 2) return [command];
    reading.wrong.add(`${at}/${index}`, 'must be a list of a command and, if you like, its description');
    return [];
  });
};

/** The commands of `boot_command`. A text is one of them, commas and all: Packer puts together what it splits at them. */
const commandsOfKey = ({ keys }: Builder): readonly string[] | undefined => {
  const value = keys.raw('boot_command');
  if (typeof value === 'string') return value === '' ? [] : [keys.text('boot_command') ?? ''];
  return keys.list('boot_command')?.map(({ text }) => text);
};

const isNoWait = (wait: string): boolean => durationMsOf(wait) === 0;

/** Whether the builder types a command at first. */
export const hasBootCommand = ({ keys }: Pick<Builder, 'keys'>): boolean =>
  ['boot_command', 'boot_steps'].some((key) => {
    const value = keys.raw(key);
    return value !== undefined && !(Array.isArray(value) && value.length === 0) && value !== '';
  });

/** How the boot command is pressed; `by` is where Packer's builder presses it. */
export const translateBoot = (builder: Builder, by: 'serial' | 'keyboard'): void => {
  const { keys, draft } = builder;
  const isSteps = keys.raw('boot_steps') !== undefined;
  const commands = commandsOfSteps(builder) ?? commandsOfKey(builder);
  if (commands === undefined || commands.length === 0) return;
  const from = keys.at(isSteps ? 'boot_steps' : 'boot_command');
  draft.put(['install', 'boot_command'], commands, from);
  draft.put(['install', 'boot_by'], by, from);
  if (by === 'keyboard') draft.put(['machine', 'display'], 'vga', from);
  const wait = keys.text('boot_wait');
  const isDefault = wait === undefined || isNoWait(wait);
  draft.put(['install', 'boot_wait'], isDefault ? defaultWait : wait, isDefault ? from : keys.at('boot_wait'));
  const interval = keys.text('boot_key_interval');
  if (interval !== undefined && !isNoWait(interval))
    draft.put(['install', 'boot_key_interval'], interval, keys.at('boot_key_interval'));
};
