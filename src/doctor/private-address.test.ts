import { expect, it } from 'vitest';
import { isPrivateAddress } from './private-address.ts';

it.each([
  'http://127.0.0.1',
  'http://10.1.2.3',
  'http://172.16.0.1',
  'http://172.31.255.255',
  'http://192.168.1.1',
  'http://169.254.169.254',
  'http://0.0.0.0',
  'http://[::1]',
  'http://[fd00::1]',
  'http://[fe80::1]',
  'http://0x7f.1',
])('%s is private', (url) => {
  expect(isPrivateAddress(new URL(url).hostname)).toBe(true);
});

it.each(['http://172.32.0.1', 'http://192.169.0.1', 'http://8.8.8.8', 'http://localhost', 'http://[2001:db8::1]', 'http://10.example.com'])(
  '%s is not',
  (url) => {
    expect(isPrivateAddress(new URL(url).hostname)).toBe(false);
  },
);
