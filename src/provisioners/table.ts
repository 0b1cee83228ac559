import type { z } from 'zod';
import type { Policy } from './common.ts';
import { ansible } from './ansible.ts';
import { ansibleLocal } from './ansible-local.ts';
import { breakpoint } from './breakpoint.ts';
import { chefClient } from './chef-client.ts';
import { chefSolo } from './chef-solo.ts';
import { cloudify } from './cloudify.ts';
import { conversation } from './console.ts';
import { converge } from './converge.ts';
import { file } from './file.ts';
import { inspec } from './inspec.ts';
import type { ConsoleTools, DownloadedFile, GuestTools, ProvisionerPlace } from './kind.ts';
import { powershell } from './powershell.ts';
import { puppetMasterless } from './puppet-masterless.ts';
import { puppetServer } from './puppet-server.ts';
import { reboot, windowsRestart } from './reboot.ts';
import { saltMasterless } from './salt-masterless.ts';
import { shellLocal } from './shell-local.ts';
import { shell } from './shell.ts';

/** Every kind of provisioner. What the template takes, the manual lists and the plan runs is made from it. */
export const provisioners = {
  shell,
  console: conversation,
  file,
  powershell,
  reboot,
  breakpoint,
  cloudify,
  'shell-local': shellLocal,
  ansible,
  'ansible-local': ansibleLocal,
  'puppet-masterless': puppetMasterless,
  'puppet-server': puppetServer,
  'salt-masterless': saltMasterless,
  'chef-solo': chefSolo,
  'chef-client': chefClient,
  inspec,
  converge,
  'windows-restart': windowsRestart,
} as const;

type Table = typeof provisioners;

export type ProvisionerType = keyof Table;

/** Those that need no login. */
export type ConsoleType = { [T in ProvisionerType]: Table[T]['needs'] extends 'console' ? T : never }[ProvisionerType];

type Asked = { [T in ProvisionerType]: z.output<Table[T]['Schema']> };
type Settings = { [T in ProvisionerType]: Awaited<ReturnType<Table[T]['resolve']>> };

/** A provisioner as a template has it, of one type or of several. */
export type ProvisionerAsked<T extends ProvisionerType = ProvisionerType> = { [K in T]: { type: K } & Asked[K] }[T];

/** A provisioner with its variables filled in, of one type or of several. */
export type ProvisionerSpec<T extends ProvisionerType = ProvisionerType> = {
  [K in T]: Policy & { readonly type: K; readonly settings: Settings[K] };
}[T];

type Row<T extends ProvisionerType> = {
  readonly needs: 'guest' | 'console';
  readonly resolve: (asked: Asked[T], place: ProvisionerPlace) => Promise<Settings[T]>;
  readonly plan: (settings: Settings[T]) => string;
  readonly downloads?: (settings: Settings[T]) => readonly DownloadedFile[];
  readonly run: (settings: Settings[T], tools: GuestTools, signal: AbortSignal) => Promise<void>;
};

type ConsoleRow<T extends ConsoleType> = {
  readonly run: (settings: Settings[T], tools: ConsoleTools, signal: AbortSignal) => Promise<void>;
};

// The same table by the settings of each type, so that the compiler sees which settings belong to which row.
const rows: { readonly [T in ProvisionerType]: Row<T> } = provisioners;
const consoleRows: { readonly [T in ConsoleType]: ConsoleRow<T> } = provisioners;

export const needsGuest = (type: ProvisionerType): boolean => provisioners[type].needs === 'guest';

export const needsConsoleAlone = (spec: ProvisionerSpec): spec is ProvisionerSpec<ConsoleType> =>
  !needsGuest(spec.type);

/** A provisioner of the template with its variables filled in and its files found. */
export const resolveProvisioner = async <T extends ProvisionerType>(
  asked: ProvisionerAsked<T>,
  policy: Policy,
  place: ProvisionerPlace,
): Promise<ProvisionerSpec<T>> => {
  const settings = await rows[asked.type].resolve(asked, place);
  return { ...policy, type: asked.type, settings };
};

/** What it does, for people who read the plan. */
export const planOf = <T extends ProvisionerType>({ type, settings }: ProvisionerSpec<T>): string =>
  rows[type].plan(settings);

/** The files that it takes from the guest. */
export const downloadsOf = <T extends ProvisionerType>({
  type,
  settings,
}: ProvisionerSpec<T>): readonly DownloadedFile[] => rows[type].downloads?.(settings) ?? [];

/** Runs it in a guest that has been logged in to. The signal is for one try. */
export const runInGuest = <T extends ProvisionerType>(
  { type, settings }: ProvisionerSpec<T>,
  tools: GuestTools,
  signal: AbortSignal,
): Promise<void> => rows[type].run(settings, tools, signal);

/** Runs it where no login is possible. The signal is for one try. */
export const runOnConsole = <T extends ConsoleType>(
  { type, settings }: ProvisionerSpec<T>,
  tools: ConsoleTools,
  signal: AbortSignal,
): Promise<void> => consoleRows[type].run(settings, tools, signal);
