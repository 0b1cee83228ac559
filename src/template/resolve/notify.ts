import { ParseError } from '../../base/text/parse-error.ts';
import { webhookSecretOf } from '../../base/webhooks/secret.ts';
import { webhookUrlOf } from '../../base/webhooks/url.ts';
import type { Template } from '../document/template.ts';
import type { Spec } from '../spec.ts';
import type { Fields } from './fields.ts';

const inTheOpen =
  'stands in the template for all to read: declare a variable with "sensitive": true, and write {{ its_name }}';

const shown = 'has a sensitive value in its scheme, host or port, which are shown: write them as they are';

/** Who the template wants to be told. A secret comes from a sensitive variable; where one has no value yet, it is left out. */
export const resolveNotify = ({ notify }: Pick<Template, 'notify'>, fields: Fields): Spec['notify'] =>
  notify.flatMap(({ url: rawUrl, secret: rawSecret, events }, at) => {
    const place = `/notify/${at}`;
    const url = fields.made(`${place}/url`, rawUrl, '', (text) => {
      const made = webhookUrlOf(String(text));
      const { origin } = new URL(made);
      if (fields.isSecret(`${place}/url`, rawUrl) && !rawUrl.toLowerCase().startsWith(origin))
        throw new ParseError(shown);
      return made;
    });
    if (rawSecret === undefined) return { url, events };
    const secret = fields.made(`${place}/secret`, rawSecret, '', (text) => {
      if (!fields.isSecret(`${place}/secret`, rawSecret)) throw new ParseError(inTheOpen);
      return webhookSecretOf(String(text));
    });
    return { url, events, secret };
  });
