import { expect } from 'vitest';
import { CodedError } from '../src/errors/coded-error.ts';
import type { ErrorCode } from '../src/errors/codes.ts';

/** What a parser may do with any input: give a value, or throw one of our errors. Anything else it throws comes through, and fails the test. */
export function parseOrCode<T>(parse: () => T): { readonly value: T } | { readonly code: ErrorCode } {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code };
    throw error;
  }
}

/** The code that a call throws; fails the test where it throws none, or something else. */
export function codeOf(call: () => unknown): ErrorCode {
  const outcome = parseOrCode(call);
  if ('code' in outcome) return outcome.code;
  return expect.unreachable(`wanted an error, got ${JSON.stringify(outcome.value)}`);
}

/** The error that a promise is rejected with; fails the test where it is not one of ours. */
export async function rejection(promise: Promise<unknown>): Promise<CodedError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  return expect.unreachable('wanted a rejection');
}
