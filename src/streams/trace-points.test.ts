import { tracingChannel } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { traceChannelNames } from './trace.ts';
import { tracePoints } from './trace-points.ts';

it('opens each channel under its own name', async () => {
  for (const [point, name] of Object.entries(traceChannelNames)) {
    const heard: object[] = [];
    const subscribers = {
      start: (context: object) => void heard.push(context),
      end: () => {},
      asyncStart: () => {},
      asyncEnd: () => {},
      error: () => {},
    };
    tracingChannel(name).subscribe(subscribers);
    try {
      for (const [other, channel] of Object.entries(tracePoints)) expect(channel.active, other).toBe(other === point);
    } finally {
      tracingChannel(name).unsubscribe(subscribers);
    }
  }
});
