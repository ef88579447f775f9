import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RegistryError } from '../errors/registry-error.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { systemClock } from '../streams/clock.ts';
import { type OtelSettings, readOtelSettings } from '../telemetry/otel-settings.ts';
import { createOtlpExporter, type OtlpExporter } from '../telemetry/otlp-exporter.ts';
import { recordSpans } from '../telemetry/record-spans.node.ts';
import { openTraceFile } from '../telemetry/trace-file.node.ts';

/** Spans on their way to where the user wants them. */
export interface Telemetry {
  /**
   * Ends the trace file, and exports what is left; a stopped run waits a second for that.
   * @throws RegistryError `output-failed` for the trace file; what could not be exported is a note
   */
  close(): Promise<void>;
}

export interface TelemetryOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Where to write a trace that Perfetto opens; none if left out. */
  readonly traceFile: string | undefined;
  /** What runs, for the trace's title. */
  readonly title: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/**
 * Begins to record spans, if the user wants any: as a trace file, or exported as the variables of OpenTelemetry say.
 * @throws RegistryError `output-failed` for the trace file, `usage-invalid` for a certificate that cannot be read
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { environment, traceFile, title, note, signal } = options;
  const { settings, problem } = readOtelSettings(environment);
  if (problem !== undefined) note(`Traces are not exported: ${problem}`);
  const file = traceFile === undefined ? undefined : openTraceFile(traceFile, { title });
  const exporter = settings && (await openExporter(settings, options));
  const recorder = recordSpans([file, exporter].filter((listener) => listener !== undefined));
  return {
    async close() {
      recorder.stop();
      const loss = await exporter?.flush(signal);
      if (loss !== undefined) note(`Traces: ${loss}`);
      await exporter?.close();
      file?.close();
    },
  };
}

async function openExporter(
  settings: OtelSettings,
  { environment, version }: TelemetryOptions,
): Promise<OtlpExporter & { close(): Promise<void> }> {
  const { certificateFile, parent, traceState, resource } = settings;
  const ca = certificateFile === undefined ? undefined : await readCertificate(certificateFile);
  const http = createNodeHttpClient({ env: environment, ca });
  const origin = {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    parentSpanId: parent?.spanId,
    traceState,
    resource: { ...resource, 'service.version': version },
    version,
    beganAtMs: performance.timeOrigin,
  };
  const exporter = createOtlpExporter({ settings, origin, http, clock: systemClock });
  return { ...exporter, close: () => http.close() };
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RegistryError('usage-invalid', `Cannot read the certificate "${path}" of OTEL_EXPORTER_OTLP_CERTIFICATE`, { cause: error });
  }
}
