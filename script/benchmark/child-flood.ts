/** Feeds a console so many bytes while a turn listens, and prints what that took as JSON. usage: child-flood BYTES */

import { flood } from '../../test/fixtures/console-flood.ts';

process.stdout.write(JSON.stringify(await flood(Number(process.argv[2]), 'a turn')));
