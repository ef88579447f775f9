#!/usr/bin/env node
/*
 * Verifies that a bucket holds to docs/bucket-layout.md, version 1: `node verify.mjs DIR`. It shares no code with the implementation, and needs nothing but Node 20.
 *
 * DIR holds `listing.json`, a list of { key, size, sha256, contentType, cacheControl, metadata }, and the bytes of each object at `objects/<sha256>`. No writer may be under way, nor have crashed
 * before it had brought the lists up to date; garbage that no tag leads to may lie about. Prints each problem, and ends with 1 if there are any.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const IMMUTABLE = 'public, max-age=31536000, immutable, no-transform';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE_TYPES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];
const INDEX_TYPES = [INDEX, 'application/vnd.docker.distribution.manifest.list.v2+json'];
const MAX_MANIFEST_BYTES = 4_194_304;

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const NAME = `(?<name>${COMPONENT}(?:/${COMPONENT})*)`;
const DIGEST = '(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})';
const RESERVED = new Set(['blobs', 'manifests', 'tags', 'referrers']);

/** The tree of the format: which keys there may be, and which headers each has. In this order, since a fallback tag is spelled as a tag. */
const TREE = [
  ['root', 'v2/', 'application/json', 'no-cache'],
  ['catalog', 'v2/_catalog', 'application/json', 'no-cache'],
  ['format', '_bucketry/format', 'application/json', 'no-cache'],
  ['blob', `v2/${NAME}/blobs/(?<digest>${DIGEST})`, 'application/octet-stream', IMMUTABLE],
  ['manifest', `v2/${NAME}/manifests/(?<digest>${DIGEST})`, undefined, IMMUTABLE],
  ['fallback', `v2/${NAME}/manifests/(?<tag>sha(?:256|512)-[a-f0-9]{64})`, INDEX, 'no-cache'],
  ['tag', `v2/${NAME}/manifests/(?<tag>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})`, undefined, 'no-cache'],
  ['referrers', `v2/${NAME}/referrers/(?<digest>${DIGEST})`, INDEX, 'no-cache'],
  ['tags', `v2/${NAME}/tags/list`, 'application/json', 'no-cache'],
  ['repository', `_bucketry/repositories/${NAME}/_repository`, 'application/json', 'no-cache'],
  ['collection', `_bucketry/repositories/${NAME}/_collection`, 'application/json', 'no-cache'],
  ['marker', `_bucketry/repositories/${NAME}/_referrers/(?<subject>${DIGEST})/(?<digest>${DIGEST})`, 'application/json', 'no-cache'],
  ['staging', '_bucketry/staging/[a-z0-9]+(?:-[a-z0-9]+)*', 'application/octet-stream', 'no-store'],
  ['pack-recipe', '_bucketry/recipes/pack/[a-f0-9]{64}', 'application/json', 'no-cache'],
].map(([kind, pattern, contentType, cacheControl]) => ({ kind, pattern: new RegExp(`^${pattern}$`), contentType, cacheControl }));

/** Kinds whose user metadata holds the digest of their bytes. */
const WITH_DIGEST = new Set(['blob', 'manifest', 'tag', 'fallback', 'referrers']);

const problems = [];
const report = (key, text) => problems.push(`${key}: ${text}`);
const hash = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');
const hasDigest = (bytes, digest) => digest === `${digest.split(':')[0]}:${hash(digest.split(':')[0], bytes)}`;
const sorted = (texts) => [...texts].sort((a, b) => (a < b ? -1 : 1));

/** Reads DIR into a map from keys to what is known of each object. */
function readBucket(folder) {
  const objects = new Map();
  for (const entry of JSON.parse(readFileSync(join(folder, 'listing.json'), 'utf8'))) {
    if (objects.has(entry.key)) report(entry.key, 'is listed twice');
    const bytes = readBytes(folder, entry);
    if (bytes) objects.set(entry.key, { ...entry, bytes, ...readKey(entry.key) });
  }
  return objects;
}

function readBytes(folder, { key, size, sha256 }) {
  let bytes;
  try {
    bytes = readFileSync(join(folder, 'objects', /^[a-f0-9]{64}$/.test(sha256) ? sha256 : 'none'));
  } catch {
    report(key, `its bytes are missing (objects/${sha256})`);
    return undefined;
  }
  if (bytes.length !== size) report(key, `has ${bytes.length} bytes, ${size} listed`);
  if (hash('sha256', bytes) !== sha256) report(key, 'has another SHA-256 than listed');
  return bytes;
}

function readKey(key) {
  for (const { kind, pattern, ...headers } of TREE) {
    const groups = pattern.exec(key)?.groups ?? (pattern.test(key) ? {} : undefined);
    if (groups === undefined) continue;
    if (groups.name?.split('/').some((component) => RESERVED.has(component))) report(key, 'has a reserved component in its name');
    return { kind, ...groups, headers };
  }
  return { kind: 'other' };
}

/** Content type, cache rule and metadata of every object; the digest of what is named by one. */
function checkHeaders(object) {
  const { key, kind, bytes, headers, metadata = {} } = object;
  if (kind === 'other') return;
  const contentType = headers.contentType ?? mediaTypeOf(object);
  if (object.contentType !== contentType) report(key, `has content type "${object.contentType}", wanted "${contentType}"`);
  if (object.cacheControl !== headers.cacheControl)
    report(key, `has cache control "${object.cacheControl}", wanted "${headers.cacheControl}"`);
  if (object.contentEncoding) report(key, 'has a content encoding');
  const { 'docker-content-digest': recorded, ...others } = metadata;
  if (Object.keys(others).length > 0) report(key, `has other metadata: ${Object.keys(others).join(', ')}`);
  if (WITH_DIGEST.has(kind) ? !new RegExp(`^${DIGEST}$`).test(recorded ?? '') || !hasDigest(bytes, recorded) : recorded !== undefined) {
    report(key, `has the digest "${recorded}" in its metadata, which is not right`);
  }
  if ((kind === 'blob' || kind === 'manifest') && !hasDigest(bytes, object.digest)) report(key, 'has bytes of another digest');
}

/** The JSON of an object; undefined, and a problem, where it is none. */
function parse({ key, bytes }) {
  try {
    const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {
    // Reported below.
  }
  report(key, 'is not a JSON object');
  return undefined;
}

/** The media type of a manifest, by its bytes alone. */
function mediaTypeOf(object) {
  if (object.bytes.length > MAX_MANIFEST_BYTES) report(object.key, 'is too large for a manifest');
  const json = parse(object) ?? {};
  if (json.schemaVersion !== 2) report(object.key, 'is not a manifest of schema version 2');
  if (json.manifests && (json.layers || json.config)) report(object.key, 'is both an index and an image');
  const types = json.manifests ? INDEX_TYPES : IMAGE_TYPES;
  if (json.mediaType && !types.includes(json.mediaType)) report(object.key, `has a media type that does not fit: "${json.mediaType}"`);
  return json.mediaType || types[0];
}

/** Everything below a manifest is there, with the size that it says. */
function checkChildren(objects, manifest) {
  const json = parse(manifest);
  if (!json) return;
  const isForeign = ({ mediaType }) => /nondistributable|foreign/.test(mediaType);
  const wanted = [
    ...(json.manifests ?? []).map((child) => ['manifests', child]),
    ...[json.config, ...(json.layers ?? [])].filter((child) => child && !isForeign(child)).map((child) => ['blobs', child]),
  ];
  for (const [folder, { digest, size }] of wanted) {
    const child = objects.get(`v2/${manifest.name}/${folder}/${digest}`);
    if (!child) report(manifest.key, `names ${digest}, which is missing`);
    else if (child.size !== size) report(manifest.key, `says that ${digest} has ${size} bytes; it has ${child.size}`);
  }
}

/** A tag has the bytes of the manifest that it names. */
function checkTag(objects, tag) {
  const digest = tag.metadata?.['docker-content-digest'];
  const manifest = objects.get(`v2/${tag.name}/manifests/${digest}`);
  if (!manifest?.bytes.equals(tag.bytes)) report(tag.key, `names ${digest}, which is not there with the same bytes`);
}

/** JSON as the format writes it: no white space, members in the order given. */
const formatMember = (name, value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
const formatObject = (members) => `{${members.join(',')}}`;

/** The descriptor by which a manifest is listed among the referrers of its subject. */
function formatReferrer(manifest) {
  const json = parse(manifest) ?? {};
  const artifactType = json.artifactType || json.config?.mediaType;
  const members = [
    formatMember('mediaType', mediaTypeOf(manifest)),
    formatMember('digest', manifest.digest),
    formatMember('size', manifest.size),
  ];
  if (artifactType !== undefined) members.push(formatMember('artifactType', artifactType));
  if (json.annotations) {
    const names = sorted(Object.keys(json.annotations));
    members.push(`"annotations":${formatObject(names.map((name) => formatMember(name, json.annotations[name])))}`);
  }
  return formatObject(members);
}

function checkText(objects, key, text) {
  const found = objects.get(key);
  if (!found) report(key, 'is missing');
  else if (found.bytes.toString() !== text) report(key, `holds ${found.bytes.toString().slice(0, 300)}, wanted ${text.slice(0, 300)}`);
}

/** The digests that tags lead to: what they name, what is below it, and what refers to any of it. */
function findLive(objects, name, tags, markers) {
  const live = new Set();
  const open = tags.map(({ metadata }) => metadata?.['docker-content-digest']);
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const manifest = objects.get(`v2/${name}/manifests/${digest}`);
    if (!manifest || live.has(digest)) continue;
    live.add(digest);
    open.push(...(parse(manifest)?.manifests ?? []).map((child) => child.digest));
    open.push(...markers.filter(({ subject }) => subject === digest).map((marker) => marker.digest));
  }
  return live;
}

/** What tags lead to, and all that is derived in a repository. */
function checkRepository(objects, name) {
  const of = (kind) => [...objects.values()].filter((object) => object.name === name && object.kind === kind);
  const [tags, markers, indexes] = [of('tag'), of('marker'), of('referrers')];
  const live = findLive(objects, name, tags, markers);
  for (const tag of tags) checkTag(objects, tag);
  for (const digest of live) checkLive(objects, objects.get(`v2/${name}/manifests/${digest}`));
  for (const marker of markers) checkMarker(objects, marker);
  const subjects = new Set([...live, ...markers.map(({ subject }) => subject), ...indexes.map(({ digest }) => digest)]);
  for (const subject of subjects) checkReferrers(objects, name, subject, markers);
  if (tags.length + markers.length + of('tags').length === 0) return;
  checkText(objects, `v2/${name}/tags/list`, `{"name":"${name}","tags":${JSON.stringify(sorted(tags.map(({ tag }) => tag)))}}`);
  checkText(objects, `_bucketry/repositories/${name}/_repository`, `{"name":"${name}"}`);
}

/** A manifest that a tag leads to is whole, and listed among the referrers of its subject. */
function checkLive(objects, manifest) {
  checkChildren(objects, manifest);
  const subject = parse(manifest)?.subject?.digest;
  const marker = `_bucketry/repositories/${manifest.name}/_referrers/${subject}/${manifest.digest}`;
  if (subject && !objects.has(marker)) report(marker, 'is missing');
}

/** A marker belongs to a manifest with that subject, and describes it. */
function checkMarker(objects, { key, name, digest, subject }) {
  const referrer = objects.get(`v2/${name}/manifests/${digest}`);
  if (!referrer) report(key, 'marks a manifest that is missing');
  else if (parse(referrer)?.subject?.digest !== subject) report(key, 'marks a manifest that does not refer to this subject');
  else checkText(objects, key, formatReferrer(referrer));
}

/** The index of referrers, and the fallback tag with its copy where something refers. */
function checkReferrers(objects, name, subject, markers) {
  const referrers = markers.filter((marker) => marker.subject === subject);
  const descriptors = sorted(referrers.map(({ key }) => key)).map((key) => objects.get(key).bytes.toString());
  const index = `{"schemaVersion":2,"mediaType":"${INDEX}","manifests":[${descriptors.join(',')}]}`;
  checkText(objects, `v2/${name}/referrers/${subject}`, index);
  const [algorithm, encoded] = subject.split(':');
  const fallback = `v2/${name}/manifests/${algorithm}-${encoded.slice(0, 64)}`;
  if (referrers.length === 0 && !objects.has(fallback)) return;
  checkText(objects, fallback, index);
  checkText(objects, `v2/${name}/manifests/sha256:${hash('sha256', Buffer.from(index))}`, index);
}

/** What a bucket has once. */
function checkBucket(objects) {
  if (objects.get('v2/')?.size !== 0) report('v2/', 'is missing or not empty');
  const format = objects.get('_bucketry/format');
  if (!format) return report('_bucketry/format', 'is missing');
  const { version, catalog } = parse(format) ?? {};
  if (version !== 1) report(format.key, `has version ${version}, this program verifies version 1`);
  const names = sorted([...objects.values()].filter(({ kind }) => kind === 'repository').map(({ name }) => name));
  if (catalog || objects.has('v2/_catalog')) checkText(objects, 'v2/_catalog', `{"repositories":${JSON.stringify(names)}}`);
  return undefined;
}

function verify(folder) {
  const objects = readBucket(folder);
  for (const object of objects.values()) checkHeaders(object);
  checkBucket(objects);
  for (const name of new Set([...objects.values()].map((object) => object.name).filter(Boolean))) checkRepository(objects, name);
  return objects.size;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node verify.mjs DIR');
  process.exitCode = 2;
} else {
  const count = verify(folder);
  for (const problem of problems) console.log(problem);
  console.log(`${count} objects, ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
}
