import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { TemplateName, whole } from '../contract/common.ts';

export const tags = ['Templates'];
export const Params = z.object({
  name: TemplateName.meta({ description: 'The template’s name.', example: 'openbsd' }),
});
export const VersionParams = Params.extend({
  version: whole(1, 1e9).meta({ description: 'The version, from 1.' }),
});
export const etag = { ETag: { description: 'The digest of the version.' } };

export const noTemplate = (name: string, version?: number) =>
  new Fault(
    'not_found',
    version === undefined
      ? `There is no template ${name}. GET /templates lists those there are.`
      : `There is no version ${version} of the template ${name}. GET /templates/${name}/versions lists those there are.`,
  );
