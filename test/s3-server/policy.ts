import { S3Error } from './errors.ts';

type OneOrMany = string | readonly string[];

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  /** Of a bucket's policy only; everyone is the one principal that is known here. */
  readonly Principal?: '*' | { readonly AWS: OneOrMany };
  readonly Action: OneOrMany;
  readonly Resource: OneOrMany;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>;
}

/** A policy of a bucket or of credentials, in the part of IAM's language that this server understands. */
export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly PolicyStatement[];
}

/** What a caller is about to do. */
export interface PolicyQuestion {
  readonly action: string;
  /** `arn:aws:s3:::BUCKET` or `arn:aws:s3:::BUCKET/KEY`. */
  readonly resource: string;
  /** Values of the condition keys, such as `s3:prefix`. */
  readonly context: Readonly<Record<string, string>>;
}

const OBJECT_ACTIONS = /^s3:(GetObject|PutObject|DeleteObject|AbortMultipartUpload|ListMultipartUploadParts)/;
const CONDITION_KEYS = ['s3:prefix', 's3:delimiter', 's3:max-keys'];

type Comparison = (value: string | undefined, patterns: readonly string[]) => boolean;
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (value, patterns) => value !== undefined && patterns.includes(value),
  StringNotEquals: (value, patterns) => value === undefined || !patterns.includes(value),
  StringLike: (value, patterns) => value !== undefined && matchesSome(value, patterns),
  StringNotLike: (value, patterns) => value === undefined || !matchesSome(value, patterns),
};

const listOf = (value: OneOrMany): readonly string[] => (typeof value === 'string' ? [value] : value);

/** `*` stands for any characters, slashes included, and `?` for one. */
function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`).test(text);
}

function matchesSome(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesPattern(text, pattern));
}

function appliesTo({ Action, Resource, Condition = {} }: PolicyStatement, { action, resource, context }: PolicyQuestion): boolean {
  const actions = listOf(Action).map((pattern) => pattern.toLowerCase());
  if (!matchesSome(action.toLowerCase(), actions) || !matchesSome(resource, listOf(Resource))) return false;
  return Object.entries(Condition).every(([operator, tests]) =>
    Object.entries(tests).every(([name, values]) => COMPARISONS[operator]?.(context[name], listOf(values)) ?? false),
  );
}

/** What a document says to a question: a denial outweighs every permission. */
export function evaluatePolicy(document: PolicyDocument, question: PolicyQuestion): 'allow' | 'deny' | 'silent' {
  const effects = document.Statement.filter((statement) => appliesTo(statement, question)).map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'silent';
}

/** Whether a bucket's policy lets everyone do something, which a public access block forbids. */
export function isPublicPolicy(document: PolicyDocument): boolean {
  return document.Statement.some(({ Effect }) => Effect === 'Allow');
}

/** The policy under which anyone may read a bucket's objects, and nothing else. */
export function createPublicReadPolicy(bucketName: string): PolicyDocument {
  const resource = `arn:aws:s3:::${bucketName}/*`;
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: resource }] };
}

const malformed = (message: string): S3Error => new S3Error('MalformedPolicy', message);

function isOneOrMany(value: unknown): value is OneOrMany {
  return typeof value === 'string' || (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everyone: this server has no accounts, and S3 refuses a principal that does not exist. */
function isEveryone(value: unknown): value is NonNullable<PolicyStatement['Principal']> {
  return value === '*' || (isRecord(value) && isOneOrMany(value['AWS']) && listOf(value['AWS']).every((name) => name === '*'));
}

function isCondition(value: unknown): value is NonNullable<PolicyStatement['Condition']> {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([operator, tests]) =>
      Object.hasOwn(COMPARISONS, operator) &&
      isRecord(tests) &&
      Object.entries(tests).every(([name, values]) => CONDITION_KEYS.includes(name) && isOneOrMany(values)),
  );
}

/** S3 refuses a statement that names an action none of its resources can be the object of. */
function checkActionsMeetResources(actions: readonly string[], resources: readonly string[], bucketName: string): void {
  const bucketArn = `arn:aws:s3:::${bucketName}`;
  for (const resource of resources) {
    const isInBucket = matchesPattern(bucketArn, resource) || resource.startsWith(`${bucketArn}/`);
    if (!isInBucket) throw malformed(`Policy has invalid resource "${resource}"`);
  }
  for (const action of actions) {
    if (!action.startsWith('s3:')) throw malformed(`Policy has invalid action "${action}"`);
    if (action.includes('*')) continue;
    const wantsObject = OBJECT_ACTIONS.test(action);
    const meets = resources.some((resource) => resource.startsWith(`${bucketArn}/`) === wantsObject);
    if (!meets) throw malformed(`Action "${action}" does not apply to any resource(s) in statement`);
  }
}

function parseStatement(value: unknown, bucketName: string): PolicyStatement {
  if (!isRecord(value)) throw malformed('Statement is not an object');
  const { Effect, Principal, Action, Resource, Condition, Sid, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw malformed(`Syntax error, or a field unknown to this server: ${unknown}`);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed(`Invalid effect "${String(Effect)}"`);
  if (!isEveryone(Principal)) throw malformed('Invalid principal in policy');
  if (!isOneOrMany(Action)) throw malformed('Missing required field Action');
  if (!isOneOrMany(Resource)) throw malformed('Missing required field Resource');
  if (Condition !== undefined && !isCondition(Condition)) throw malformed('Invalid condition, or one unknown to this server');
  checkActionsMeetResources(listOf(Action), listOf(Resource), bucketName);
  return {
    ...(typeof Sid === 'string' ? { Sid } : {}),
    ...(Condition === undefined ? {} : { Condition }),
    Effect,
    Principal,
    Action,
    Resource,
  };
}

/** A bucket's policy; `MalformedPolicy` says what is wrong with it. */
export function parseBucketPolicy(text: string, bucketName: string): PolicyDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('Policies must be valid JSON and the first byte must be "{"');
  }
  if (!isRecord(value)) throw malformed('Policies must be JSON objects');
  const { Version, Statement } = value;
  if (Version !== '2012-10-17' && Version !== '2008-10-17') throw malformed('The policy must contain a valid version string');
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  if (Statement === undefined || statements.length === 0) throw malformed('Missing required field Statement');
  return { Version, Statement: statements.map((one) => parseStatement(one, bucketName)) };
}
