/** How places of images are named, for `docs/cli.md`. */
export const placesDoc: string = `## Names of places

| place | what it is | source | target |
| --- | --- | --- | --- |
| \`s3://BUCKET/NAME\` | an S3 bucket; \`?endpoint=URL\`, \`?region=REGION\`, \`?path-style=true\` | yes | yes |
| \`r2://BUCKET/NAME\` | a Cloudflare R2 bucket; account and keys from the environment | yes | yes |
| \`file:DIR//NAME\` | a directory bucket; the last \`//\` parts the folder from the repository | yes | yes |
| \`http(s)://HOST/NAME\` | a bucket that is only public | yes | no |
| \`NAME\` | in the bucket of \`--bucket\`, \`BUCKETRY_BUCKET\` or the configuration, else in \`./.bucketry/bucket\` | yes | yes |
| \`oci:DIR[:REF]\` | an OCI layout | yes | yes |
| \`oci-archive:FILE[:REF]\` | an OCI layout in a tar | yes | yes |
| \`docker-archive:FILE[:REF]\` | what \`docker save\` writes; holds one platform | yes | yes |
| \`docker-daemon:NAME[:TAG]\` | an image of the Docker daemon that \`DOCKER_HOST\` or the Docker context names; holds one platform | yes | yes |
| \`docker://HOST/NAME\` | a registry | yes | yes |

\`NAME\` is a repository and its tag or digest: \`team/app:1.0\`, \`team/app@sha256:…\`. Without a \`NAME\`, the first four are the bucket itself.

A \`FILE\` that is \`-\` is standard input or output. What must be kept to be read or written as an archive lies in the system's temporary folder meanwhile (\`TMPDIR\`): all of what comes on standard input or from the Docker daemon, all of what goes to either.`;
