/** The exchange of codes at the token endpoint: a code for each request, made before the clock runs. */
import autocannon from 'autocannon';
import { cpuOfProcess, median } from './cost.mjs';

const CALLBACK = 'https://app.example.test/callback';
const SECRET = 'a secret of the machine, long enough';
/** So many /authorize requests at once. */
const AT_ONCE = 16;
/** The store of oidc-provider forgets what is beyond its thousand newest. */
const LOT = 400;

export const codeClient = {
  client_id: 'app',
  client_secret: SECRET,
  name: 'App',
  callbacks: [CALLBACK],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: 'client_secret_post',
  auto_login: 'auth0|alice',
};

/** By /authorize, as a browser that is logged in gets them. */
async function codesOfMintmark({ url }, count) {
  const query = new URLSearchParams({
    client_id: 'app',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
  });
  const ask = async (path, cookie) =>
    fetch(new URL(path, url), { redirect: 'manual', headers: cookie ? { cookie } : {} });
  const first = await ask(`/authorize?${query}`);
  const cookie = first.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const codes = [];
  const one = async () => {
    while (codes.length < count) {
      const answer = await ask(`/authorize?${query}`, cookie);
      await answer.arrayBuffer();
      const code = new URL(answer.headers.get('location'), url).searchParams.get('code');
      if (!code) throw new Error(`no code, but ${answer.status} ${answer.headers.get('location')}`);
      codes.push(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return codes.slice(0, count);
}

const codesOfOidcProvider = async ({ url }, count) => (await fetch(`${url}/codes?${count}`)).json();

const formOf = (code) =>
  String(
    new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'app',
      client_secret: SECRET,
      redirect_uri: CALLBACK,
      code,
    }),
  );

/** Microseconds of CPU that the server takes to exchange each of the codes once. */
async function exchangeAll({ child, url }, path, codes, connections) {
  const left = [...codes];
  const before = cpuOfProcess(child.pid);
  const result = await autocannon({
    url,
    connections,
    amount: codes.length,
    requests: [
      {
        method: 'POST',
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        setupRequest: (request) => ({ ...request, body: formOf(left.pop() ?? 'none') }),
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers of ${url} were not 2xx, ${result.errors} errors`);
  return {
    cpu: ((cpuOfProcess(child.pid) - before) * 1e6) / codes.length,
    perSecond: codes.length / result.duration,
  };
}

/** CPU of an exchange relative to the bare server, of either provider, and exchanges a second. The first lots warm up. */
export async function measureCodes({ bare, own, other, connections, lots, warmUp }) {
  const results = { own: [], other: [], perSecond: [] };
  for (let lot = 0; lot < warmUp + lots; lot++) {
    process.stderr.write(`\r  authorization_code: lot ${lot + 1} of ${warmUp + lots}          `);
    const base = await exchangeAll(bare, '/oauth/token', Array(LOT).fill('any'), connections);
    const mine = await exchangeAll(own, '/oauth/token', await codesOfMintmark(own, LOT), connections);
    const theirs = await exchangeAll(other, '/token', await codesOfOidcProvider(other, LOT), connections);
    if (lot < warmUp) continue;
    results.own.push(mine.cpu / base.cpu);
    results.other.push(theirs.cpu / base.cpu);
    results.perSecond.push(mine.perSecond);
  }
  process.stderr.write('\r');
  return {
    ratio: median(results.own),
    otherRatio: median(results.other),
    perSecond: median(results.perSecond),
  };
}
