import type { LateFacts, Spec } from '../template/spec.ts';
import type { SshKey } from '../guest/types.ts';
import type { Machine } from '../vmm/types.ts';
import type { Folders } from './folders/folders.ts';

/** What a plan begins with. */
export type Job = {
  readonly id: string;
  readonly slot: number;
  readonly spec: Spec;
  readonly folders: Folders;
};

/** What is known once the machine runs: the values of the placeholders that a template leaves until then. */
export const machineFactsOf = ({ addresses, name }: Machine, key: SshKey | undefined): LateFacts => ({
  http_url: addresses.http.url,
  http_ip: addresses.http.ip,
  http_port: String(addresses.http.port),
  http_addr: `${addresses.http.ip}:${addresses.http.port}`,
  host_ip: addresses.hostIp,
  guest_ip: addresses.guestIp,
  mac: addresses.mac,
  vm_name: name,
  ssh_public_key: key?.publicKey ?? '',
});
