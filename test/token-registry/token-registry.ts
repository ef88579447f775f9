import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf, type ManifestTarget, putManifest, sendReferrers } from './manifests.ts';
import { createUploads, type UploadRules } from './uploads.ts';

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
  /** Sent with every manifest besides. */
  readonly manifestHeaders?: Readonly<Record<string, string>>;
  /** Send manifests in chunks, without saying their length. */
  readonly chunksManifests?: boolean;
  /** Ignore `Range`. */
  readonly ignoresRange?: boolean;
  /** Send blobs from another origin (another port), by redirect. */
  readonly redirectBlobs?: boolean;
  readonly uploads?: UploadRules;
  /** List referrers, and say so with `OCI-Subject`; a number: so many a page. */
  readonly listsReferrers?: boolean | number;
  /** Names of the catalog, two a page; there is none if left out. */
  readonly catalog?: readonly string[];
  /** Tell another digest than that of the manifest that was put. */
  readonly rewritesManifests?: boolean;
}

/** An answer in place of the next one to such a request. */
export interface Interruption {
  readonly method: string;
  /** A part of the address; any, if left out. */
  readonly path?: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
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
  /** Blobs of `team/base`, another repository, that can be mounted. */
  readonly mountable: Map<string, Buffer>;
  /** Upload sessions that are neither ended nor cancelled. */
  readonly openUploads: ReadonlyMap<string, unknown>;
  /** Bytes of blobs that were answered with. */
  readonly sentBytes: number;
  /** Answered in place of what comes, each once. */
  readonly interruptions: Interruption[];
  /** Called before a manifest is stored under a reference: where another client may come between. */
  onPutManifest: (reference: string) => void;
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
  const mountable = new Map<string, Buffer>();
  const interruptions: Interruption[] = [];
  /** The scopes that each token was given for. */
  const tokens = new Map<string, readonly string[]>();
  const broken = new Set<string>();
  let issued = 0;
  let sentBytes = 0;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    requests.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      authorization: request.headers.authorization?.split(' ')[0],
      port: request.socket.localPort ?? 0,
    });
    const index = interruptions.findIndex(({ method, path = '' }) => method === request.method && url.href.includes(path));
    const [interruption] = index < 0 ? [] : interruptions.splice(index, 1);
    if (interruption) response.writeHead(interruption.status, interruption.headers).end();
    else if (url.pathname === '/token') void giveToken(request, response, url);
    else if (request.socket.localPort === portOf(storage) && url.pathname.startsWith('/v2/')) route(request, response, url);
    else if (url.pathname.startsWith('/storage/')) sendBlob(request, response, url.pathname.slice('/storage/'.length));
    else if (!mayPass(request, url)) refuse(request, response);
    else route(request, response, url);
  };

  function mayPass(request: IncomingMessage, url: URL): boolean {
    const given = request.headers.authorization ?? '';
    if (login.kind === 'none') return true;
    if (login.kind === 'basic') return given === `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    const scopes = tokens.get(given.replace(/^Bearer /, ''));
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const wanted = ['repository:team/app:pull', ...(isRead ? [] : ['repository:team/app:push'])];
    if (url.searchParams.has('from')) wanted.push(`repository:${url.searchParams.get('from') ?? ''}:pull`);
    return scopes !== undefined && wanted.every((scope) => scopes.includes(scope));
  }

  function refuse(request: IncomingMessage, response: ServerResponse): void {
    const origin = `http://${request.headers.host ?? ''}`;
    // The pull scope, whatever was asked for, as some registries do
    const challenge =
      login.kind === 'basic' ? 'Basic realm="tests"' : `Bearer realm="${origin}/token",service="tests",scope="repository:team/app:pull"`;
    response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }));
  }

  async function giveToken(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
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
    const scopes = [...url.searchParams.getAll('scope'), ...(form.get('scope')?.split(' ') ?? [])];
    tokens.set(token, scopes.flatMap(splitActions));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        [isRefresh ? 'access_token' : 'token']: token,
        ...(login.lifetimeSeconds !== undefined && { expires_in: login.lifetimeSeconds }),
      }),
    );
  }

  function route(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const [, id] = /^\/v2\/team\/app\/blobs\/uploads\/(.*)$/.exec(url.pathname) ?? [];
    if (id === '' && request.method === 'POST') return uploads.begin(response, url);
    if (id !== undefined) return void uploads.handle(request, response, id).catch(() => response.destroy());
    const [, kind, rest] = /^\/v2\/team\/app\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    if (url.pathname === '/v2/') response.writeHead(200).end('{}');
    else if (url.pathname === '/v2/_catalog' && options.catalog !== undefined) sendCatalog(response, url, options.catalog);
    else if (kind === 'manifests' && rest !== undefined && request.method === 'PUT') receiveManifest(request, response, rest);
    else if (kind === 'referrers' && rest !== undefined && options.listsReferrers !== undefined)
      sendReferrers(response, { subject: rest, manifests, url, perPage: Number(options.listsReferrers) });
    else if (kind === 'manifests' && rest !== undefined) sendManifest(response, rest);
    else if (kind === 'blobs' && rest !== undefined && options.redirectBlobs === true)
      response.writeHead(307, { location: `http://127.0.0.1:${portOf(storage)}/storage/${rest}` }).end();
    else if (kind === 'blobs' && rest !== undefined) sendBlob(request, response, rest);
    else if (kind === 'tags') sendTags(response, url);
    else notFound(response, kind === undefined ? 'NAME_UNKNOWN' : 'MANIFEST_UNKNOWN');
  }

  function receiveManifest(request: IncomingMessage, response: ServerResponse, reference: string): void {
    const { listsReferrers = false, rewritesManifests: rewrites = false } = options;
    const target: ManifestTarget = { manifests, blobs, tags, listsReferrers: listsReferrers !== false, rewrites };
    putManifest(request, response, reference, target, () => registry.onPutManifest(reference)).catch(() => response.destroy());
  }

  function sendManifest(response: ServerResponse, reference: string): void {
    const found = manifests.get(reference);
    if (!found) return notFound(response, 'MANIFEST_UNKNOWN');
    const length = options.chunksManifests === true ? {} : { 'content-length': found.bytes.byteLength };
    const headers = { 'content-type': found.mediaType, 'docker-content-digest': digestOf(found.bytes), ...length };
    response.writeHead(200, { ...headers, ...options.manifestHeaders });
    response.write(found.bytes, () => response.end());
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
    sentBytes += part.byteLength;
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

  function sendCatalog(response: ServerResponse, url: URL, names: readonly string[]): void {
    const start = Number(url.searchParams.get('last') ?? 0);
    const end = start + 2;
    response.writeHead(200, end < names.length ? { link: `</v2/_catalog?last=${end}>; rel=next` } : {});
    response.end(JSON.stringify({ repositories: names.slice(start, end) }));
  }

  function notFound(response: ServerResponse, code: string): void {
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message: 'unknown' }] }));
  }

  const server = createServer(answer);
  const storage = createServer(answer);
  const origins = (): { registry: string; elsewhere: string } => ({
    registry: `http://127.0.0.1:${portOf(server)}`,
    elsewhere: `http://127.0.0.1:${portOf(storage)}`,
  });
  const uploads = createUploads({ rules: options.uploads ?? {}, blobs, mountable, origins });
  for (const each of [server, storage]) await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  const registry: TokenRegistry = {
    host: `127.0.0.1:${portOf(server)}`,
    requests,
    manifests,
    blobs,
    tags,
    mountable,
    openUploads: uploads.open,
    interruptions,
    get sentBytes() {
      return sentBytes;
    },
    onPutManifest: () => undefined,
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
  return registry;
}

/** `repository:team/app:pull,push` as two scopes of one action each. */
function splitActions(scope: string): string[] {
  const colon = scope.lastIndexOf(':');
  return scope
    .slice(colon + 1)
    .split(',')
    .map((action) => `${scope.slice(0, colon)}:${action}`);
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as AddressInfo).port;
}
