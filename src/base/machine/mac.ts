import { quoted } from '../text/nearest.ts';
import { ParseError } from '../text/parse-error.ts';

/** An Ethernet address of one card, as six bytes with colons in lower case. Throws a ParseError. */
export const macOf = (text: string): string => {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac))
    throw new ParseError(`${quoted(text)} is no MAC address: write six bytes as "52:54:00:12:34:56"`);
  // IEEE 802: the lowest bit of the first byte says that it is a group's.
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 || mac === '00:00:00:00:00:00')
    throw new ParseError(`${quoted(text)} is no MAC address of a single card: its first byte must be even`);
  return mac;
};
