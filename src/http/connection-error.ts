import { BucketError } from '../errors/bucket-error.ts';
import type { BucketErrorCode } from '../errors/codes.ts';
import { CodedError } from '../errors/coded-error.ts';

interface Explanation {
  readonly code?: BucketErrorCode;
  readonly words: string;
  readonly hint?: string;
}

const untrusted: Explanation = {
  words: 'its TLS certificate is not trusted',
  hint: 'If the certificate is from an authority of your own, name it with SSL_CERT_FILE or --ca-file.',
};
const brokenOff: Explanation = { words: 'the other end broke off the connection' };
const noRoute: Explanation = { words: 'no network leads there', hint: 'Check the network, the VPN and the firewall.' };
const noAnswer: Explanation = { code: 'timed-out', words: 'nobody answered in time' };

/** What the codes of Node's sockets, resolver and TLS mean. */
const explanations: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: {
    words: 'the connection was refused',
    hint: 'Nothing listens there: check that the server runs, and its host and port.',
  },
  ENOTFOUND: { words: 'its name is not known', hint: 'Check the spelling of the host, and the network.' },
  EAI_AGAIN: { words: 'its name could not be looked up', hint: 'The name server did not answer: check the network.' },
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  UND_ERR_SOCKET: brokenOff,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  ENETDOWN: noRoute,
  ETIMEDOUT: noAnswer,
  UND_ERR_CONNECT_TIMEOUT: noAnswer,
  UND_ERR_HEADERS_TIMEOUT: noAnswer,
  UND_ERR_BODY_TIMEOUT: noAnswer,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: { words: 'its TLS certificate has expired', hint: 'If it has not, check the clock of this machine.' },
  CERT_NOT_YET_VALID: { words: 'its TLS certificate is not valid yet', hint: 'Check the clock of this machine.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    words: 'its TLS certificate is for another name',
    hint: 'Check the host; a bucket with dots in its name needs path style over TLS.',
  },
  ERR_PROXY_TUNNEL: {
    words: 'the proxy opened no way there',
    hint: 'Check HTTPS_PROXY and NO_PROXY. A proxy that wants a login is written as http://USER:PASSWORD@HOST:PORT.',
  },
  EPROTO: { words: 'it does not speak TLS as we do', hint: 'Perhaps it wants http:// instead of https://.' },
  ERR_SSL_WRONG_VERSION_NUMBER: { words: 'it does not speak TLS', hint: 'Perhaps it wants http:// instead of https://.' },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { words: 'it does not speak TLS', hint: 'Perhaps it wants http:// instead of https://.' },
};

const notHttp: Explanation = { code: 'response-invalid', words: 'it did not answer as HTTP' };

/**
 * The error that a failed connection becomes: `connection-failed`, `timed-out`, or `response-invalid` for what is not HTTP. Only the origin is named, never the query.
 * One of our own errors stays what it is.
 */
export function toConnectionError(error: unknown, url: URL): CodedError {
  if (error instanceof CodedError) return error;
  const systemCode = findSystemCode(error);
  const { code = 'connection-failed', words, hint } = explain(systemCode);
  return new BucketError(code, `Cannot talk to ${url.origin}: ${words}`, { cause: error, hint });
}

/** The error of a connection that made no progress for as long as it may. */
export function toTimeoutError(url: URL, what: string, timeoutMs: number): BucketError {
  return new BucketError('timed-out', `Cannot talk to ${url.origin}: ${what} within ${timeoutMs} ms`);
}

/** The error of an answer that does not begin, whatever comes. */
export function toHeadError(url: URL, maxBytes: number): BucketError {
  return new BucketError('response-invalid', `Cannot talk to ${url.origin}: over ${maxBytes} bytes came, and no answer is among them`);
}

/** Whether a connection came to nothing because of the other end's certificate: no other try mends that, and going on without TLS is what an attacker wants. */
export function isCertificateError(error: unknown): boolean {
  const code = findSystemCode(error instanceof CodedError ? error.cause : error) ?? '';
  return explanations[code] === untrusted || /^CERT_|^ERR_TLS_CERT_/.test(code);
}

function explain(systemCode: string | undefined): Explanation {
  if (systemCode?.startsWith('HPE_')) return notHttp;
  const known = systemCode === undefined ? undefined : explanations[systemCode];
  return known ?? { words: systemCode === undefined ? 'the connection failed' : `the connection failed (${systemCode})` };
}

/** The first code on the chain of causes: fetch wraps what its sockets throw. */
function findSystemCode(error: unknown): string | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth += 1) {
    if ('code' in link && typeof link.code === 'string') return link.code;
  }
  return undefined;
}
