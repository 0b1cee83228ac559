import type { RuntimeFacts, Spec } from '../../template/spec.ts';
import { turnsOf } from '../machine/turns.ts';

/** The secrets that the conversations of a build type: a daemon that goes on with it has not typed those before it. */
export const secretsTyped = ({ communicator, install, provisioners }: Spec, runtime: RuntimeFacts): readonly string[] =>
  [
    ...(communicator?.type === 'console' ? communicator.turns : []),
    ...(install?.turns ?? []),
    ...provisioners.flatMap((provisioner) => (provisioner.type === 'console' ? provisioner.settings.turns : [])),
  ]
    .filter(({ secret }) => secret)
    .flatMap((turn) => turnsOf([turn], runtime))
    .flatMap(({ say, press = [] }) => [
      ...(say ?? '').split(/\r\n|\r|\n/),
      ...press.map((stroke) => ('type' in stroke ? stroke.type : '')),
    ])
    .filter((text) => text !== '');
