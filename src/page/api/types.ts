import type { z } from 'zod';
import type { BuildInput, Plan as PlanSchema } from '../../api/builds/plan-schema.ts';
import type { Artifact as ArtifactSchema, Build as BuildSchema, Step as StepSchema } from '../../api/builds/schema.ts';
import type { BuildChange as ChangeSchema } from '../../api/changes/schema.ts';
import type { Problem as ProblemSchema } from '../../api/contract/common.ts';
import type { Run as RunSchema, RunPlan as RunPlanSchema } from '../../api/runs/schema.ts';
import type { LoggedIn as SessionSchema } from '../../api/page/schema.ts';
import type {
  RecentStepTimes as StepTimesSchema,
  Statistics as StatisticsSchema,
} from '../../api/statistics/schema.ts';
import type { Queue as QueueSchema } from '../../api/queue/routes.ts';
import type {
  Readiness as ReadinessSchema,
  Template as TemplateSchema,
  TemplateInfo as TemplateInfoSchema,
} from '../../api/host/schema.ts';
import type { TemplateVariables as VariablesSchema } from '../../api/templates/variables.ts';
import type { FaultRecord } from '../../base/records/fault-record.ts';

export type Build = z.output<typeof BuildSchema>;
export type BuildChange = z.output<typeof ChangeSchema>;
export type RecentStepTimes = z.output<typeof StepTimesSchema>;
export type Statistics = z.output<typeof StatisticsSchema>;
export type Step = z.output<typeof StepSchema>;
export type Input = z.output<typeof BuildInput>;
export type Artifact = z.output<typeof ArtifactSchema>;
export type Fault = FaultRecord;
export type Problem = z.output<typeof ProblemSchema>;
export type Session = z.output<typeof SessionSchema>;
export type Status = Build['status'];
export type Plan = z.output<typeof PlanSchema>;
export type Run = z.output<typeof RunSchema>;
export type RunPlan = z.output<typeof RunPlanSchema>;
export type Queue = z.output<typeof QueueSchema>;
export type Readiness = z.output<typeof ReadinessSchema>;
export type TemplateInfo = z.output<typeof TemplateInfoSchema>;
export type Template = z.output<typeof TemplateSchema>;
/** What a template leaves to its builds. */
export type Declared = z.output<typeof VariablesSchema>;
export type Variable = Declared['variables'][number];

export type Page<T> = { readonly items: readonly T[]; readonly next?: string };

/** Something that happened to a build, of whatever type. */
export type BuildEvent = {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** A piece of a log or a transcript, and how many bytes there are up to its end. */
export type TextPiece = { readonly offset: number; readonly text: string };

export const isEnded = (status: Status): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';
