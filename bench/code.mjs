/** The exchange of codes: a code for each request, made before the clock runs, by /authorize in a browser that is logged in. */
import autocannon from 'autocannon';
import { cpuOfProcess } from './cost.mjs';

const CALLBACK = 'https://app.example.test/callback';
export const SECRET = 'a secret of the machine, long enough';
/** So many /authorize requests at once. */
const AT_ONCE = 16;

export const codeClient = {
  client_id: 'app',
  client_secret: SECRET,
  name: 'App',
  callbacks: [CALLBACK],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: 'client_secret_post',
  auto_login: 'auth0|alice',
};

/** From Mintmark, as a browser that follows its redirects gets them. */
export async function codesOfMintmark({ url }, count) {
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
      let answer = await ask(`/authorize?${query}`, cookie);
      await answer.arrayBuffer();
      const code = new URL(answer.headers.get('location'), url).searchParams.get('code');
      if (!code) throw new Error(`no code, but ${answer.status} ${answer.headers.get('location')}`);
      codes.push(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return codes;
}

export const codesOfOidcProvider = async ({ url }, count) => (await fetch(`${url}/codes?${count}`)).json();

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
export async function exchangeAll({ child, url }, path, codes, connections) {
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
