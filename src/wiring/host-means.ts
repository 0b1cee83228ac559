import { hostname } from 'node:os';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { hypervisorTypeOf, type Config } from '../config/config.ts';
import { destination } from '../outward/destination.ts';
import type { HostMeans, ProgramName } from '../post-processors/host-means.ts';

/** Whether a program can be run, by its path, or by its name in a folder of `PATH`. At once: it is asked for with each template. */
const isThere = (file: string): boolean => {
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin:/usr/local/bin').split(':');
  const places = file.includes('/') ? [file] : folders.map((folder) => join(folder || '.', file));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
};

/** What post-processors find on this host. Programs are looked for once, at start. */
export const findHostMeans = (config: () => Config): (() => HostMeans) => {
  const names = { 'qemu-img': config().hypervisor.qemu.qemu_img, xz: 'xz', lz4: 'lz4' } satisfies Record<
    ProgramName,
    string
  >;
  const programs = Object.fromEntries(Object.entries(names).filter(([, file]) => isThere(file)));
  const host = `imaged:host/${encodeURIComponent(hostname())}`;
  return () => {
    const { sign, provisioners, provenance } = config();
    const { key } = sign;
    const builderId = provenance.builder_id ?? host;
    return {
      hypervisor: hypervisorTypeOf(config()),
      builderId,
      destination: destination(() => config().destinations.hosts),
      programs,
      allowsShellLocal: provisioners.shell_local,
      ...(key === undefined ? {} : { signingKey: key }),
    };
  };
};
