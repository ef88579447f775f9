import { BucketError } from '../../errors/bucket-error.ts';
import type { ObjectKey } from '../object-key.ts';
import { internalFolder, spreadKey } from './spell-key.ts';

/** What of a bucket everyone may read, and the headers that a store would send with it; `layout/public-site.ts` says it of the registry format. */
export interface FileServerSite {
  /** The beginning of all public keys, with a `/` at its end: itself a key. */
  readonly prefix: ObjectKey;
  /** The content type of the object whose key is the prefix. */
  readonly prefixContentType: string;
  /** All other content types that public objects have, beside `application/octet-stream`. */
  readonly contentTypes: readonly string[];
  /** The `Cache-Control` of paths that end so, as a regular expression that Go and PCRE understand and that has no `^` (nginx holds it against the path that it found), … */
  readonly immutablePaths: string;
  readonly immutableCacheControl: string;
  /** … and of all other. */
  readonly cacheControl: string;
}

export interface FileServerOptions {
  /** The absolute path of the directory bucket, whose names must be spelled plainly. */
  readonly root: string;
  /** `HOST:PORT`, an IP address and a port. */
  readonly listen: string;
  readonly site: FileServerSite;
}

/*
 * Both servers look for a path first among the links that the directory bucket keeps by content type (`types/<content type>/<path>`), and send what they find under the type
 * of the folder it was in; then at the path itself, as `application/octet-stream`. So types are exact without reloading a server, ever.
 */

/**
 * An nginx configuration (1.18 or later) for the `http` context, such as a file in `conf.d`: serves a directory bucket as the public address of a bucket would.
 * @throws BucketError `location-invalid` for a path that nginx cannot be told
 */
export function formatNginxConfig({ root, listen, site }: FileServerOptions): string {
  const [prefix, types] = [`/${site.prefix}`, site.contentTypes];
  const names = types.map((_, index) => (index === 0 ? `location ^~ ${prefix}` : `location @type_${index}`));
  const next = (index: number): string => (index + 1 < types.length ? `@type_${index + 1}` : '@bytes');
  const typed = types.map(
    (type, index) => `  ${names[index]} {
    default_type ${type};
    add_header Cache-Control $bucketry_cache_control;
    try_files /${internalFolder}/types/${type}$uri ${next(index)};
  }`,
  );
  return `map $uri $bucketry_cache_control {
  default "${site.cacheControl}";
  "~${site.immutablePaths}" "${site.immutableCacheControl}";
}

server {
  listen ${listen};
  root ${quoteForNginx(root)};
  # Nothing is known by its name: types come from the folders below ${internalFolder}/types.
  types {}
  gzip off;
  disable_symlinks on from=$document_root;

  location / {
    return 404;
  }
  location = ${prefix} {
    default_type ${site.prefixContentType};
    add_header Cache-Control $bucketry_cache_control;
    try_files /${elsewhere(site.prefix)} =404;
  }
${typed.join('\n')}
  location @bytes {
    default_type application/octet-stream;
    add_header Cache-Control $bucketry_cache_control;
    try_files $uri =404;
  }
}
`;
}

/**
 * A Caddyfile (2.6 or later) that serves a directory bucket as the public address of a bucket would, for any host name, over plain HTTP.
 * @throws BucketError `location-invalid` for a path that Caddy cannot be told
 */
export function formatCaddyfile({ root, listen, site }: FileServerOptions): string {
  const prefix = `/${site.prefix}`;
  const separator = listen.lastIndexOf(':');
  const serve = (lines: readonly string[]): string =>
    [...lines, 'file_server {', '\tdisable_canonical_uris', '}'].map((line) => `\t\t${line}`).join('\n');
  const typed = site.contentTypes.map(
    (type, index) => `	@type_${index} {
		path ${prefix}*
		file /${internalFolder}/types/${type}{path}
	}
	handle @type_${index} {
${serve([`header Content-Type ${type}`, `rewrite * /${internalFolder}/types/${type}{path}`])}
	}`,
  );
  return `http://:${listen.slice(separator + 1)} {
	bind ${listen.slice(0, separator).replace(/^\[(.*)\]$/, '$1')}
	root * ${quoteForCaddy(root)}

	@changing not method GET HEAD
	handle @changing {
		header Allow "GET, HEAD"
		respond 405
	}

	@immutable path_regexp ${site.immutablePaths}
	header @immutable Cache-Control "${site.immutableCacheControl}"
	@mutable not path_regexp ${site.immutablePaths}
	header @mutable Cache-Control "${site.cacheControl}"

	@root {
		path ${prefix}
		file /${elsewhere(site.prefix)}
	}
	handle @root {
${serve([`header Content-Type ${site.prefixContentType}`, `rewrite * /${elsewhere(site.prefix)}`])}
	}
${typed.join('\n')}
	@bytes {
		path ${prefix}*
		file {path}
	}
	handle @bytes {
${serve(['header Content-Type application/octet-stream'])}
	}
	handle {
		respond 404
	}
}
`;
}

/** Where the bytes of a key lie that ends in `/`, below the root. */
function elsewhere(key: ObjectKey): string {
  return `${internalFolder}/elsewhere/${spreadKey(key)}`;
}

function quoteForNginx(path: string): string {
  // nginx has no way to write a dollar sign that begins no variable.
  return quote(path, /["\\$\n\r]/, 'nginx');
}

function quoteForCaddy(path: string): string {
  return quote(path, /["\\{}\n\r]/, 'Caddy');
}

function quote(path: string, unspeakable: RegExp, server: string): string {
  if (!unspeakable.test(path)) return `"${path}"`;
  throw new BucketError(
    'location-invalid',
    `Cannot write a configuration for ${server} that serves "${path}": its path has a character that ${server} gives a meaning`,
    {
      hint: 'Move the folder, or let a link with a simpler name lead to it.',
    },
  );
}
