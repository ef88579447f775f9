import { registryAnswerRows } from './registry-answer-rows.ts';
import { registryLoginRows } from './registry-login-rows.ts';
import { registryManifestRows } from './registry-manifest-rows.ts';
import { describeRows } from './describe-rows.ts';

describeRows('manifests of a registry', registryManifestRows);
describeRows('answers of a registry', registryAnswerRows);
describeRows('logins of a registry', registryLoginRows);
