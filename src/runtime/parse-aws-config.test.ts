import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAwsConfig } from './parse-aws-config.ts';

const text = `
# comment
stray = 1
[default]
region=us-west-2   ; why
[profile  images]\r
region = eu-central-1\r
s3 =
  max_concurrent_requests = 20
  endpoint_url = http://nested#kept
services = store
nonsense
; [profile images]
[services store]
s3 =
    endpoint_url = https://store.example:9000/path
[profile images]
output = json
`;

it('reads sections, their settings and indented blocks', () => {
  const config = parseAwsConfig(text);
  expect(Object.fromEntries([...config].map(([name, section]) => [name, Object.fromEntries(section)]))).toEqual({
    default: { region: 'us-west-2' },
    'profile images': {
      region: 'eu-central-1',
      s3: '',
      's3.max_concurrent_requests': '20',
      's3.endpoint_url': 'http://nested#kept',
      services: 'store',
      output: 'json',
    },
    'services store': { s3: '', 's3.endpoint_url': 'https://store.example:9000/path' },
  });
});

it('reads whatever comes without failing, and what was written', () => {
  fc.assert(fc.property(fc.string(), (junk) => void parseAwsConfig(junk)));
  const word = fc.stringMatching(/^[a-z_]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(word, fc.dictionary(word, word)), (written) => {
      const lines = Object.entries(written).flatMap(([name, settings]) => [
        `[${name}]`,
        ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`),
      ]);
      const read = [...parseAwsConfig(lines.join('\n'))].map(([name, section]) => [name, Object.fromEntries(section)]);
      expect(Object.fromEntries(read)).toEqual(written);
    }),
  );
});
