import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOtelSettings } from './otel-settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
const parent = { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

const settingsOf = (environment: Readonly<Record<string, string>>) => readOtelSettings(environment).settings;

describe('whether spans are exported', () => {
  it.each([
    ['nothing is set', {}],
    ['only a name is', { OTEL_SERVICE_NAME: 'x' }],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['the exporter is none', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }],
    ['all of it is disabled', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }],
    ['the sampler says never', { ...endpoint, OTEL_TRACES_SAMPLER: 'always_off' }],
    ['the caller does not keep the trace', { ...endpoint, TRACEPARENT: parent.TRACEPARENT.replace(/01$/, '00') }],
  ])('is no where %s', (_, environment) => {
    expect(readOtelSettings(environment)).toEqual({});
  });

  it.each([
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'zipkin' }, 'zipkin'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'grpc'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'endpoint'],
  ])('is no, with a reason, for %j', (environment, reason) => {
    expect(readOtelSettings(environment)).toEqual({ problem: expect.stringContaining(reason) });
  });

  it('is yes where the caller does not keep the trace and the sampler asks nobody', () => {
    const unsampled = { TRACEPARENT: parent.TRACEPARENT.replace(/01$/, '00'), OTEL_TRACES_SAMPLER: 'always_on' };
    expect(settingsOf({ ...endpoint, ...unsampled })?.parent?.isSampled).toBe(false);
  });
});

describe('where spans are exported to', () => {
  it.each([
    [endpoint, 'http://collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/base' }, 'https://collector/base/v1/traces'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://own:1/as/is' }, 'http://own:1/as/is'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, 'http://collector:4318/v1/traces'],
  ])('is for %j %s', (environment, url) => {
    expect(settingsOf(environment)?.endpoint.href).toBe(url);
  });
});

describe('the rest', () => {
  it('has defaults', () => {
    expect(settingsOf(endpoint)).toMatchObject({
      headers: {},
      timeoutMs: 10_000,
      isCompressed: false,
      resource: { 'service.name': 'bucketry' },
      parent: undefined,
    });
  });

  it('is read as it is written, what is for traces before what is for all', () => {
    const settings = settingsOf({
      ...endpoint,
      ...parent,
      TRACESTATE: 'vendor=1',
      OTEL_EXPORTER_OTLP_HEADERS: 'API-Key=a%20b, other=1,broken',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=c%3Dd',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '250',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=ci,service.name=loses',
      OTEL_SERVICE_NAME: 'wins',
    });
    expect(settings).toMatchObject({
      headers: { 'api-key': 'c=d', other: '1' },
      timeoutMs: 250,
      isCompressed: true,
      certificateFile: '/ca.pem',
      resource: { 'deployment.environment': 'ci', 'service.name': 'wins' },
      parent: { spanId: 'b7ad6b7169203331', isSampled: true },
      traceState: 'vendor=1',
    });
  });

  it.each(['soon', '0', '-1', 'Infinity'])('takes the timeout %s for none', (text) => {
    expect(settingsOf({ ...endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: text })?.timeoutMs).toBe(10_000);
  });

  it('never throws, whatever is written', () => {
    const names = [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_HEADERS',
      'OTEL_RESOURCE_ATTRIBUTES',
      'OTEL_TRACES_SAMPLER',
      'TRACEPARENT',
    ];
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (environment) => void readOtelSettings(environment)));
  });
});
