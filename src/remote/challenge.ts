import { RegistryError } from '../errors/registry-error.ts';

/** What a registry asks for before it answers (RFC 9110 §11.6.1; distribution-spec leaves the scheme open, registries use these two). */
export type Challenge =
  | { readonly scheme: 'basic'; readonly realm: string | undefined }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service: string | undefined; readonly scope: string | undefined };

/** Longest header that is read. */
const maxHeaderLength = 8192;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;

/**
 * Reads `WWW-Authenticate` and picks what can be answered: bearer before basic. Several challenges may stand in one header, parted by commas as their parameters are.
 * @returns undefined where no known scheme is offered
 * @throws RegistryError `registry-invalid` when the header breaks the grammar
 */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = readChallenges(header.slice(0, maxHeaderLength));
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer) {
    const { parameters } = bearer;
    return { scheme: 'bearer', realm: parameters.get('realm') ?? '', service: parameters.get('service'), scope: parameters.get('scope') };
  }
  const basic = challenges.find(({ scheme }) => scheme === 'basic');
  return basic && { scheme: 'basic', realm: basic.parameters.get('realm') };
}

interface RawChallenge {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/** A cursor over the header: a word followed by `=` is a parameter of the challenge before it, any other word begins a challenge. */
function readChallenges(header: string): RawChallenge[] {
  const challenges: RawChallenge[] = [];
  let position = skipSeparators(header, 0);
  while (position < header.length) {
    const word = matchAt(token, header, position);
    if (word === undefined) throw malformed(header);
    const afterWord = skipSpaces(header, position + word.length);
    const current = challenges.at(-1);
    if (header[afterWord] === '=' && current) {
      const [value, end] = readValue(header, skipSpaces(header, afterWord + 1));
      if (!current.parameters.has(word.toLowerCase())) current.parameters.set(word.toLowerCase(), value);
      position = skipSeparators(header, end);
    } else if (header[afterWord] === '=') {
      throw malformed(header);
    } else {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
      position = skipSeparators(header, afterWord);
    }
  }
  return challenges;
}

/** A token or a quoted string, and where it ends. */
function readValue(header: string, position: number): readonly [string, number] {
  if (header[position] === '"') {
    const text = matchAt(quoted, header, position);
    if (text === undefined) throw malformed(header);
    return [text.slice(1, -1).replaceAll(/\\(.)/g, '$1'), position + text.length];
  }
  const word = matchAt(token, header, position) ?? '';
  if (word === '') throw malformed(header);
  return [word, position + word.length];
}

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

function skipSpaces(text: string, position: number): number {
  let end = position;
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  return end;
}

function skipSeparators(text: string, position: number): number {
  let end = position;
  while (text[end] === ' ' || text[end] === '\t' || text[end] === ',') end += 1;
  return end;
}

function malformed(header: string): RegistryError {
  return new RegistryError(
    'registry-invalid',
    `Cannot read the registry's challenge ${JSON.stringify(header.slice(0, 200))}: wanted a scheme and name="value" pairs`,
  );
}
