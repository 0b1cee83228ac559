import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';

/** Options of ssh_config(5) that say how a connection is made: none that names a program, a file, another way or another host. */
const taken = [
  ...['Ciphers', 'Compression', 'ConnectTimeout', 'ConnectionAttempts', 'HostKeyAlgorithms', 'IPQoS', 'KexAlgorithms'],
  ...['LogLevel', 'MACs', 'PubkeyAcceptedAlgorithms', 'PubkeyAcceptedKeyTypes', 'RekeyLimit', 'ServerAliveCountMax'],
  ...['ServerAliveInterval', 'TCPKeepAlive'],
];

/** What is so anyway, and stands in many templates. */
const usual = ['identitiesonly=yes', 'forwardagent=no', 'controlmaster=no'];

/** Arguments of ssh as lines of ssh_config(5): `-o Name=value`, in one text or in two. Throws a ParseError. */
export const sshArguments = (list: readonly string[]): readonly string[] => {
  const words = list.flatMap((text) => text.split(' ').filter((word) => word !== ''));
  return words.flatMap((word, at) => {
    if (word === '-o' && at + 1 < words.length) return [];
    const given = words[at - 1] === '-o' ? word : /^-o(.+)$/.exec(word)?.[1];
    const [, name = '', value = ''] = /^(\w+)=([A-Za-z0-9@.,:+^*_-]+)$/.exec(given ?? '') ?? [];
    if (usual.includes(`${name}=${value}`.toLowerCase())) return [];
    const known = taken.find((one) => one.toLowerCase() === name.toLowerCase());
    if (known === undefined)
      throw new ParseError(`${quoted(word)} is not taken: only -o NAME=value is, with one of ${taken.join(' ')}`);
    return [`${known} ${value}`];
  });
};
