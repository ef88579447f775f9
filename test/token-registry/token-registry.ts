import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a registry of tests asks for before it answers. */
export type LoginRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A token server at the same address; without a login it gives tokens to anyone. `refreshToken` is accepted by POST. */
  | {
      readonly kind: 'bearer';
      readonly username?: string;
      readonly password?: string;
      readonly refreshToken?: string;
      readonly lifetimeSeconds?: number;
    };

export interface TokenRegistryOptions {
  readonly login: LoginRule;
  /** Tags a page; all at once if left out. */
  readonly tagsPerPage?: number;
  /** Break off the first answers of each blob after this many bytes. */
  readonly breakBlobsAfterBytes?: number;
  /** Ignore `Range`. */
  readonly ignoresRange?: boolean;
  /** Send blobs from another origin (another port), by redirect. */
  readonly redirectBlobs?: boolean;
}

/** A registry with a login for tests: small, but speaking HTTP, tokens and ranges as the specifications have them. */
export interface TokenRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `GET /v2/…` and the `Authorization` scheme each came with, in order. */
  readonly requests: { readonly line: string; readonly authorization: string | undefined; readonly port: number }[];
  readonly manifests: Map<string, { readonly mediaType: string; readonly bytes: Buffer }>;
  readonly blobs: Map<string, Buffer>;
  readonly tags: string[];
  addBlob(bytes: Buffer): string;
  addManifest(mediaType: string, bytes: Buffer, tag?: string): string;
  /** Make all tokens given so far worthless. */
  revokeTokens(): void;
  close(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1, holding one repository, `team/app`. */
export async function startTokenRegistry(options: TokenRegistryOptions): Promise<TokenRegistry> {
  const { login } = options;
  const requests: TokenRegistry['requests'] = [];
  const manifests: TokenRegistry['manifests'] = new Map();
  const blobs: TokenRegistry['blobs'] = new Map();
  const tags: string[] = [];
  const tokens = new Set<string>();
  const broken = new Set<string>();
  let issued = 0;
  const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    requests.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      authorization: request.headers.authorization?.split(' ')[0],
      port: request.socket.localPort ?? 0,
    });
    if (url.pathname === '/token') void giveToken(request, response);
    else if (url.pathname.startsWith('/storage/')) sendBlob(request, response, url.pathname.slice('/storage/'.length));
    else if (!mayPass(request)) refuse(request, response);
    else route(request, response, url);
  };

  function mayPass(request: IncomingMessage): boolean {
    const given = request.headers.authorization ?? '';
    if (login.kind === 'none') return true;
    if (login.kind === 'basic') return given === `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    return tokens.has(given.replace(/^Bearer /, ''));
  }

  function refuse(request: IncomingMessage, response: ServerResponse): void {
    const origin = `http://${request.headers.host ?? ''}`;
    const challenge =
      login.kind === 'basic' ? 'Basic realm="tests"' : `Bearer realm="${origin}/token",service="tests",scope="repository:team/app:pull"`;
    response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
  }

  async function giveToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (login.kind !== 'bearer') return void response.writeHead(404).end();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const wanted =
      login.username === undefined ? undefined : `Basic ${Buffer.from(`${login.username}:${login.password ?? ''}`).toString('base64')}`;
    const form = new URLSearchParams(body);
    const isRefresh = request.method === 'POST' && login.refreshToken !== undefined && form.get('refresh_token') === login.refreshToken;
    if (!isRefresh && wanted !== undefined && request.headers.authorization !== wanted) return void response.writeHead(401).end('{}');
    issued += 1;
    const token = `token-${issued}`;
    tokens.add(token);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        [isRefresh ? 'access_token' : 'token']: token,
        ...(login.lifetimeSeconds !== undefined && { expires_in: login.lifetimeSeconds }),
      }),
    );
  }

  function route(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const [, kind, rest] = /^\/v2\/team\/app\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    if (url.pathname === '/v2/') response.writeHead(200).end('{}');
    else if (kind === 'manifests' && rest !== undefined) sendManifest(response, rest);
    else if (kind === 'blobs' && rest !== undefined && options.redirectBlobs === true)
      response.writeHead(307, { location: `http://127.0.0.1:${portOf(storage)}/storage/${rest}` }).end();
    else if (kind === 'blobs' && rest !== undefined) sendBlob(request, response, rest);
    else if (kind === 'tags') sendTags(response, url);
    else notFound(response, kind === undefined ? 'NAME_UNKNOWN' : 'MANIFEST_UNKNOWN');
  }

  function sendManifest(response: ServerResponse, reference: string): void {
    const found = manifests.get(reference);
    if (!found) return notFound(response, 'MANIFEST_UNKNOWN');
    response.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.bytes.byteLength }).end(found.bytes);
  }

  function sendBlob(request: IncomingMessage, response: ServerResponse, digest: string): void {
    const bytes = blobs.get(digest);
    if (!bytes) return notFound(response, 'BLOB_UNKNOWN');
    const [, first, last] = (options.ignoresRange === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')) ?? [];
    const start = Number(first ?? 0);
    const end = last === undefined || last === '' ? bytes.byteLength : Number(last) + 1;
    const part = bytes.subarray(start, end);
    const range = first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${bytes.byteLength}` };
    response.writeHead(first === undefined ? 200 : 206, { 'content-length': part.byteLength, ...range });
    const breakAfter = options.breakBlobsAfterBytes;
    if (breakAfter === undefined || part.byteLength <= breakAfter || broken.has(`${digest} ${start}`)) return void response.end(part);
    broken.add(`${digest} ${start}`);
    response.write(part.subarray(0, breakAfter), () => response.destroy());
  }

  function sendTags(response: ServerResponse, url: URL): void {
    const sorted = tags.toSorted();
    const after = url.searchParams.get('last');
    const from = after === null ? 0 : sorted.findIndex((tag) => tag > after);
    const count = options.tagsPerPage ?? sorted.length;
    const page = from < 0 ? [] : sorted.slice(from, from + count);
    const last = page.at(-1);
    const hasMore = last !== undefined && from + count < sorted.length;
    response.writeHead(200, hasMore ? { link: `</v2/team/app/tags/list?n=${count}&last=${last}>; rel="next"` } : {});
    response.end(JSON.stringify({ name: 'team/app', tags: page }));
  }

  function notFound(response: ServerResponse, code: string): void {
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message: 'unknown' }] }));
  }

  const server = createServer(answer);
  const storage = createServer(answer);
  for (const each of [server, storage]) await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${portOf(server)}`,
    requests,
    manifests,
    blobs,
    tags,
    addBlob(bytes) {
      blobs.set(digestOf(bytes), bytes);
      return digestOf(bytes);
    },
    addManifest(mediaType, bytes, tag) {
      manifests.set(digestOf(bytes), { mediaType, bytes });
      if (tag !== undefined) {
        manifests.set(tag, { mediaType, bytes });
        tags.push(tag);
      }
      return digestOf(bytes);
    },
    revokeTokens: () => tokens.clear(),
    async close() {
      for (const each of [server, storage]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
    },
  };
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as AddressInfo).port;
}
