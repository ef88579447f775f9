import * as v from 'valibot';
import type { RegistryErrorCode } from '../errors/codes.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { readRetryAfterMs } from '../http/retry-after.ts';
import { concatBytes } from '../streams/read-all.ts';
import { formatRateLimit, readRateLimit } from './rate-limit.ts';

const maxErrorBytes = 64 * 1024;
const bodySchema = v.object({ errors: v.array(v.object({ code: v.optional(v.string()), message: v.optional(v.string()) })) });

/** What a status means when no code in the body says it better (distribution-spec, "Error Codes"). */
export function codeOfStatus(status: number): RegistryErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'denied';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'registry-unavailable' : 'registry-invalid';
}

const hints: Partial<Record<RegistryErrorCode, string>> = {
  unauthorized: 'Log in with "bucketry login HOST", or check the name: registries answer so for repositories that do not exist, too.',
  denied: 'The login lacks the right to do this in this repository, or the repository does not exist.',
};

/**
 * The error for an answer that is not what was asked for; reads (and bounds) its body for the registry's own words.
 * @param action as in "Cannot read manifest …"
 */
export async function errorOfResponse(response: HttpResponse, action: string, nowMs: number): Promise<RegistryError> {
  const code = codeOfStatus(response.status);
  const words = await readWords(response);
  return new RegistryError(code, `Cannot ${action}: the registry answered ${response.status}${words === '' ? '' : ` (${words})`}`, {
    hint: code === 'rate-limited' ? limitHint(response) : hints[code],
    retryAfterMs: readRetryAfterMs(response.headers, nowMs),
  });
}

/** Registries limit anonymous users more than those who are logged in, and some tell by how much. */
function limitHint({ headers }: HttpResponse): string {
  const limit = readRateLimit(headers);
  const known = limit === undefined ? '' : `Of this registry's limit ${formatRateLimit(limit)}. `;
  return `${known}Wait, or log in with "bucketry login HOST": who is logged in has a higher limit.`;
}

/** The `errors` of the body, in one line, without control characters. */
async function readWords(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxErrorBytes) break;
    chunks.push(chunk);
  }
  try {
    const { errors } = v.parse(
      bodySchema,
      JSON.parse(
        new TextDecoder().decode(
          concatBytes(
            chunks,
            chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
          ),
        ),
      ),
    );
    const words = errors.slice(0, 3).map(({ code = '', message = '' }) => [code, message].filter(Boolean).join(': '));
    return words
      .join('; ')
      .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
      .slice(0, 400);
  } catch {
    return '';
  }
}
