import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IdentityProviderService } from '../../login/identity-provider.service.js';
import type { IdentityProvider } from '../../login/identity-provider.js';
import { BaseUrl, Clock, Randomness } from '../../login/ports.js';
import { ServiceProvidersService } from '../../login/service-providers.service.js';
import { buildLogoutRequest } from '../../protocol/saml/logout-request.js';
import { buildLogoutResponse } from '../../protocol/saml/logout-response.js';
import { STATUS } from '../../protocol/saml/names.js';
import {
  receivedByPost,
  receivedByRedirect,
  type ReceivedMessage,
} from '../../protocol/saml/received-message.js';
import { writeRedirect } from '../../protocol/saml/redirect-binding.js';
import type { XmlElement } from '../../protocol/xml/element.js';
import { serialise } from '../../protocol/xml/writer.js';
import { ClientStore } from '../../storage/client-store.js';
import { isSecure, redirect } from '../login/answer.js';
import { sendPage } from '../pages/page.js';
import { queryOf } from '../saml/query.js';
import { readLogin, readRequests, writeLogin, writeRequests } from './demo-cookies.js';
import { acsPage, demoPage, loggedOutPage } from './demo-pages.js';
import {
  DEMO_CLIENT_ID,
  DEMO_NAME,
  demoAuthnRequest,
  demoMetadata,
  demoRelayState,
  demoSpAt,
  type DemoSp,
} from './demo-sp.js';
import { isLogoutRequest, receiveLogout } from './receive-logout.js';
import { receiveResponse } from './receive-response.js';

/** So long a LogoutRequest may be on its way. */
const REQUEST_LIFETIME_MS = 300_000;

type Asked = Readonly<Record<string, unknown>>;

interface Registered {
  readonly sp: DemoSp;
  readonly idp: IdentityProvider;
  readonly clientId: string;
}

/** `/demo/sp`: the demo service provider. */
@ApiExcludeController()
@Controller('demo/sp')
export class DemoController {
  constructor(
    private readonly clients: ClientStore,
    private readonly serviceProviders: ServiceProvidersService,
    private readonly identityProvider: IdentityProviderService,
    private readonly baseUrl: BaseUrl,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  home(
    @Query() query: Asked,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return asPage(reply, async () => {
      const moved = this.#whereCookiesReach(request, query, '/demo/sp');
      if (moved !== null) return redirect(reply, moved);
      const { sp, clientId } = await this.#registered();
      return demoPage({ sp, clientId, login: readLogin(request) });
    });
  }

  @Get('metadata')
  async metadata(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { sp } = await this.#registered();
    reply.headers({
      'content-type': 'application/samlmetadata+xml',
      'content-disposition': 'inline; filename="mintmark-demo-sp.xml"',
    });
    return demoMetadata(sp);
  }

  /** Begins a login, by HTTP-Redirect. */
  @Get('login')
  async login(
    @Query() query: Asked,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const moved = this.#whereCookiesReach(request, query, '/demo/sp/login');
    if (moved !== null) return redirect(reply, moved);
    const { sp, idp, clientId } = await this.#registered();
    const id = this.#newId();
    const xml = demoAuthnRequest(sp, {
      id,
      issueInstant: this.clock.now(),
      destination: idp.ssoUrl,
      forceAuthn: query['ForceAuthn'] === 'true',
      isPassive: query['IsPassive'] === 'true',
    });
    writeRequests(reply, [...readRequests(request), id], this.#secure);
    return redirect(
      reply,
      `${ssoPath(clientId)}?${writeRedirect('SAMLRequest', xml, { relayState: demoRelayState(id) })}`,
    );
  }

  /** Assertion consumer service. */
  @Post('acs')
  @HttpCode(200)
  acs(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return asPage(reply, async () => {
      const { sp, idp } = await this.#registered();
      const requests = readRequests(request);
      const received = receiveResponse(formOf(body), { sp, idp, requests, now: this.clock.now() });
      const { accepted, answers } = received;
      if (answers !== null)
        writeRequests(
          reply,
          requests.filter((id) => id !== answers),
          this.#secure,
        );
      if (accepted) {
        const { nameId, sessionIndex } = accepted;
        const login = {
          nameId: nameId.value ?? '',
          format: nameId.format ?? '',
          sessionIndex: sessionIndex ?? '',
        };
        writeLogin(reply, login, this.#secure);
      }
      return acsPage(received, answers === null ? null : demoRelayState(answers));
    });
  }

  /** Ends the session here, and asks the identity provider to end it everywhere. */
  @Get('logout')
  async logout(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const login = readLogin(request);
    if (!login) return asPage(reply, () => Promise.resolve(loggedOutPage(null)));
    const { sp, idp, clientId } = await this.#registered();
    const id = this.#newId();
    const now = this.clock.now();
    writeLogin(reply, null, this.#secure);
    writeRequests(reply, [...readRequests(request), id], this.#secure);
    const message = buildLogoutRequest({
      id,
      issuer: sp.entityId,
      issueInstant: now,
      destination: idp.sloUrl,
      notOnOrAfter: new Date(now.getTime() + REQUEST_LIFETIME_MS),
      nameId: { value: login.nameId, format: login.format },
      sessionIndex: login.sessionIndex,
    });
    return send(reply, clientId, 'SAMLRequest', message, demoRelayState(id));
  }

  @Get('slo')
  sloByRedirect(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#slo(() => receivedByRedirect(queryOf(request)), request, reply);
  }

  @Post('slo')
  @HttpCode(200)
  sloByPost(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.#slo(() => receivedByPost(formOf(body)), request, reply);
  }

  #slo(receive: () => ReceivedMessage | null, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    return asPage(reply, async () => {
      const { sp, idp, clientId } = await this.#registered();
      const now = this.clock.now();
      const received = receive();
      const message = receiveLogout(received, { sp, idp, now });
      if (!isLogoutRequest(message)) {
        const waiting = readRequests(request).filter((id) => id !== message.inResponseTo);
        writeRequests(reply, waiting, this.#secure);
        return loggedOutPage(message);
      }
      const { id: inResponseTo, nameId } = message;
      if (readLogin(request)?.nameId === nameId.value) writeLogin(reply, null, this.#secure);
      const answer = buildLogoutResponse({
        id: this.#newId(),
        issuer: sp.entityId,
        issueInstant: now,
        destination: idp.sloUrl,
        inResponseTo,
        status: { code: STATUS.success },
      });
      return send(reply, clientId, 'SAMLResponse', answer, received?.RelayState);
    });
  }

  /** Imports its own metadata where nobody has: at first, and when the base URL is another. */
  async #registered(): Promise<Registered> {
    const sp = demoSpAt(this.baseUrl.value);
    const [known] = await this.clients.findByEntityId(sp.entityId);
    const client =
      known ??
      (
        await this.serviceProviders.import(
          { xml: demoMetadata(sp) },
          { name: DEMO_NAME, client_id: DEMO_CLIENT_ID },
        )
      ).client;
    const { idp } = await this.identityProvider.ofClient(client.client_id);
    return { sp, idp, clientId: client.client_id };
  }

  /**
   * The response comes to the base URL, and with it only the cookies of its host: a browser that knows us by another name is sent there,
   * once, since behind a proxy the Host header may always be another.
   */
  #whereCookiesReach({ headers }: FastifyRequest, query: Asked, path: string): string | null {
    const { value: baseUrl } = this.baseUrl;
    if (headers.host === new URL(baseUrl).host || query['at'] !== undefined) return null;
    const wishes = ['ForceAuthn', 'IsPassive'].filter((name) => query[name] === 'true');
    return `${baseUrl}${path}?${[...wishes.map((name) => `${name}=true`), 'at=base'].join('&')}`;
  }

  /** SAML Core 1.3.4. */
  #newId(): string {
    return `_${this.randomness.bytes(20).toString('hex')}`;
  }

  get #secure(): boolean {
    return isSecure(this.baseUrl.value);
  }
}

/** From `/demo/sp/…`, relative: under whatever name and prefix the browser knows us. */
const ssoPath = (clientId: string): string => `../../samlp/${encodeURIComponent(clientId)}`;

const send = (
  reply: FastifyReply,
  clientId: string,
  name: 'SAMLRequest' | 'SAMLResponse',
  message: XmlElement,
  relayState: string | undefined,
): string =>
  redirect(reply, `${ssoPath(clientId)}/logout?${writeRedirect(name, serialise(message), { relayState })}`);

const formOf = (body: unknown): string => (typeof body === 'string' ? body : '');

/** Somebody's page, and nobody else's; where the work led elsewhere there is none. */
async function asPage(reply: FastifyReply, content: () => Promise<string>): Promise<string> {
  const markup = await content();
  if (markup === '') return markup;
  reply.header('cache-control', 'no-store');
  return sendPage(reply, markup);
}
