/** Logins over HTTP at a server of the test's own: one SAML client, one OIDC client. */
import { startTestServer, type TestServer } from '../support/server.js';

export const ACS = 'https://sp.example.test/acs';
export const AUDIENCE = 'https://sp.example.test/metadata';
export const API = 'https://api.example.test/';

const ALICE = { user_id: 'auth0|alice', email: 'alice@example.test', name: 'Alice Minter' };

export interface Issued {
  readonly id: string;
  readonly status: string;
  readonly result: {
    readonly SAMLResponse: string;
    readonly id_token: string;
    readonly access_token: string;
  };
}
export interface LoginServer extends TestServer {
  /** A login, completed unless the body says otherwise. */
  readonly login: (body?: Readonly<Record<string, unknown>>) => Promise<Issued>;
}

export async function startLoginServer(): Promise<LoginServer> {
  const server = await startTestServer();
  for (const client of [
    { client_id: 'sp', name: 'SP', callbacks: [ACS], addons: { samlp: { audience: AUDIENCE } } },
    { client_id: 'app', name: 'App', callbacks: ['https://app.example.test/callback'] },
  ]) {
    const { status } = await server.api('POST', '/api/v2/clients', client);
    if (status !== 201) throw new Error(`the client ${client.client_id} was answered with ${status}`);
  }
  return {
    ...server,
    login: async (body = {}) => {
      const { status, body: issued } = await server.api<Issued>('POST', '/api/transactions', {
        protocol: 'samlp',
        client_id: body['protocol'] === 'oidc' ? 'app' : 'sp',
        user: ALICE,
        complete: true,
        ...body,
      });
      if (status !== 201) throw new Error(JSON.stringify(issued));
      return issued;
    },
  };
}
