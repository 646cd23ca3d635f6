import { Injectable } from '@nestjs/common';
import { OidcLoginsService } from '../login/oidc-logins.service.js';
import { Clock, Randomness } from '../login/ports.js';
import { PUSHED_REQUEST_PREFIX } from '../protocol/oauth/authorization-check.js';
import { readAuthorizationRequest } from '../protocol/oauth/authorization-request.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { PushedRequestStore } from '../storage/pushed-request-store.js';
import { tokenDigest } from '../tenant/grant.js';
import { ClientCallsService, type ClientAnswer, type ClientCall } from './client-calls.service.js';
import { DpopProofsService } from './dpop-proofs.service.js';
import type { TokenCall } from './token-call.js';
import { refuseBeyondCaps } from './waiting-caps.js';

/** RFC 9126 2.2. */
export interface PushedResponse {
  readonly request_uri: string;
  readonly expires_in: number;
}

/** Auth0 documents half a minute; the conformance rules of FAPI 2.0 have less than ten. */
const LIFETIME_IN_SECONDS = { auth0: 30, notion: 30, strict: 60 } as const;

/** As Auth0 has it: of names and values together. */
const MOST_CHARACTERS = 10_240;

/** They say who called, and no browser is to bring them along. */
const OF_CLIENT: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

const PATH = 'oauth/par';

/** Takes authorization requests from clients themselves (RFC 9126), judges them as /authorize would, and keeps them for it. */
@Injectable()
export class PushedRequestsService {
  constructor(
    private readonly calls: ClientCallsService,
    private readonly proofs: DpopProofsService,
    private readonly logins: OidcLoginsService,
    private readonly pushed: PushedRequestStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  push(call: TokenCall): Promise<ClientAnswer<PushedResponse>> {
    return this.calls.answer(call, PATH, (authenticated) => this.#keep(call, authenticated));
  }

  async #keep(call: TokenCall, { client, parameters, dialect }: ClientCall): Promise<PushedResponse> {
    const sent = [...parameters].filter(([name]) => !OF_CLIENT.has(name));
    refuseLarge(sent);
    const request: Parameters = new Map([...sent, ['client_id', client.client_id]]);
    const read = readAuthorizationRequest(request);
    await this.logins.checkPushed(read, client);
    const dpopJkt = await this.proofs.keyOf(call.dpop, { path: PATH, dialect });
    if (dpopJkt !== undefined && read.dpopJkt !== undefined && read.dpopJkt !== dpopJkt)
      throw new OAuthError(
        'dpop_proof_invalid',
        'the DPoP proof is not accepted: it is of another key than dpop_jkt names; leave dpop_jkt out, or send the thumbprint of the same key',
      );
    const lifetime = LIFETIME_IN_SECONDS[dialect];
    const now = this.clock.now();
    const { client_id: clientId } = client;
    refuseBeyondCaps(await this.pushed.waiting(clientId, now), {
      what: 'pushed requests',
      clientId,
      lifetime,
    });
    const reference = this.randomness.bytes(32).toString('base64url');
    await this.pushed.insert({
      digest: tokenDigest(reference),
      clientId,
      expiresAt: new Date(now.getTime() + lifetime * 1000).toISOString(),
      parameters: Object.fromEntries(sent),
      ...(dpopJkt !== undefined && { dpopJkt }),
    });
    return { request_uri: `${PUSHED_REQUEST_PREFIX}${reference}`, expires_in: lifetime };
  }
}

function refuseLarge(sent: readonly (readonly [string, string])[]): void {
  const size = sent.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > MOST_CHARACTERS)
    throw new OAuthError(
      'body_too_large',
      `the request has ${size} characters; at most ${MOST_CHARACTERS} can be pushed`,
    );
}
