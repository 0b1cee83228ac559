import { showDocument } from '../base/mask/hidden-values.ts';
import type { VariableValues } from '../base/records/variable-value.ts';
import type { RuntimeFacts, Spec } from '../template/spec.ts';
import type { SshKey } from '../guest/types.ts';
import type { BuildAsked } from '../queue/asked.ts';
import type { Claim } from '../queue/records.ts';
import type { Machine, StaticAddresses } from '../vmm/types.ts';
import { digestOf } from './canonical.ts';
import type { Folders } from './folders/folders.ts';

/** What the build was asked for as, and when; `startedAt` is when this attempt began. */
export type AskedBuild = Pick<BuildAsked, 'templateName' | 'machine' | 'labels' | 'force'> & {
  readonly createdAt: number;
  readonly startedAt: number;
  /** SHA-256 of the template as clients see it: of its JSON with the keys in order, without sensitive defaults. */
  readonly templateSha256: string;
  /** What was sent for its variables, but for the sensitive ones, and the names of those. */
  readonly variables: VariableValues;
  readonly hidden: readonly string[];
};

type AskedClaim = {
  readonly build: Pick<Claim['build'], 'templateName' | 'machine' | 'labels' | 'force' | 'createdAt' | 'sensitive'>;
  readonly input: Pick<Claim['input'], 'template' | 'variables'>;
};

/** What a claimed build was asked for as. */
export const askedBuildOf = ({ build, input }: AskedClaim, startedAt: number): AskedBuild => {
  const { templateName, machine, labels, createdAt, sensitive, force } = build;
  const sent = Object.entries(input.variables);
  return {
    ...{ templateName, labels, createdAt, startedAt },
    ...(machine === undefined ? {} : { machine }),
    ...(force === undefined ? {} : { force }),
    templateSha256: digestOf(showDocument(input.template, sensitive)),
    variables: Object.fromEntries(sent.filter(([name]) => !sensitive.includes(name))),
    hidden: sent.map(([name]) => name).filter((name) => sensitive.includes(name)),
  };
};

/** What a plan begins with. */
export type Job = {
  readonly id: string;
  readonly slot: number;
  readonly spec: Spec;
  readonly folders: Folders;
  readonly build: AskedBuild;
};

/** The runtime values of a machine: they replace the placeholders that the template could not fill in. */
export const runtimeFactsOf = (
  { addresses, name }: Pick<Machine, 'name'> & { readonly addresses: StaticAddresses },
  key: SshKey | undefined,
): RuntimeFacts => ({
  http_url: addresses.http.url,
  http_ip: addresses.http.ip,
  http_port: String(addresses.http.port),
  http_addr: `${addresses.http.ip}:${addresses.http.port}`,
  http_host: addresses.http.url.replace('http://', ''),
  host_ip: addresses.hostIp,
  guest_ip: addresses.guestIp,
  mac: addresses.mac,
  vm_name: name,
  ssh_public_key: key?.publicKey ?? '',
});
