import { configurationRows } from './configuration-rows.ts';
import { describeRows } from './describe-rows.ts';
import { loginRows } from './login-rows.ts';

describeRows('logins of the machine', loginRows);
describeRows('configurations', configurationRows);
