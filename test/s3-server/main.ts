/*
 * Runs the server by itself until a signal comes:
 * node test/s3-server/main.ts [--port 0] [--personality aws] [--bucket NAME]... [--access-key AK --secret-key SK]
 * Its first line of output is the endpoint.
 */
import { parseArgs } from 'node:util';
import { PERSONALITIES, type PersonalityName } from './personalities.ts';
import { startS3Server } from './server.ts';

function isPersonality(name: string): name is PersonalityName {
  return Object.hasOwn(PERSONALITIES, name);
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    personality: { type: 'string', default: 'aws' },
    bucket: { type: 'string', multiple: true, default: [] },
    'access-key': { type: 'string', default: 'test' },
    'secret-key': { type: 'string', default: 'test-secret' },
    region: { type: 'string', default: 'us-east-1' },
  },
});
if (!isPersonality(values.personality)) {
  throw new Error(`Unknown personality "${values.personality}", wanted one of ${Object.keys(PERSONALITIES).join(', ')}`);
}
const server = await startS3Server({
  port: Number(values.port),
  personality: values.personality,
  buckets: values.bucket,
  credentials: { accessKeyId: values['access-key'], secretAccessKey: values['secret-key'] },
  region: values.region,
});
process.stdout.write(`${server.endpoint}\n`);
const stop = (): void => void server.close();
process.once('SIGINT', stop).once('SIGTERM', stop);
