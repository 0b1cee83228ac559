import { Fault } from '../../base/fault.ts';
import { answers, text } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild } from './found.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';

/** What the display of a build's machine shows, or a terminal would show of its console. */
export const addScreenRoute = (app: App, { store, outputs, signal }: ApiParts): void => {
  app.get('/builds/:id/screen', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'readScreen',
      summary: 'See what the display, or a terminal at the console, shows',
      description:
        'The end of what the console showed, as a terminal of 80 columns and 24 rows has it now: for guests that draw menus. ' +
        'Of a machine with `display`: the text of its VGA half a second ago at most, or when it went; of a graphic mode, a line that says so. ' +
        'Blanks at the end of a row and empty rows at the end are left out.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/screen"\n```',
      params: BuildParams,
      response: answers({ 200: text('text/plain', 'The rows; empty when nothing is shown.') }, [404]),
    },
    handler: async ({ params: { id } }, reply) => {
      await findBuild(store, id);
      const rows = await outputs.screen(id, AbortSignal.any([signal, disconnectSignal(reply)]));
      if (rows === undefined)
        throw new Fault('not_found', `Build ${id} has no console yet, or never had one. See its log.`);
      return reply.type('text/plain; charset=utf-8').send(rows === '' ? '' : `${rows}\n`);
    },
  });
};
