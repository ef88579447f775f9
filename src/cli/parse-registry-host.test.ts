import { expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseRegistryHost } from './parse-registry-host.ts';

it.each([
  ['ghcr.io', 'ghcr.io'],
  ['GHCR.io', 'ghcr.io'],
  ['https://ghcr.io/', 'ghcr.io'],
  ['localhost:5000', 'localhost:5000'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]:5000', '[::1]:5000'],
])('reads "%s" as %s', (text, host) => {
  expect(parseRegistryHost(text)).toBe(host);
});

it.each(['', 'ghcr.io/team', 'http://ghcr.io', 'https://ada:secret@ghcr.io', 'a b', 'host:0', 'docker://ghcr.io'])(
  'refuses "%s"',
  (text) => {
    expect(codeOf(() => parseRegistryHost(text))).toBe('reference-invalid');
  },
);
