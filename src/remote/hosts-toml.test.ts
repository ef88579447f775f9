import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { parseHostsToml } from './hosts-toml.ts';
import type { PullEndpoints } from './pull-endpoint.ts';

const parse = (text: string, host = 'docker.io'): PullEndpoints =>
  parseHostsToml({ text, path: 'hosts.toml', resolve: (relative) => `/certs/${relative}` }, host, parseRepositoryName('library/alpine'));

describe('hosts.toml', () => {
  it('names mirrors in their order, with what each wants', () => {
    const { mirrors, registry } = parse(`
server = "https://registry-1.docker.io"
[host."https://mirror.test:5000/hub"]
  capabilities = ["pull", "resolve"]
  ca = "mirror.pem"
  client = [["mirror.cert", "mirror.key"], ["both.pem", ""]]
  skip_verify = true
  [host."https://mirror.test:5000/hub".header]
    X-Key = ["a", "b"]
[host."http://10.0.0.1/v2/proxy"]
  capabilities = ["pull"]
  override_path = true
[host."push.test"]
  capabilities = ["push"]
`);
    expect(mirrors).toEqual([
      {
        host: 'mirror.test:5000',
        repository: 'library/alpine',
        scheme: 'https',
        route: { basePath: '/hub/v2', query: { ns: 'docker.io' }, headers: { 'x-key': 'a, b' } },
        verifies: false,
        authorities: ['/certs/mirror.pem'],
        clients: [
          { cert: '/certs/mirror.cert', key: '/certs/mirror.key' },
          { cert: '/certs/both.pem', key: '/certs/both.pem' },
        ],
        serves: 'all',
      },
      expect.objectContaining({
        host: '10.0.0.1',
        scheme: 'http',
        route: { basePath: '/v2/proxy', query: { ns: 'docker.io' }, headers: {} },
        serves: 'digests',
      }),
    ]);
    expect(registry).toMatchObject({
      host: 'registry-1.docker.io',
      scheme: 'https',
      route: { basePath: '/v2', headers: {} },
      serves: 'all',
    });
  });

  it('may name a mirror in place of the registry, which is told for whom it stands', () => {
    const { mirrors, registry } = parse('server = "https://mirror.test"');
    expect(mirrors).toEqual([]);
    expect(registry).toMatchObject({ host: 'mirror.test', route: { query: { ns: 'docker.io' } } });
    expect(parse('server = "https://docker.io"').registry.route).toEqual({ basePath: '/v2', headers: {} });
  });

  it('may be about the registry itself', () => {
    expect(parse('ca = ["a.pem", "b.pem"]\nclient = "own.pem"', 'registry.test:5000')).toEqual({
      mirrors: [],
      registry: expect.objectContaining({
        host: 'registry.test:5000',
        scheme: undefined,
        authorities: ['/certs/a.pem', '/certs/b.pem'],
        clients: [{ cert: '/certs/own.pem', key: '/certs/own.pem' }],
      }) as unknown,
    });
  });

  it.each([
    ['https://a.test', '/v2'],
    ['https://a.test/', '/v2'],
    ['https://a.test/v2', '/v2'],
    ['https://a.test/hub/v2/', '/hub/v2'],
    ['https://a.test/hub', '/hub/v2'],
  ])('finds the API of %s at %s', (url, basePath) => {
    expect(parse(`[host."${url}"]`).mirrors[0]?.route?.basePath).toBe(basePath);
  });

  it('is refused when it is none', () => {
    for (const text of [
      'server',
      'server = 1',
      '[host."https://a.test"]\nskip_verify = "yes"',
      '[host."ftp://a.test"]',
      '[host."https://u:p@a.test"]',
    ])
      expect(codeOf(() => parse(text))).toBe('input-invalid');
  });
});
