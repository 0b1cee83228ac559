import { makeBill } from './make-bill.ts';

process.stdout.write(`${JSON.stringify(await makeBill(), null, 2)}\n`);
