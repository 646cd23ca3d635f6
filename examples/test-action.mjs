/**
 * Tries the file of an Action in a login that leaves nothing behind, and ends with 0 if the login ends as expected: for a test suite, or
 * to be run at each save. It changes nothing on the server.
 *
 *   node examples/test-action.mjs [server] [file] [options]
 *   node examples/test-action.mjs http://127.0.0.1:3000 deny-weekends.js --expect denied --event sunday.json
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // completed, denied, redirected or failed
    expect: { type: 'string', default: 'completed' },
    // samlp, oidc, or client_credentials, in which nobody logs in
    protocol: { type: 'string', default: 'samlp' },
    client: { type: 'string' },
    user: { type: 'string', default: 'auth0|alice' },
    // NAME=value, as often as there are secrets
    secret: { type: 'string', multiple: true, default: [] },
    // name=version of a package, installed where MINTMARK_ACTION_MODULES says
    dependency: { type: 'string', multiple: true, default: [] },
    // a JSON file with what the Action is to find in event, over what the login itself says
    event: { type: 'string' },
    // onContinuePostLogin tries the way back from a redirect
    handler: { type: 'string' },
    // where the server wants an admin token
    token: { type: 'string' },
  },
});
const example = fileURLToPath(new URL('actions/send-roles.js', import.meta.url));
const [server = 'http://127.0.0.1:3000', file = example] = positionals;
const secrets = file === example ? ['ROLE_PREFIX=mint:', ...values.secret] : values.secret;
const isExchange = values.protocol === 'client_credentials';

const named = (pairs) =>
  Object.fromEntries(pairs.map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));

/** A file that is not there, JSON that is none, a server that does not answer. */
const giveUp = (error) => {
  console.error(error.cause ? `${server}: ${error.cause.message}` : error.message);
  process.exit(2);
};
const code = await readFile(file, 'utf8').catch(giveUp);
const event = values.event && (await readFile(values.event, 'utf8').then(JSON.parse).catch(giveUp));

const response = await fetch(`${server}/api/actions/test`, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(values.token && { authorization: `Bearer ${values.token}` }),
  },
  body: JSON.stringify({
    protocol: values.protocol,
    client_id: values.client ?? (values.protocol === 'samlp' ? 'demo-sp' : 'demo-app'),
    ...(!isExchange && { user: { user_id: values.user } }),
    ...(event && { event }),
    action: {
      code,
      file: basename(file),
      secrets: named(secrets),
      dependencies: named(values.dependency),
      ...(values.handler && { handler: values.handler }),
    },
  }),
}).catch(giveUp);
const answer = await response.json();

// A file that cannot be parsed, a package that is missing, a client that is not there.
if (!response.ok) {
  console.error(answer.detail);
  process.exit(2);
}

const { outcome, reason, failure, calls, effects } = answer;
for (const { level, text } of answer.console) console.log(`${level}: ${text}`);
for (const { call, args, line, threw } of calls)
  console.log(
    `${basename(file)}:${line}: ${call}(${args.map((argument) => JSON.stringify(argument)).join(', ')})${threw ? ` threw ${threw}` : ''}`,
  );
console.log('asks for', JSON.stringify(effects, null, 2));
if (failure?.stack) console.log(failure.stack);
else if (reason !== null) console.log(reason);

if (outcome !== values.expect) {
  console.error(`The login is ${outcome}, and was to be ${values.expect}.`);
  process.exit(1);
}
const who = isExchange ? 'the client' : values.user;
console.log(outcome === 'completed' ? `${who} is logged in.` : `${who} is ${outcome}, as expected.`);
