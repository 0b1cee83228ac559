import { scheduleBounds } from '../../base/bounds.ts';
import { Fault } from '../../base/fault.ts';
import { findBuild } from '../builds/found.ts';
import { Build } from '../builds/schema.ts';
import type { View } from '../builds/view.ts';
import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import { pageQuery } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { readPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import { Params, Schedule, ScheduleBody, ScheduleInfo, SchedulePage } from './schema.ts';
import { showSchedule, showScheduleInfo } from './view.ts';

const tags = ['Schedules'];

const noSchedule = (name: string): Fault =>
  new Fault('not_found', `There is no schedule ${name}. GET /schedules lists those there are.`);

/** Storing a schedule, and forgetting it. */
export const addScheduleStoreRoutes = (app: App, { store, schedules }: ApiParts): void => {
  app.put('/schedules/:name', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'storeSchedule',
      summary: 'Store a schedule',
      description:
        'Builds a stored template at times of a calendar. A time that comes while the daemon does not run is made up for once, ' +
        'however many were missed. While a build of it runs, no other is started.\n\n' +
        '```sh\ncurl -X PUT --json \'{"template": "openbsd", "cron": "30 2 * * *", "time_zone": "Europe/Berlin"}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/schedules/nightly"\n```',
      params: Params,
      body: ScheduleBody,
      response: answers(
        {
          200: json(ScheduleInfo, 'It has taken the place of the one before; what became of its times stays.'),
          201: json(ScheduleInfo, 'It is kept.', { Location: { description: 'Its path.' } }),
        },
        [400, 404, 413, 415, 422, 507],
      ),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      const { machine, time_zone: timeZone, skip_unchanged: skipUnchanged, ...asked } = request.body;
      const { schedule, created } = await schedules.put({
        ...{ name, ...asked, timeZone, skipUnchanged, requestedBy: request.tokenName },
        ...(machine === undefined ? {} : { machine }),
      });
      request.log.info({ schedule: name, ...asker(request) }, 'schedule stored');
      if (created) void reply.code(201).header('location', `/schedules/${name}`);
      return reply.send(showScheduleInfo(schedule));
    },
  });

  app.delete('/schedules/:name', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'deleteSchedule',
      summary: 'Forget a schedule',
      description: 'Its builds stay, and go on.',
      params: Params,
      response: answers({ 204: nothing('It is forgotten.') }, [400, 404]),
    },
    handler: async ({ params: { name } }, reply) => {
      if (!(await store.removeSchedule(name))) throw noSchedule(name);
      return reply.code(204).send();
    },
  });
};

/** The schedules, and what became of the times of one. */
export const addScheduleLookRoutes = (app: App, { store }: ApiParts): void => {
  app.get('/schedules', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listSchedules',
      summary: 'List the schedules',
      querystring: pageQuery('name'),
      response: answers({ 200: json(SchedulePage, 'A page of schedules.') }, [400]),
    },
    handler: (request, reply) => readPage(request, reply, store.schedules, (all) => all.map(showScheduleInfo)),
  });

  app.get('/schedules/:name', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getSchedule',
      summary: 'See a schedule and what became of its times',
      description: 'Its builds are also those with its label: `GET /builds?label=schedule=NAME`.',
      params: Params,
      response: answers({ 200: json(Schedule, 'The schedule.') }, [400, 404]),
    },
    handler: async ({ params: { name } }) => {
      const schedule = await store.schedule(name);
      if (schedule === undefined) throw noSchedule(name);
      return showSchedule(schedule, await store.scheduleRuns(name, scheduleBounds.runs));
    },
  });
};

/** Starting its build by hand. */
export const addScheduleRunRoute = (app: App, { store, schedules }: ApiParts, view: View): void => {
  app.post('/schedules/:name/run', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'runSchedule',
      summary: 'Start the build of a schedule now',
      description: 'Whether anything has changed or not, and also while it is paused. Its times stay as they are.',
      params: Params,
      response: answers(
        { 201: json(Build, 'The build is accepted.', { Location: { description: 'Its path.' }, ...etagHeader }) },
        [400, 404, 422, 503, 507],
      ),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      const run = await schedules.run(name, request.tokenName);
      if (run === undefined) throw noSchedule(name);
      const build = await findBuild(store, run.buildId);
      request.log.info({ build: build.id, schedule: name, ...asker(request) }, 'build accepted');
      return reply
        .code(201)
        .header('location', `/builds/${build.id}`)
        .header('etag', `"${build.version}"`)
        .send(view.build(build));
    },
  });
};
