import type { HostileRow } from './hostile-row.ts';
import { about, registryRow } from './lying-registry.ts';
import { type Exchange, type Lie, writeEndlessly } from './lying-server.ts';

/*
 * Registries and token servers that ask for a login they must not have.
 */

const credentials = { kind: 'password', username: 'ada', password: 'sesame' } as const;

/** A registry that wants the login that a header asks for. */
function challengeRow(
  lie: string,
  code: HostileRow['code'],
  challenge: string | ((exchange: Exchange) => string),
  token?: (exchange: Exchange) => unknown,
): HostileRow {
  const answerToken: Lie = token ? about(/^\/token/, token) : () => false;
  const refuse = about(/^\/v2\/team/, (exchange) => {
    const header = typeof challenge === 'string' ? challenge : challenge(exchange);
    exchange.response.writeHead(401, { 'www-authenticate': header }).end();
  });
  return registryRow(lie, code, (exchange) => answerToken(exchange) || refuse(exchange), { credentials });
}

/** A token server at the registry itself. */
function tokenRow(lie: string, code: HostileRow['code'], token: (exchange: Exchange) => unknown): HostileRow {
  return challengeRow(lie, code, ({ host }) => `Bearer realm="http://${host}/token",service="s"`, token);
}

const challenges: readonly HostileRow[] = [
  challengeRow('a challenge that names no scheme', 'registry-invalid', '="x"'),
  challengeRow('a challenge whose quotes do not end', 'registry-invalid', 'Bearer realm="http://'),
  challengeRow('a challenge of eight thousand backslashes', 'registry-invalid', `Bearer realm="${'\\'.repeat(8001)}`),
  challengeRow('a challenge of no known scheme', 'unauthorized', 'Negotiate abc'),
  challengeRow('a challenge without a realm', 'unauthorized', 'Bearer service="x"'),
  challengeRow('a challenge of four thousand schemes', 'unauthorized', 'a, '.repeat(4000)),
  challengeRow('a basic challenge, again and again', 'unauthorized', 'Basic realm="x"'),
  challengeRow('a realm that is no URL', 'registry-invalid', 'Bearer realm="/token"'),
  challengeRow('a realm that is a file', 'registry-invalid', 'Bearer realm="file:///etc/passwd"'),
  challengeRow(
    'a realm that is another host without TLS',
    'registry-invalid',
    ({ otherHost }) => `Bearer realm="http://${otherHost}/token"`,
  ),
  challengeRow('a realm that names a user', 'registry-invalid', ({ host }) => `Bearer realm="http://ada:sesame@${host}/token"`),
  challengeRow('a realm where clouds keep credentials', 'registry-invalid', 'Bearer realm="http://169.254.169.254/token"'),
  challengeRow('a realm where AWS keeps credentials', 'registry-invalid', 'Bearer realm="http://[fd00:ec2::254]/token"'),
  challengeRow('a realm on this machine by another', 'registry-invalid', 'Bearer realm="http://localhost/token"'),
];

const tokens: readonly HostileRow[] = [
  tokenRow('a token that is HTML', 'registry-invalid', ({ response }) => response.end('<html>')),
  tokenRow('a token that is none', 'registry-invalid', ({ response }) => response.end('{}')),
  tokenRow('a token that is a number', 'registry-invalid', ({ response }) => response.end('{"token":7}')),
  tokenRow('a token with a line feed', 'registry-invalid', ({ response }) => response.end(String.raw`{"token":"a\r\nx: y"}`)),
  tokenRow('a token that ends never, and is refused', 'unauthorized', ({ response }) => response.end('{"token":"a","expires_in":1e999}')),
  tokenRow('a token without end', 'size-mismatch', ({ response }) => writeEndlessly(response, 'x'.repeat(65_536))),
  tokenRow('a token that stops coming', 'timed-out', ({ response }) => response.write('{')),
  tokenRow('a token server that is not there', 'connection-failed', ({ response }) => response.socket?.destroy()),
  tokenRow('a token server that fails', 'registry-unavailable', ({ response }) => response.writeHead(500).end()),
  tokenRow('a token server that sends us elsewhere', 'registry-invalid', ({ response, otherHost }) =>
    response.writeHead(307, { location: `http://${otherHost}/token` }).end(),
  ),
  tokenRow('a token server that limits us for a year', 'rate-limited', ({ response }) =>
    response.writeHead(429, { 'retry-after': '31536000' }).end(),
  ),
  tokenRow('a token server that knows nobody', 'unauthorized', ({ response }) => response.writeHead(401).end()),
];

const elsewhere: readonly HostileRow[] = [
  registryRow(
    'another host, to which we are sent, asks for the login',
    'unauthorized',
    ({ host, otherHost, path, response }) => {
      if (host === otherHost) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (path.includes('/manifests/')) response.writeHead(307, { location: `http://${otherHost}${path}` }).end();
      else return false;
      return true;
    },
    { credentials },
  ),
  registryRow(
    'another host gets what was shown to the first',
    'denied',
    ({ host, otherHost, path, request, response }) => {
      if (host === otherHost) response.writeHead(403).end();
      else if (request.headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(307, { location: `http://${otherHost}${path}` }).end();
      return true;
    },
    { credentials },
  ),
];

export const registryLoginRows: readonly HostileRow[] = [...challenges, ...tokens, ...elsewhere];
