import Sqlite from 'better-sqlite3';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { productionPackages } from '../openbsd/production.ts';
import { packagesInPage } from '../page/packages.ts';
import { billOfMaterials, type Bill } from './bill.ts';

const top = fileURLToPath(new URL('../../../', import.meta.url));

/** The bill of materials of what package-lock.json names for production. Needs npm, and no network. */
export const makeBill = async (): Promise<Bill> => {
  // Not with --omit=dev: npm 11 then leaves out what a tool of the development needs as well.
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: top, maxBuffer: 2 ** 26 });
  const lock: unknown = JSON.parse(await readFile(`${top}package-lock.json`, 'utf8'));
  const shipped = [...productionPackages(lock), ...packagesInPage(lock)];
  const memory = new Sqlite(':memory:');
  try {
    return billOfMaterials(JSON.parse(stdout), {
      shipped: shipped.map(({ name, version }) => `${name}@${version}`),
      sqlite: String(memory.prepare('SELECT sqlite_version()').pluck().get()),
    });
  } finally {
    memory.close();
  }
};
