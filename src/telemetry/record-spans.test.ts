import { expect, it, onTestFinished } from 'vitest';
import { RegistryError } from '../errors/registry-error.ts';
import { tracePoints } from '../streams/trace-points.ts';
import { describeFailure, labelSpan, nameSpan } from './describe-span.ts';
import { recordSpans } from './record-spans.node.ts';
import type { Span } from './span.ts';

function record(): Span[] {
  const ended: Span[] = [];
  let nowMs = 0;
  const recorder = recordSpans([{ onEnd: (span) => void ended.push(span) }], () => (nowMs += 1));
  onTestFinished(() => recorder.stop());
  return ended;
}

const part = (number: number, attempt = 1) => ({ part: number, bytes: 1, attempt });
const pause = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('finds the parent of each span across awaits, also of those side by side', async () => {
  const spans = record();
  const blob = (digest: string): Promise<void> =>
    tracePoints.blob.run(
      async () => {
        await pause();
        const send = (number: number): Promise<void> => tracePoints.part.run(pause, () => part(number));
        await Promise.all([send(1), send(2)]);
      },
      () => ({ digest, mediaType: 'application/vnd.oci.image.layer.v1.tar', bytes: 2 }),
    );
  await tracePoints.command.run(
    () => Promise.all([blob('sha256:aa'), blob('sha256:bb')]),
    () => ({ command: 'push' }),
  );
  const paths = spans.map((span) => {
    const names: string[] = [];
    for (let at: Span | undefined = span; at; at = at.parent) names.unshift(labelSpan(at));
    return names.join(' > ');
  });
  expect(paths.toSorted()).toEqual([
    'push',
    'push > layer sha256:aa',
    'push > layer sha256:aa > part 1',
    'push > layer sha256:aa > part 2',
    'push > layer sha256:bb',
    'push > layer sha256:bb > part 1',
    'push > layer sha256:bb > part 2',
  ]);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(7);
  for (const { startedAtMs, endedAtMs = 0 } of spans) expect(endedAtMs).toBeGreaterThan(startedAtMs);
});

it('ends what fails, at once or later, with its failure', async () => {
  const spans = record();
  const failure = new RegistryError('aborted', 'Stopped');
  await tracePoints.part
    .run(
      () => Promise.reject(failure),
      () => part(1, 2),
    )
    .catch(() => undefined);
  const atOnce = (): Promise<void> => {
    throw new TypeError('a secret');
  };
  expect(() => void tracePoints.part.run(atOnce, () => part(2))).toThrow(TypeError);
  expect(spans.map((span) => [nameSpan(span), describeFailure(span)])).toEqual([
    ['re-send', { code: 'aborted', message: 'Stopped' }],
    ['part', { code: 'TypeError', message: 'TypeError' }],
  ]);
});

it('hears nothing more once it was stopped, and the channels are free of cost again', async () => {
  const ended: Span[] = [];
  const recorder = recordSpans([{ onEnd: (span) => void ended.push(span) }]);
  expect(tracePoints.part.active).toBe(true);
  recorder.stop();
  await tracePoints.part.run(pause, () => part(1));
  expect([tracePoints.part.active, ended]).toEqual([false, []]);
});
