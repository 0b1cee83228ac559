import type { RuntimeFacts, Spec } from '../template/spec.ts';
import type { SshKey } from '../guest/types.ts';
import type { BuildAsked } from '../queue/asked.ts';
import type { Machine, StaticAddresses } from '../vmm/types.ts';
import type { Folders } from './folders/folders.ts';

/** What the build was asked for as, and when; `startedAt` is when this attempt began. */
export type AskedBuild = Pick<BuildAsked, 'templateName' | 'machine' | 'labels'> & {
  readonly createdAt: number;
  readonly startedAt: number;
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
