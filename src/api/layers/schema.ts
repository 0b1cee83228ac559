import { z } from 'zod';
import { layerKinds, type Freed, type Layer as Kept, type LayerEntry as KeptEntry } from '../../layers/types.ts';
import { Flag, pageQuery, pageOf, TemplateName, Time, timeOf } from '../contract/common.ts';

const Key = z.string().regex(/^[0-9a-f]{64}$/, 'is no key of a layer: 64 hexadecimal digits in lower case');

export const LayerParams = z.object({
  key: Key.meta({ description: 'The SHA-256 over all that went into it, in lower-case hexadecimal.' }),
});

const Kind = z.enum(layerKinds);

export const LayerListQuery = pageQuery('number').extend({
  template: TemplateName.optional().meta({ description: 'Those of this template alone.' }),
  kind: Kind.optional().meta({ description: 'Those of this kind alone.' }),
});

export const LayerRemoveQuery = z.strictObject({
  over: Flag.default('false').meta({ description: '`true`: with the layers that lie over it.' }),
});

const entry = {
  key: z.string().meta({ description: 'The SHA-256 over all that went into it, in lower-case hexadecimal.' }),
  parent: z
    .string()
    .optional()
    .meta({ description: 'The layer whose disks lie beneath; missing where there is none.' }),
  depth: z.int().meta({ description: 'How many layers lie upon each other, this one included.' }),
  step: z.string().meta({ description: 'The step of the plan after which it was kept.' }),
  template: z.string().meta({ description: 'The template of the build that made it.' }),
  build: z.string().meta({ description: 'The id of that build, which may have been deleted since.' }),
  kind: Kind.meta({ description: '`disk`: a machine at rest; `machine`: one that runs, with memory and devices.' }),
  made_at: Time,
  used_at: Time.meta({ description: 'When a build went on from it last, or from one that lies over it.' }),
  uses: z.int().meta({ description: 'How many builds went on from it.' }),
  bytes: z.int().meta({ description: 'What its own files take of the disk.' }),
  seconds: z.number().meta({ description: 'The time of all steps before it, which going on from it saves.' }),
  expires_at: Time.optional().meta({ description: 'When no build goes on from it any more.' }),
};

const LayerEntry = z.object(entry).meta({ id: 'LayerEntry', description: 'A kept layer, as a list shows it.' });

export const LayerPage = pageOf(LayerEntry, 'The layers, newest first.').meta({ id: 'LayerPage' });

const Ingredient = z
  .object({
    name: z.string().meta({ description: 'For people, such as `provisioners/2: script setup.sh`.' }),
    digest: z.string().meta({ description: 'The digest of what it was.' }),
  })
  .meta({ id: 'LayerIngredient', description: 'One thing that went into the key of a layer.' });

const LayerFile = z
  .object({
    name: z.string().meta({ description: 'Its name in the folder of the layer.' }),
    bytes: z.int().meta({ description: 'Its length, holes included.' }),
    sha256: z.string().meta({ description: 'Its SHA-256 in lower-case hexadecimal.' }),
  })
  .meta({ id: 'LayerFile', description: 'A file of a layer.' });

export const Layer = z
  .object({
    ...entry,
    ingredients: z.array(Ingredient).meta({ description: 'What went into its key beside its parent.' }),
    files: z.array(LayerFile).meta({ description: 'Its files.' }),
  })
  .meta({
    id: 'Layer',
    description: 'A kept layer: what a build had made up to a step, for later builds to go on from.',
  });

export const LayersFreed = z
  .object({
    layers: z.int().meta({ description: 'How many were deleted.' }),
    bytes: z.int().meta({ description: 'What they took of the disk.' }),
  })
  .meta({ id: 'LayersFreed', description: 'What deleting layers has freed.' });

export const showEntry = (layer: KeptEntry): z.output<typeof LayerEntry> => ({
  key: layer.key,
  ...(layer.parent === undefined ? {} : { parent: layer.parent }),
  depth: layer.depth,
  step: layer.step,
  template: layer.templateName,
  build: layer.buildId,
  kind: layer.kind,
  made_at: timeOf(layer.madeAt),
  used_at: timeOf(layer.usedAt),
  uses: layer.uses,
  bytes: layer.bytes,
  seconds: layer.seconds,
  ...(layer.expiresAt === undefined ? {} : { expires_at: timeOf(layer.expiresAt) }),
});

// Its facts may hold a login of a machine.
export const showLayer = (layer: Kept): z.output<typeof Layer> => ({
  ...showEntry(layer),
  ingredients: layer.ingredients.map(({ name, digest }) => ({ name, digest })),
  files: layer.files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
});

export const showFreed = ({ layers, bytes }: Freed): z.output<typeof LayersFreed> => ({ layers, bytes });
