import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How uploads into a registry of tests go; by default as the specification has them. */
export interface UploadRules {
  /** The status that a PUT with bytes is answered with, as by a registry or a proxy that takes no whole blob at once. */
  readonly refusesWholeWith?: number;
  /** `OCI-Chunk-Min-Length`; smaller chunks but the last one are refused. */
  readonly minChunkBytes?: number;
  /** The first upload of each blob breaks off after this many bytes. */
  readonly breaksAfterBytes?: number;
  /** The first whole upload of each blob is stored, and its answer is lost. */
  readonly losesFirstAnswer?: boolean;
  /** How `Location` is written; relative if left out. `elsewhere`: at another origin. */
  readonly location?: 'relative' | 'absolute' | 'elsewhere' | 'missing';
  /** The status with which the PUT is redirected to another origin. */
  readonly redirectsWith?: number;
  /** What a mount is answered with that cannot be done; 202, beginning an upload, if left out. */
  readonly refusesMountWith?: number;
}

/** What uploads work on. */
export interface UploadTarget {
  readonly rules: UploadRules;
  readonly blobs: Map<string, Buffer>;
  /** Blobs of `team/base`, which can be mounted. */
  readonly mountable: ReadonlyMap<string, Buffer>;
  /** The origin of the registry, and another one of the same server. */
  readonly origins: () => { readonly registry: string; readonly elsewhere: string };
}

interface Session {
  readonly bytes: Buffer[];
  size: number;
  /** Stands in the query of the session's URL, and is another after each chunk. */
  state: string;
}

/** The upload sessions of a registry of tests. */
export interface Uploads {
  /** Sessions that were begun and neither ended nor cancelled. */
  readonly open: ReadonlyMap<string, unknown>;
  begin(response: ServerResponse, url: URL): void;
  /** PATCH, PUT or DELETE of a session's URL. */
  handle(request: IncomingMessage, response: ServerResponse, id: string): Promise<void>;
}

/** Uploads without any session yet. */
export function createUploads({ rules, blobs, mountable, origins }: UploadTarget): Uploads {
  const sessions = new Map<string, Session>();
  const troubled = new Set<string>();

  /** With characters that may not be written in another way, as states in Base64 have them. */
  const newState = (): string => `${randomUUID()}%2Fa%2Bb%3D%3D`;

  function locationOf(id: string, { state }: Session): Record<string, string> {
    const path = `/v2/team/app/blobs/uploads/${id}?_state=${state}`;
    const { registry, elsewhere } = origins();
    const start = { relative: '', absolute: registry, elsewhere }[
      rules.location === 'missing' ? 'relative' : (rules.location ?? 'relative')
    ];
    return rules.location === 'missing' ? {} : { location: `${start}${path}` };
  }

  function fail(response: ServerResponse, status: number, code: string): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message: 'refused' }] }));
  }

  function begin(response: ServerResponse, url: URL): void {
    const mount = url.searchParams.get('mount');
    const mounted = url.searchParams.get('from') === 'team/base' ? mountable.get(mount ?? '') : undefined;
    if (mount !== null && mounted) {
      blobs.set(mount, mounted);
      return void response.writeHead(201, { location: `/v2/team/app/blobs/${mount}` }).end();
    }
    if (mount !== null && rules.refusesMountWith !== undefined) return fail(response, rules.refusesMountWith, 'UNSUPPORTED');
    const id = randomUUID();
    const session: Session = { bytes: [], size: 0, state: newState() };
    sessions.set(id, session);
    const minimum = rules.minChunkBytes === undefined ? {} : { 'oci-chunk-min-length': rules.minChunkBytes };
    response.writeHead(202, { ...locationOf(id, session), ...minimum, range: '0-0' }).end();
  }

  async function handle(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
    const { socket } = request;
    const session = sessions.get(id);
    const [, query = ''] = (request.url ?? '').split('?');
    if (!session || !query.split('&').includes(`_state=${session.state}`)) return fail(response, 404, 'BLOB_UPLOAD_UNKNOWN');
    if (request.method === 'DELETE') {
      sessions.delete(id);
      return void response.writeHead(204).end();
    }
    const digest = new URLSearchParams(query).get('digest') ?? '';
    if (request.method === 'PUT' && rules.redirectsWith !== undefined && request.socket.localPort === portOf(origins().registry)) {
      return void response.writeHead(rules.redirectsWith, { location: `${origins().elsewhere}${request.url ?? ''}` }).end();
    }
    const length = Number(request.headers['content-length'] ?? 0);
    if (request.method === 'PUT' && length > 0 && rules.refusesWholeWith !== undefined) {
      return fail(response, rules.refusesWholeWith, 'UNSUPPORTED');
    }
    if (!(await receive(request, session, digest))) return void socket.destroy();
    if (request.method === 'PATCH') return acceptChunk(request, response, id, session, length);
    finish(request, response, id, session, digest);
  }

  /** @returns false where the connection is to be broken */
  async function receive(request: IncomingMessage, session: Session, digest: string): Promise<boolean> {
    let received = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      received += chunk.byteLength;
      if (rules.breaksAfterBytes !== undefined && received > rules.breaksAfterBytes && !troubled.has(digest)) {
        troubled.add(digest);
        return false;
      }
      session.bytes.push(chunk);
    }
    return true;
  }

  function acceptChunk(request: IncomingMessage, response: ServerResponse, id: string, session: Session, length: number): void {
    if (request.headers['content-range'] !== `${session.size}-${session.size + length - 1}`)
      return fail(response, 416, 'BLOB_UPLOAD_INVALID');
    session.size += length;
    session.state = newState();
    response.writeHead(202, { ...locationOf(id, session), range: `0-${session.size - 1}` }).end();
  }

  function finish(request: IncomingMessage, response: ServerResponse, id: string, session: Session, digest: string): void {
    const bytes = Buffer.concat(session.bytes);
    sessions.delete(id);
    if (digest !== `sha256:${createHash('sha256').update(bytes).digest('hex')}`) return fail(response, 400, 'DIGEST_INVALID');
    blobs.set(digest, bytes);
    if (rules.losesFirstAnswer === true && !troubled.has(digest)) {
      troubled.add(digest);
      return void request.socket.destroy();
    }
    response.writeHead(201, { location: `/v2/team/app/blobs/${digest}`, 'docker-content-digest': digest }).end();
  }

  return { open: sessions, begin, handle };
}

function portOf(origin: string): number {
  return Number(new URL(origin).port);
}
