import { judgeTogether } from './belongs-together.ts';
import { below, type FieldErrors } from '../../base/field-errors.ts';
import { makeFields, type Fields } from './fields.ts';
import type { FileRoots, HostFacts } from '../../context/files.ts';
import type { Frozen } from '../language/functions.ts';
import { interfaceNames } from '../../openbsd/installer/machine.ts';
import { ParseError } from '../../base/parse-error.ts';
import { quoted } from '../../base/nearest.ts';
import { maskOf } from '../../base/mask/mask.ts';
import { makeNotes, type Notes, type Note } from '../../base/notes.ts';
import { makePatterns } from '../language/pattern.ts';
import { makePause } from '../../base/turns.ts';
import { resolveHttp } from './http.ts';
import { resolveMachine } from './machine.ts';
import { fullMb } from './demand.ts';
import { downloadsOf } from '../../provisioners/table.ts';
import { resolvePostProcessors } from './post-processors.ts';
import { resolveErrorCleanup, resolveProvisioners } from './provisioners.ts';
import { noteUnserved, noteUnservedIn } from './unserved.ts';
import { resolveInstall } from './turns.ts';
import { noteNoInstall, withInstall } from './installing.ts';
import type { Template } from '../document/template.ts';
import type { Spec } from '../spec.ts';
import { durationOf } from '../../base/units.ts';
import { fillFrom } from './variables.ts';

const usernameOf = (raw: number | string): string => {
  const name = String(raw);
  // It becomes an argument of ssh(1), so it must never look like an option.
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(name)) return name;
  throw new ParseError(`${quoted(name)} is not a name that can log in: letters, digits and _ . @ -`);
};

const resolveCommunicator = (asked: Template['communicator'], fields: Fields): Pick<Spec, 'communicator'> => {
  if (asked?.type !== 'ssh') return {};
  const { type, port } = asked;
  const username = fields.made('/communicator/username', asked.username, '', usernameOf);
  const timeoutMs = fields.made('/communicator/timeout', asked.timeout, 1, (time) => durationOf(time));
  return { communicator: { type, username, port, timeoutMs } };
};

/** Notes about what the template's own conversations name. */
const noteConversations = (
  { install: asked }: Template,
  { boot, install, provisioners, http }: Pick<Spec, 'boot' | 'install' | 'provisioners' | 'http'>,
  parts: { readonly host: HostFacts; readonly notes: Notes },
): void => {
  const about = { ...parts, http };
  noteUnservedIn(boot.append ?? [], '/machine/boot/append', about);
  if (asked?.boot_command !== undefined) noteUnserved(install?.turns ?? [], () => '/install/boot_command', about);
  else if (asked?.console !== undefined)
    noteUnserved(install?.turns ?? [], (index, key) => `/install/console/${index}/${key}`, about);
  for (const [at, provisioner] of provisioners.entries())
    if (provisioner.type === 'console')
      noteUnserved(provisioner.settings.turns, (index, key) => `/provisioners/${at}/console/${index}/${key}`, about);
};

export type SpecParts = {
  readonly template: Template;
  /** Undefined: no values have been sent yet. */
  readonly sent: Readonly<Record<string, string>> | undefined;
  readonly files: FileRoots;
  readonly frozen: Frozen;
  readonly timeoutMs: number;
  readonly all: FieldErrors;
  readonly at: { readonly template: string; readonly variables: string };
};

/** The spec with what it has learnt on the way: secrets, and notes that show none of them. */
const withFindings = (
  spec: Omit<Spec, 'secrets' | 'notes'>,
  secrets: ReadonlySet<string>,
  notes: readonly Note[],
): Spec => {
  const mask = maskOf([...secrets]);
  return {
    ...spec,
    secrets: [...secrets].sort(),
    notes: notes.map(({ pointer, message }) => ({ pointer, message: mask(message) })),
  };
};

/** The spec as far as it can be made; everything wrong becomes a field error, and then the spec is of no use. */
export const makeSpec = async ({ sent, files, frozen, timeoutMs, all, at, ...parts }: SpecParts): Promise<Spec> => {
  const template = withInstall(parts.template);
  const notes = makeNotes(at.template);
  const wrong = below(all, at.template);
  const secrets = new Set<string>();
  const patterns = makePatterns();
  const pause = makePause();
  const fill = await fillFrom({
    template,
    sent,
    frozen,
    wrong,
    wrongSent: below(all, at.variables),
    secrets,
    patterns,
    pause,
  });
  const fields = makeFields({ fill, wrong, roots: files, patterns, hasNic: template.machine.nics.length > 0, pause });
  judgeTogether(template, wrong);
  const { shutdown, timeout, install } = template;
  const machine = await resolveMachine(template, fields, wrong);
  const { communicator } = resolveCommunicator(template.communicator, fields);
  const { http, responseFile } = await resolveHttp({
    template,
    fields,
    wrong,
    machine,
    username: communicator?.username,
    host: files.host ?? {},
    notes,
    seed: frozen.buildId,
  });
  const interfaceName = interfaceNames(machine)[0] ?? 'vio0';
  const provisioners = await resolveProvisioners(template, fields, wrong);
  const spec = {
    name: template.name,
    ...machine,
    http,
    ...(install === undefined
      ? {}
      : { install: await resolveInstall(install, fields, { responseFile, interfaceName }) }),
    ...(communicator === undefined ? {} : { communicator }),
    provisioners,
    ...(await resolveErrorCleanup(template, fields, wrong)),
    shutdown: {
      ...(shutdown.command === undefined ? {} : { command: fields.text('/shutdown/command', shutdown.command) }),
      timeoutMs: fields.made('/shutdown/timeout', shutdown.timeout, 1, (time) => durationOf(time)),
    },
    postProcessors: resolvePostProcessors(template, {
      ...{ fields, wrong, templateName: template.name },
      diskMb: machine.disks.map(fullMb),
      downloaded: provisioners.flatMap(downloadsOf).map(({ name }) => name),
    }),
    timeoutMs: timeout === undefined ? timeoutMs : fields.made('/timeout', timeout, 1, (time) => durationOf(time)),
  };
  noteNoInstall(template, notes);
  noteConversations(template, spec, { host: files.host ?? {}, notes });
  return withFindings(spec, secrets, notes.all());
};
