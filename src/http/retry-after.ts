/** RFC 9110 section 5.6.7: what is sent today, and the two older spellings that must be understood. All begin with the name of a day. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/**
 * Milliseconds to wait, from a `Retry-After` header: seconds, or a date (RFC 9110 section 10.2.3). A date that has passed means 0.
 * @returns undefined where there is no such header, or one that cannot be read
 */
export function readRetryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const timeMs = readHttpDateMs(value);
  return timeMs === undefined ? undefined : Math.max(0, timeMs - nowMs);
}

/** An HTTP date in milliseconds since 1970, or undefined for anything else. */
export function readHttpDateMs(value: string | undefined): number | undefined {
  if (value === undefined || !httpDate.test(value)) return undefined;
  // asctime's form names no zone, and means UTC as the others do
  const timeMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
