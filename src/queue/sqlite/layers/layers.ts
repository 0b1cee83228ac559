import type { LayerIndex } from '../../layers.ts';
import type { Connection } from '../connection.ts';
import { makeDoom } from './doom.ts';
import { makeFind } from './find.ts';
import { makeKeep } from './keep.ts';

/** The index of the layers. */
export const makeLayers = (connection: Connection): LayerIndex => ({
  ...makeFind(connection),
  ...makeKeep(connection),
  ...makeDoom(connection),
});
