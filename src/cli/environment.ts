/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that bucketry reads, for the documentation. Flags name their own. */
export const environmentDoc: Readonly<Record<string, string>> = {
  BUCKETRY_BUCKET: 'The bucket of references without one, such as `s3://my-bucket`.',
  XDG_CONFIG_HOME: 'Folder of `bucketry/config.json`; `~/.config` if unset.',
  XDG_STATE_HOME: 'Folder of `bucketry/uploads/`, what is remembered of unfinished uploads; `~/.local/state` if unset.',
  XDG_CACHE_HOME:
    'Folder of `bucketry/`, where Node keeps what it compiled of us for the next start; `~/.cache` if unset. `NODE_DISABLE_COMPILE_CACHE=1`: nothing is kept.',
  AWS_ENDPOINT_URL_S3: 'Endpoint of `s3://` buckets, where the place has no `?endpoint=`; else `AWS_ENDPOINT_URL`, else the profile.',
  AWS_REGION:
    'Region of `s3://` buckets, where the place has no `?region=`; else `AWS_DEFAULT_REGION`, else the profile, else us-east-1. A store that names another region is believed.',
  AWS_PROFILE: 'Profile of `~/.aws/config` (or `AWS_CONFIG_FILE`) and `~/.aws/credentials`: credentials, region and endpoint.',
  AWS_ACCESS_KEY_ID:
    'With `AWS_SECRET_ACCESS_KEY` and, for temporary ones, `AWS_SESSION_TOKEN`: the credentials. Without them, the AWS default chain (profile, SSO, container, instance) finds some.',
  R2_ACCOUNT_ID: 'Account of `r2://` buckets; else `CLOUDFLARE_ACCOUNT_ID`.',
  R2_ACCESS_KEY_ID: 'With `R2_SECRET_ACCESS_KEY`: the credentials of `r2://` buckets; else those of AWS.',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'Where OpenTelemetry spans of each run are sent (OTLP over HTTP, JSON), such as `http://localhost:4318`; none are if unset. `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_COMPRESSION`, `…_CERTIFICATE`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_EXPORTER=none` and `OTEL_SDK_DISABLED` are heeded.',
  TRACEPARENT: 'The span that calls (W3C Trace Context), with `TRACESTATE`: spans of this run belong below it.',
  NO_COLOR: 'Set to anything: no colours.',
  HTTPS_PROXY:
    'With `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not: the proxies to use, as in the tools of Docker; never for this machine.',
  DOCKER_CONFIG: 'Folder of `config.json`, with the logins at registries; `~/.docker` if unset. Those of podman are found, too.',
  REGISTRY_AUTH_FILE: 'The file of logins to use before all others, and to keep new ones in.',
};
