/** An SP-initiated login in a browser that is logged in already: what autocannon sends for it. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

const file = (name) => readFileSync(new URL(`../test/keys/${name}`, import.meta.url), 'utf8');
const CLIENT = 'bench-sp';
const ACS = 'https://sp.example.test/saml/acs';
const SIGALG = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

/** As an SP would send it, each with an ID of its own. */
function signedQuery(url, key, number) {
  const xml =
    `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_bench${number}" Version="2.0" ` +
    `IssueInstant="${new Date().toISOString()}" Destination="${url}/samlp/${CLIENT}" AssertionConsumerServiceURL="${ACS}" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">` +
    `<saml:Issuer>https://sp.example.test/saml/metadata</saml:Issuer></samlp:AuthnRequest>`;
  const members = {
    SAMLRequest: deflateRawSync(xml).toString('base64'),
    RelayState: `state-${number}`,
    SigAlg: SIGALG,
  };
  const query = Object.entries(members)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `${query}&Signature=${encodeURIComponent(sign('sha256', Buffer.from(query), key).toString('base64'))}`;
}

async function call(url, options, expected) {
  const response = await fetch(url, { redirect: 'manual', ...options });
  if (response.status !== expected) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
const cookiesOf = (response) => response.headers.getSetCookie().map((line) => line.split(';', 1)[0]);

/** Makes the client, logs alice in, and yields the paths to ask for and the cookie to ask with. */
export async function prepareSso({ url }, requests = 200) {
  const key = createPrivateKey(file('saml-sp.key.pem'));
  const client = {
    client_id: CLIENT,
    name: 'Bench',
    callbacks: [ACS],
    addons: { samlp: { signingCert: file('saml-sp.crt.pem') } },
  };
  await call(
    `${url}/api/v2/clients`,
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(client) },
    201,
  );
  const paths = Array.from(
    { length: requests },
    (_, number) => `/samlp/${CLIENT}?${signedQuery(url, key, number)}`,
  );
  const prompt = await call(url + paths[0], {}, 303);
  const page = await call(url + prompt.headers.get('location'), {}, 200);
  const [browser] = cookiesOf(page);
  const field = (name, markup) => new RegExp(`name="${name}" value="([^"]*)"`).exec(markup)[1];
  const markup = await page.text();
  const form = new URLSearchParams({
    state: field('state', markup),
    csrf: field('csrf', markup),
    username: 'alice@example.test',
    password: 'alice-demo-password',
  });
  const headers = { cookie: browser, 'content-type': 'application/x-www-form-urlencoded' };
  const done = await call(`${url}/login`, { method: 'POST', headers, body: form.toString() }, 200);
  const cookie = [browser, ...cookiesOf(done)].join('; ');
  await call(url + paths[1], { headers: { cookie } }, 200);
  return { method: 'GET', requests: paths.map((path) => ({ path, headers: { cookie } })) };
}
