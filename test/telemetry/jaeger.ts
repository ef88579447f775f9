import { findFreePort } from '../peers/free-port.ts';
import { answersHttp, startPeerServer } from '../peers/peer-server.ts';

/** A span as Jaeger shows it. */
export interface JaegerSpan {
  readonly operationName: string;
  readonly references: readonly { readonly spanID: string }[];
  readonly spanID: string;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** Jaeger, its traces in memory: a real collector. */
export interface Jaeger {
  readonly otlpEndpoint: string;
  /** What it kept of a trace; undefined while it has none. */
  readonly findTrace: (traceId: string) => Promise<readonly JaegerSpan[] | undefined>;
  readonly close: () => Promise<void>;
}

/** Starts Jaeger on ports of 127.0.0.1. */
export async function startJaeger(): Promise<Jaeger> {
  const ports = new Map<string, number>();
  const flags = [
    'admin.http',
    'collector.grpc-server',
    'collector.http-server',
    'collector.otlp.grpc',
    'collector.otlp.http',
    'query.grpc-server',
    'query.http-server',
  ] as const;
  for (const flag of flags) ports.set(flag, await findFreePort());
  const address = (flag: (typeof flags)[number]): string => `127.0.0.1:${ports.get(flag)}`;
  const server = await startPeerServer('jaeger', async (program) => ({
    command: [program, ...flags.map((flag) => `--${flag}.host-port=${address(flag)}`), '--log-level=warn'],
    isReady: answersHttp(`http://${address('admin.http')}/`),
  }));
  return {
    otlpEndpoint: `http://${address('collector.otlp.http')}`,
    async findTrace(traceId) {
      const response = await fetch(`http://${address('query.http-server')}/api/traces/${traceId}`);
      const { data } = (await response.json()) as { readonly data?: readonly { readonly spans: readonly JaegerSpan[] }[] | null };
      return data?.[0]?.spans;
    },
    close: server.close,
  };
}
