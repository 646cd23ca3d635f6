/**
 * From an effective configuration to the bytes of a Response: defaults, checks, the assertion, and one of the protection
 * modes of saml-output.md 3.3. Pure: the clock, ids, keys and randomness are arguments. Throws SamlError and then has
 * signed nothing; whoever calls it answers with `issueErrorResponse`.
 */
import { BLOCK_CIPHERS, DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { encryptElement } from '../xml/encryption.js';
import { element, type XmlElement } from '../xml/element.js';
import { signEnveloped, type SignatureMethods, type SigningPair } from '../xml/signature.js';
import { serialise } from '../xml/writer.js';
import { buildAssertion, SIGNATURE_INDEX } from './assertion.js';
import { mapAttributes } from './attributes.js';
import {
  checkAttributes,
  checkNameID,
  checkText,
  settingFault,
  settingPointer,
} from './configuration-rules.js';
import { secondsFrom } from './instant.js';
import { fingerprint } from './key-pairs.js';
import type { EffectiveConfiguration } from './layers.js';
import { findNameID } from './name-id.js';
import { buildErrorResponse, buildResponse, type ResponseParts, type SamlStatus } from './response.js';
import { checkWishes } from './request-wishes.js';
import type { IssuedResponse, LoginContext, Pairs, ResponseContext } from './response-context.js';
import { SamlError } from './saml-error.js';
import type { SettingName } from './settings.js';
import { findWarnings } from './warnings.js';

/** `random(n)` yields n secret random bytes, for encryption only. */
export function issueResponse(
  context: LoginContext,
  pairs: Pairs,
  random: (bytes: number) => Buffer,
): IssuedResponse {
  const { configuration, ids, now } = context;
  const { settings } = configuration;
  const attributes = mapAttributes(context.profile, configuration, context.unmappedClaimPrefix);
  checkAttributes(attributes, configuration);
  const nameID = findNameID(context.profile, attributes, configuration, context.unmappedClaimPrefix);
  checkNameID(nameID);
  const texts = {
    issuer: settings.issuer.value ?? context.entityId,
    audience: settings.audience.value ?? context.request?.issuer ?? context.fallbackAudience,
    recipient: settings.recipient.value ?? context.acsUrl,
    destination: settings.destination.value ?? context.acsUrl,
    nameIdentifierFormat: nameID.format,
    authnContextClassRef: classRef(context),
  };
  checkText(texts, configuration);
  checkWishes(context, { nameID, authnContextClassRef: texts.authnContextClassRef });
  const at = (name: 'lifetimeInSeconds' | 'notBeforeSkewInSeconds' | 'sessionLifetimeInSeconds') => ({
    name,
    pointer: settingPointer(settings[name].layer, name),
  });
  const lifetime = settings.lifetimeInSeconds.value ?? 3600;
  const sessionLifetime = settings.sessionLifetimeInSeconds.value;
  const assertion = buildAssertion({
    id: ids.assertion,
    issueInstant: now,
    notBefore: secondsFrom(now, -(settings.notBeforeSkewInSeconds.value ?? 0), at('notBeforeSkewInSeconds')),
    notOnOrAfter: secondsFrom(now, lifetime, at('lifetimeInSeconds')),
    nameID,
    inResponseTo: context.request?.id,
    authnInstant: context.authenticatedAt,
    sessionIndex: ids.sessionIndex,
    sessionNotOnOrAfter:
      sessionLifetime === undefined
        ? undefined
        : secondsFrom(context.authenticatedAt, sessionLifetime, at('sessionLifetimeInSeconds')),
    attributes,
    typedAttributes: settings.typedAttributes.value ?? true,
    includeAttributeNameFormat: settings.includeAttributeNameFormat.value ?? true,
    ...texts,
  });
  const protectedResponse = protect(
    responseParts(context, texts.issuer, texts.destination),
    assertion,
    configuration,
    pairs,
    random,
  );
  const relayState = settings.relayState.value ?? context.relayState;
  return {
    relayState,
    nameID,
    attributes,
    warnings: findWarnings({ context, pairs, nameID, attributes, texts, relayState }),
    ...protectedResponse,
  };
}

/**
 * An error Response; signed where the settings sign Responses or errors, and `pair` is there to do it.
 * It must arrive even when the settings are what is wrong: a text that cannot be written gives way to its default.
 */
export function issueErrorResponse(
  context: ResponseContext,
  status: SamlStatus,
  pair: SigningPair | null,
): string {
  const { settings } = context.configuration;
  const issuer = writable('issuer', settings.issuer.value) ?? context.entityId;
  const destination = writable('destination', settings.destination.value) ?? context.acsUrl;
  const response = buildErrorResponse(responseParts(context, issuer, destination), status);
  const wanted = settings.signResponse.value || settings.signBoth.value || settings.signErrors.value;
  return serialise(wanted && pair ? signedIfPossible(response, pair, context.configuration) : response);
}
/** An algorithm that this machine forbids is a failure of its own; told unsigned it is still told. */
function signedIfPossible(
  response: XmlElement,
  pair: SigningPair,
  configuration: EffectiveConfiguration,
): XmlElement {
  try {
    return signEnveloped(response, SIGNATURE_INDEX, pair, methodsOf(configuration));
  } catch (error) {
    if (error instanceof SamlError) return response;
    throw error;
  }
}
const writable = (name: SettingName, text: string | undefined): string | undefined =>
  text === undefined || settingFault(name, text) ? undefined : text;

const responseParts = (context: ResponseContext, issuer: string, destination: string): ResponseParts => ({
  id: context.ids.response,
  issuer,
  issueInstant: context.now,
  destination,
  inResponseTo: context.request?.id,
});

/**
 * The modes: A signs the assertion, B the response instead, C signs the assertion and then encrypts it, D encrypts it and
 * signs the response over the ciphertext; `signBoth` signs both, from the inside out.
 */
function protect(
  parts: ResponseParts,
  assertion: XmlElement,
  configuration: EffectiveConfiguration,
  { own, tenant, encryption }: Pairs,
  random: (bytes: number) => Buffer,
): Pick<IssuedResponse, 'xml' | 'assertionXml' | 'signed' | 'encryptedWith'> {
  const { settings } = configuration;
  const pair = own?.pair ?? tenant;
  const methods = methodsOf(configuration);
  const signResponse = settings.signResponse.value || settings.signBoth.value;
  const signAssertion = !settings.signResponse.value || settings.signBoth.value;
  const inner = signAssertion ? signEnveloped(assertion, SIGNATURE_INDEX, pair, methods) : assertion;
  const plaintext = encryption ? serialise(inner) : null;
  const content =
    encryption && plaintext !== null
      ? element('saml:EncryptedAssertion', {}, [
          encryptElement(
            plaintext,
            encryption.pair,
            BLOCK_CIPHERS[settings.encryptionAlgorithm.value ?? 'aes256-cbc'],
            random,
          ),
        ])
      : inner;
  const response = buildResponse(parts, content);
  return {
    xml: serialise(signResponse ? signEnveloped(response, SIGNATURE_INDEX, pair, methods) : response),
    assertionXml: plaintext,
    signed: [
      ...(signAssertion ? (['assertion'] as const) : []),
      ...(signResponse ? (['response'] as const) : []),
    ],
    encryptedWith: encryption ? fingerprint(encryption.certificate) : null,
  };
}

export const methodsOf = ({ settings }: EffectiveConfiguration): SignatureMethods => ({
  signature: SIGNATURE_ALGORITHMS[settings.signatureAlgorithm.value ?? 'rsa-sha256'],
  digest: DIGEST_ALGORITHMS[settings.digestAlgorithm.value ?? 'sha256'],
  inclusive: settings.inclusiveNamespaces.value ? ['xs'] : [],
});

/** authnContextClassRef as set; else, where the client wants it, the first class that was requested; else the default. */
function classRef({ configuration: { settings }, request }: ResponseContext): string {
  const { authnContextClassRef, echoRequestedAuthnContext } = settings;
  const requested = request?.requestedAuthnContext?.classRefs[0];
  if (authnContextClassRef.layer === 'default' && echoRequestedAuthnContext.value && requested !== undefined)
    return requested;
  return authnContextClassRef.value ?? '';
}
