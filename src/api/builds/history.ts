import { buildEvents } from '../../base/records/build-events.ts';
import type { StepOutcome } from '../../build/layers/outcomes.ts';
import type { BuildEvent } from '../../queue/records.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild, noBuild } from './found.ts';
import { showDocument, showVariables } from '../../base/mask/hidden-values.ts';
import { BuildInput } from './plan-schema.ts';
import { Steps } from './schema.ts';
import { showPlan, type View } from './view.ts';

const tags = ['Builds'];

/** What the last attempt found kept, by its event. */
const outcomesIn = (event: BuildEvent | undefined): readonly StepOutcome[] => {
  const { data } = buildEvents['layer.looked_up'].safeParse(event?.data);
  return (data?.steps ?? []).map(({ name, outcome, why }) => ({
    ...{ step: name, outcome },
    ...(why === undefined ? {} : { why }),
  }));
};

/** What a build was made from, and the steps that it has begun. */
export const addHistoryRoutes = (app: App, { store }: ApiParts, view: View): void => {
  app.get('/builds/:id/steps', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listBuildSteps',
      summary: 'List the steps that a build has begun',
      description: 'All attempts, in the order of their begin. What is planned is at `/builds/{id}/input`.',
      params: BuildParams,
      response: answers({ 200: json(Steps, 'The steps.') }, [404]),
    },
    handler: async ({ params: { id } }) => {
      await findBuild(store, id);
      return { items: (await store.steps(id)).map((step) => view.step(step, id)) };
    },
  });

  app.get('/builds/:id/input', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildInput',
      summary: 'See what a build was made from',
      description: 'The template’s document, the variables, and the plan. Sensitive values are never shown.',
      params: BuildParams,
      response: answers({ 200: json(BuildInput, 'The input.') }, [404]),
    },
    handler: async ({ params: { id } }) => {
      const frozen = await store.frozen(id);
      if (frozen === undefined) throw noBuild(id);
      const { input, beganWith } = frozen;
      const { sensitive } = frozen.build;
      const looked = await store.newestEvent(id, 'layer.looked_up');
      return {
        template: showDocument(input.template, sensitive),
        variables: showVariables(input.variables, sensitive),
        plan: showPlan(input.plan, outcomesIn(looked)),
        ...(beganWith === undefined ? {} : { began_with: { files: beganWith.files, secrets: beganWith.secrets } }),
      };
    },
  });
};
