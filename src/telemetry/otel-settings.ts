import { parseTraceparent, type TraceParent } from './traceparent.ts';

/** How the user has set up OpenTelemetry, as far as traces go. */
export interface OtelSettings {
  /** Where spans are sent. */
  readonly endpoint: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** For each request, retries included. */
  readonly timeoutMs: number;
  readonly isCompressed: boolean;
  /** A file of certificates (PEM) to trust, in place of those that Node trusts. */
  readonly certificateFile: string | undefined;
  /** What the spans' process is: `service.name` and others. */
  readonly resource: Readonly<Record<string, string>>;
  readonly parent: TraceParent | undefined;
  /** `TRACESTATE` of the caller, handed on as it is. */
  readonly traceState: string | undefined;
}

/** What was found: the settings, or none; and what of them cannot be followed, for a note. */
export interface OtelDecision {
  readonly settings?: OtelSettings | undefined;
  readonly problem?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultEndpoint = 'http://localhost:4318';
const defaultTimeoutMs = 10_000;

/**
 * Reads the variables of the OpenTelemetry specification ("Environment Variable Specification", "OpenTelemetry Protocol Exporter"), those for traces before the general ones.
 * Spans are exported where an endpoint is set or the exporter `otlp` is asked for; nothing is by default.
 */
export function readOtelSettings(environment: Environment): OtelDecision {
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const readOtlp = (name: string): string | undefined => read(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? read(`OTEL_EXPORTER_OTLP_${name}`);

  const exporters = read('OTEL_TRACES_EXPORTER')?.split(',');
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || exporters?.includes('none')) return {};
  if (exporters ? !exporters.includes('otlp') : readOtlp('ENDPOINT') === undefined)
    return exporters ? { problem: `the exporter ${exporters.join()} is not known here, only otlp and none` } : {};
  const protocol = readOtlp('PROTOCOL');
  if (protocol?.startsWith('http/') === false) return { problem: `the protocol ${protocol} is not spoken here, only http/json` };
  const parent = parseTraceparent(read('TRACEPARENT'));
  if (!isSampled(read('OTEL_TRACES_SAMPLER'), parent)) return {};
  const endpoint = findEndpoint(read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'), read('OTEL_EXPORTER_OTLP_ENDPOINT') ?? defaultEndpoint);
  if (!endpoint) return { problem: 'the endpoint is not an http or https URL' };
  return {
    settings: {
      endpoint,
      headers: {
        ...lowerNames(parsePairs(read('OTEL_EXPORTER_OTLP_HEADERS'))),
        ...lowerNames(parsePairs(read('OTEL_EXPORTER_OTLP_TRACES_HEADERS'))),
      },
      timeoutMs: parseTimeout(readOtlp('TIMEOUT')),
      isCompressed: readOtlp('COMPRESSION') === 'gzip',
      certificateFile: readOtlp('CERTIFICATE'),
      resource: { 'service.name': 'bucketry', ...parsePairs(read('OTEL_RESOURCE_ATTRIBUTES')), ...named(read('OTEL_SERVICE_NAME')) },
      parent,
      traceState: parent && read('TRACESTATE'),
    },
  };
}

/** The URL for traces is taken as it is; the general one is the base of all signals. */
function findEndpoint(own: string | undefined, base: string): URL | undefined {
  const url = URL.parse(own ?? `${withoutSlashes(base)}/v1/traces`);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/** A process is one trace: all of it is kept, or nothing. What a ratio would choose is kept, since the command was run for one's own eyes. */
function isSampled(sampler = 'parentbased_always_on', parent: TraceParent | undefined): boolean {
  const own = !sampler.endsWith('always_off');
  return sampler.startsWith('parentbased_') && parent ? parent.isSampled : own;
}

/** `name=value,name=value`, percent-encoded (W3C Baggage, which the specification refers to). What is no pair is left out. */
function parsePairs(text = ''): Record<string, string> {
  const pairs = text.split(',').map((pair) => /^([^=]+)=([^;]*)/.exec(pair.trim()));
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[decode(pair[1]), decode(pair[2])]] : [])));
}

function decode(text = ''): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}

function lowerNames(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name.toLowerCase(), value]));
}

function parseTimeout(text: string | undefined): number {
  const timeoutMs = Number(text);
  return text !== undefined && Number.isFinite(timeoutMs) && timeoutMs > 0 ? timeoutMs : defaultTimeoutMs;
}

function named(serviceName: string | undefined): Record<string, string> {
  return serviceName === undefined ? {} : { 'service.name': serviceName };
}

/** Without the slashes at its end. */
function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
