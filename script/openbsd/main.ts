import { resolve } from 'node:path';
import { makePort } from './make-port.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node dist/script/openbsd/main.js FOLDER');
for (const file of await makePort(resolve(folder))) process.stdout.write(`${file}\n`);
