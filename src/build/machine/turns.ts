import { Fault } from '../../base/fault.ts';
import type { Stroke, Turn } from '../../vmm/console/types.ts';
import { parseBootCommand } from '../../packer/boot-command.ts';
import { render } from '../../template/language/render.ts';
import type { RuntimeFacts, Text, TurnText } from '../../template/spec.ts';

const strokesOf = (press: Text, by: TurnText['by'], runtime: RuntimeFacts): readonly Stroke[] => {
  const { strokes, parseErrors } = parseBootCommand(render(press, runtime), { by });
  if (parseErrors.length === 0) return strokes;
  // Checked at POST with everything but the machine's own facts, so one of those is what cannot be typed.
  const all = parseErrors.map((parseError) => parseError.message).join('; ');
  throw new Fault('template_invalid', `The keys to press cannot be typed: ${all}`);
};

/** The lines of a conversation, ready for the console of a machine whose facts are known. Throws `template_invalid`. */
export const turnsOf = (texts: readonly TurnText[], runtime: RuntimeFacts): readonly Turn[] =>
  texts.map(({ say, press, by, ...rest }) => ({
    ...rest,
    ...(say === undefined ? {} : { say: render(say, runtime) }),
    ...(press === undefined ? {} : { press: strokesOf(press, by, runtime) }),
  }));
