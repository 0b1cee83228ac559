import { judgeTogether } from './belongs-together.ts';
import { below, type FieldErrors } from '../../base/field-errors.ts';
import { makeFields, type Fields } from './fields.ts';
import type { FileRoots, ContextHostFacts } from '../../context/files.ts';
import type { Frozen } from '../language/functions.ts';
import { interfaceNames } from '../../openbsd/installer/machine.ts';
import { maskOf } from '../../base/mask/mask.ts';
import { makeNotes, type Notes, type Note } from '../../base/notes.ts';
import { makePatterns } from '../language/pattern.ts';
import { makePause } from '../../base/turns.ts';
import { resolveCache } from './cache.ts';
import { resolveCloudInit, seedEntries } from './cloud-init.ts';
import { resolveCommunicator } from './communicator/communicator.ts';
import { resolveHttp } from './http.ts';
import { resolveMachine } from './machine.ts';
import { resolveMediaOfFiles } from './medium-of-files.ts';
import { fullMb } from './demand.ts';
import { downloadsOf } from '../../provisioners/table.ts';
import { buildAndHost } from './planned-build.ts';
import { resolveNotify } from './notify.ts';
import { resolvePostProcessors } from './post-processors.ts';
import { resolveErrorCleanup, resolveProvisioners } from './provisioners.ts';
import { noteUnserved, noteUnservedIn } from './unserved.ts';
import { resolveInstall } from './turns.ts';
import { noteNoInstall, withInstall } from './installing.ts';
import type { Template } from '../document/template.ts';
import { sealParts } from '../../base/machine/seal-parts.ts';
import type { HostSecrets, Spec } from '../spec.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import { durationOf } from '../../base/units.ts';
import { fillFrom } from './variables.ts';

const resolveShutdown = ({ command, timeout }: Template['shutdown'], fields: Fields): Spec['shutdown'] => ({
  ...(command === undefined ? {} : { command: fields.text('/shutdown/command', command) }),
  timeoutMs: fields.made('/shutdown/timeout', timeout, 1, (time) => durationOf(time)),
});

/** Notes about what the template's own conversations name. */
const noteConversations = (
  { install: asked }: Template,
  { boot, install, provisioners, http }: Pick<Spec, 'boot' | 'install' | 'provisioners' | 'http'>,
  parts: { readonly host: ContextHostFacts; readonly notes: Notes },
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

const usedOf = (hostSecrets: HostSecrets): Pick<Spec, 'hostSecrets'> =>
  hostSecrets.size === 0 ? {} : { hostSecrets: [...hostSecrets].map(([name, { version }]) => ({ name, version })) };

export type SpecParts = {
  readonly template: Template;
  /** Undefined: no values have been sent yet. */
  readonly sent: VariableValues | undefined;
  readonly hostSecrets: HostSecrets;
  readonly files: FileRoots;
  readonly frozen: Frozen;
  /** What cloud-init takes this machine for; undefined: one of this build alone. */
  readonly instance?: string;
  readonly timeoutMs: number;
  readonly all: FieldErrors;
  readonly at: { readonly template: string; readonly variables: string };
};

/** Who logs in by ssh with nothing but the build's key. */
const keyUserOf = (login: Spec['communicator']): string | undefined =>
  login?.type === 'ssh' && login.password === undefined && login.privateKey === undefined ? login.username : undefined;

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
// One function, though long: the spec, key by key.
export const makeSpec = async ({
  files,
  frozen,
  timeoutMs,
  all,
  at,
  instance = frozen.buildId,
  ...parts
}: SpecParts): Promise<Spec> => {
  const { sent, hostSecrets } = parts;
  const template = withInstall(parts.template);
  const notes = makeNotes(at.template);
  const wrong = below(all, at.template);
  const secrets = new Set<string>();
  const patterns = makePatterns();
  const pause = makePause();
  const fill = await fillFrom({
    ...{ template, sent, hostSecrets, frozen, wrong },
    wrongSent: below(all, at.variables),
    ...{ secrets, notes, patterns, pause },
  });
  const fields = makeFields({ fill, wrong, roots: files, patterns, hasNic: template.machine.nics.length > 0, pause });
  judgeTogether(template, wrong);
  const { shutdown, timeout, install } = template;
  const machine = await resolveMachine(template, fields, wrong);
  const communicator = await resolveCommunicator(template.communicator, { fields, wrong, notes, host: files.host });
  const { http, responseFile } = await resolveHttp({
    template,
    fields,
    wrong,
    machine,
    username: keyUserOf(communicator),
    host: files.host ?? {},
    notes,
    seed: `template ${template.name}`,
  });
  const cloudInit = await resolveCloudInit({ template, fields, wrong, communicator, buildId: instance });
  const interfaceName = interfaceNames(machine)[0] ?? 'vio0';
  const provisioners = await resolveProvisioners(template, fields, wrong, notes, files.host);
  const spec = {
    name: template.name,
    ...usedOf(hostSecrets),
    ...machine,
    ...(await resolveMediaOfFiles(template, { fields, wrong })),
    ...(cloudInit === undefined ? {} : { cloudInit }),
    http: [...http, ...seedEntries(cloudInit)],
    ...(install === undefined
      ? {}
      : { install: await resolveInstall(install, fields, { responseFile, interfaceName }) }),
    ...(communicator === undefined ? {} : { communicator }),
    provisioners,
    ...(await resolveErrorCleanup(template, fields, wrong, notes, files.host)),
    seal: sealParts.filter((part) => template.seal[part]),
    shutdown: resolveShutdown(shutdown, fields),
    postProcessors: await resolvePostProcessors(template, {
      ...{ fields, wrong, templateName: template.name, firmware: template.machine.firmware },
      ...buildAndHost({ ...machine, name: template.name }, frozen, files.host),
      diskMb: machine.disks.map(fullMb),
      downloaded: provisioners.flatMap(downloadsOf).map(({ name }) => name),
    }),
    notify: resolveNotify(template, fields),
    cache: resolveCache(template, fields),
    timeoutMs: timeout === undefined ? timeoutMs : fields.made('/timeout', timeout, 1, (time) => durationOf(time)),
  };
  noteNoInstall(template, notes);
  noteConversations(template, spec, { host: files.host ?? {}, notes });
  return withFindings(spec, secrets, notes.all());
};
