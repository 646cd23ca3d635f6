/** What the assertion says, against what the SP expects (SAML Profiles 4.1.4.2, 4.1.4.3). */
import { readInstant } from '../instant.js';
import { BEARER, NAME_ID_FORMATS } from '../names.js';
import type { Element } from '../../xml/parse.js';
import { attribute, childAt, childElements, childNamed, childrenNamed, text } from '../../xml/reading.js';
import {
  fail,
  pass,
  quote,
  skip,
  step,
  type Evidence,
  type Finding,
  type VerifyOptions,
} from './evidence.js';

export const issuer = step(
  'issuer',
  ['response', 'assertion'],
  ({ response, assertion }, { issuer: expected }) => {
    const ofResponse = text(childNamed(response, 'saml:Issuer'));
    const ofAssertion = text(childNamed(assertion, 'saml:Issuer'));
    const data = {
      response: ofResponse,
      assertion: ofAssertion,
      ...(expected !== undefined && { expected }),
    };
    if (!ofAssertion?.trim())
      return fail(
        'The Assertion has no Issuer.',
        'It must name the IdP: `issuer`, or the tenant’s entity_id.',
        { data },
      );
    if (ofResponse !== undefined && ofResponse !== ofAssertion)
      return fail(
        `The Response is from ${quote(ofResponse)}, the Assertion from ${quote(ofAssertion)}.`,
        'Both must be the IdP’s entity ID (SAML Profiles 4.1.4.2): an assertion of another was put in.',
        { data },
      );
    if (expected !== undefined && ofAssertion !== expected)
      return fail(
        `It is from ${quote(ofAssertion)}, not from ${quote(expected)}.`,
        'Set `issuer` (api.samlResponse.setIssuer), or the tenant’s entity_id, to the name under which the SP knows the IdP. The two are compared character for character.',
        { data },
      );
    return pass(
      `${quote(ofAssertion)}${ofResponse === undefined ? ', in the Assertion only' : ', in both'}.`,
      {
        data,
      },
    );
  },
);

export const nameId = step('name_id', ['assertion'], ({ assertion }) => {
  const subject = childNamed(assertion, 'saml:Subject');
  const element = childNamed(subject, 'saml:NameID');
  if (!element && childNamed(subject, 'saml:EncryptedID')) return skip('The NameID is encrypted on its own.');
  const value = text(element);
  const format = attribute(element, 'Format');
  if (!element || !value?.trim())
    return fail(
      element ? 'The NameID is blank.' : 'There is no NameID.',
      'None of `nameIdentifierProbes` had a value.',
      { data: { format } },
    );
  if (childElements(element).length > 0)
    return fail('There is an element inside the NameID.', 'It holds text only (SAML Core 2.2.3).');
  const data = { value, format };
  const mislabelled = format === NAME_ID_FORMATS.emailAddress && !/^[^\s@]+@[^\s@]+$/.test(value);
  return pass(`${quote(value)}, ${format ?? 'no Format'}.`, {
    data,
    ...(mislabelled && {
      hint: 'The Format says emailAddress, and this is none: `nameIdentifierFormat` only labels, `nameIdentifierProbes` choose the value.',
    }),
  });
});

const bearers = (assertion: Element): Element[] =>
  childrenNamed(childNamed(assertion, 'saml:Subject') ?? assertion, 'saml:SubjectConfirmation').filter(
    (confirmation) => attribute(confirmation, 'Method') === BEARER,
  );
/** The bearer confirmation that is looked at: the first, as SPs do. */
const confirmationData = (assertion: Element): Element | undefined =>
  childNamed(bearers(assertion)[0], 'saml:SubjectConfirmationData');

export const subjectConfirmation = step('subject_confirmation', ['assertion'], ({ assertion }) => {
  const data = confirmationData(assertion);
  const found = {
    recipient: attribute(data, 'Recipient'),
    notOnOrAfter: attribute(data, 'NotOnOrAfter'),
    notBefore: attribute(data, 'NotBefore'),
    inResponseTo: attribute(data, 'InResponseTo'),
  };
  const faults = [
    bearers(assertion).length === 0 && 'there is no SubjectConfirmation with the method bearer',
    bearers(assertion).length > 0 && !data && 'it has no SubjectConfirmationData',
    data && !found.recipient && 'it has no Recipient (`recipient`)',
    data && found.notOnOrAfter === undefined && 'it has no NotOnOrAfter (`lifetimeInSeconds`)',
    found.notOnOrAfter !== undefined &&
      readInstant(found.notOnOrAfter) === undefined &&
      'its NotOnOrAfter is no UTC instant',
    found.notBefore !== undefined && 'it has a NotBefore, which is not allowed there',
  ].filter((fault) => typeof fault === 'string');
  if (faults.length > 0)
    return fail(
      `Bearer confirmation: ${faults.join('; ')}.`,
      'The profile wants bearer with Recipient and NotOnOrAfter (SAML Profiles 4.1.4.2).',
      { data: found },
    );
  return pass(`Bearer, for ${quote(found.recipient)} until ${found.notOnOrAfter}.`, { data: found });
});

/** Everything that depends on the clock, in one step: an expired response fails here and nowhere else. */
export const conditions = step(
  'conditions',
  ['assertion'],
  ({ assertion }, { now, clockSkewInSeconds = 0 }) => {
    const element = childNamed(assertion, 'saml:Conditions');
    const times = {
      notBefore: attribute(element, 'NotBefore'),
      notOnOrAfter: attribute(element, 'NotOnOrAfter'),
      confirmationNotOnOrAfter: attribute(confirmationData(assertion), 'NotOnOrAfter'),
    };
    const clock = Number.isNaN(now.getTime()) ? 'no instant' : now.toISOString();
    const data = { now: clock, clockSkewInSeconds, ...times };
    if (!element)
      return fail(
        'There are no Conditions.',
        'An assertion without end and audience is good forever and for all.',
        { data },
      );
    for (const [name, value] of Object.entries(times))
      if (value !== undefined && readInstant(value) === undefined)
        return fail(
          `${name} ${quote(value)} is no UTC instant.`,
          'It must be like 2030-01-31T12:00:00Z (SAML Core 1.3.3).',
          { data },
        );
    const skew = clockSkewInSeconds * 1000;
    const start = instant(times.notBefore, -Infinity);
    const end = Math.min(
      instant(times.notOnOrAfter, Infinity),
      instant(times.confirmationNotOnOrAfter, Infinity),
    );
    if (end <= start)
      return fail(
        `It ends at ${iso(end)}, not after it begins at ${iso(start)}: it was never valid.`,
        'Its lifetime is zero or negative: set `lifetimeInSeconds` (api.samlResponse.setLifetimeInSeconds) to more than 0.',
        { data },
      );
    if (!(now.getTime() + skew >= start))
      return fail(
        `It begins at ${times.notBefore}, and it is ${clock}.`,
        'The SP’s clock is behind, or `now` of the transaction lies in the future: allow a clock skew, or back-date NotBefore.',
        { data },
      );
    if (!(now.getTime() - skew < end))
      return fail(
        `It ended at ${iso(end)}, and it is ${clock}.`,
        'It is expired: `lifetimeInSeconds` is too short for the time the response took, `now` of the transaction lies in the past, or the clocks differ.',
        { data },
      );
    return pass(
      `Valid from ${times.notBefore ?? 'ever'} until ${end === Infinity ? 'ever' : iso(end)}; it is ${clock}.`,
      {
        data,
      },
    );
  },
);
const instant = (value: string | undefined, otherwise: number): number =>
  (value === undefined ? undefined : readInstant(value)) ?? otherwise;
const iso = (milliseconds: number): string =>
  Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : 'no time';

/** Several restrictions must all be met, several audiences of one are a choice (SAML Core 2.5.1.4). */
export const audience = step('audience', ['assertion'], ({ assertion }, { audience: expected }) => {
  const restrictions = childrenNamed(
    childNamed(assertion, 'saml:Conditions') ?? assertion,
    'saml:AudienceRestriction',
  ).map((restriction) => childrenNamed(restriction, 'saml:Audience').map((element) => text(element) ?? ''));
  const data = { audiences: restrictions.flat(), expected };
  if (expected === undefined)
    return skip(
      restrictions.length === 0
        ? 'It is for any audience.'
        : `It is for ${data.audiences.map(quote).join(', ')}; none was expected.`,
      { data },
    );
  if (restrictions.length === 0)
    return fail(
      'There is no AudienceRestriction.',
      `The SP ${quote(expected)} must be named: set \`audience\` (api.samlResponse.setAudience).`,
      { data },
    );
  if (!restrictions.every((audiences) => audiences.includes(expected)))
    return fail(
      `It is for ${data.audiences.map(quote).join(', ')}, not for ${quote(expected)}.`,
      'Set `audience` (api.samlResponse.setAudience) to the SP’s entity ID; without it the Issuer of the request is taken. The two are compared character for character.',
      { data },
    );
  return pass(`${quote(expected)}.`, { data });
});

const address = (
  name: 'destination' | 'recipient',
  where: string,
  setter: string,
  needs: readonly (keyof Evidence)[],
  read: (evidence: Evidence) => string | undefined,
  mayBeAbsent: (evidence: Evidence) => boolean = () => false,
) =>
  step(name, needs, (evidence, options): Finding => {
    const actual = read(evidence);
    const expected = options[name];
    const data = { actual, expected };
    if (expected === undefined) return skip(`${where} is ${quote(actual)}; none was expected.`, { data });
    if (actual === undefined && mayBeAbsent(evidence))
      return skip(`There is no ${where}, and none is needed where the Response is not signed.`, { data });
    if (actual !== expected)
      return fail(
        `${where} is ${quote(actual)}, not ${quote(expected)}.`,
        `Set \`${name}\` (api.samlResponse.${setter}) to the URL that the SP receives at; without it the ACS URL of the request is taken, else the client’s first callback. The two are compared character for character.`,
        { data },
      );
    return pass(`${quote(expected)}.`, { data });
  });

/** Optional by SAML Core 3.2.2, mandatory in a signed message by SAML Bindings 3.5.5.2. */
export const destination = address(
  'destination',
  'Response/@Destination',
  'setDestination',
  ['response'],
  ({ response }) => attribute(response, 'Destination'),
  ({ Response }) => Response === undefined,
);
export const recipient = address(
  'recipient',
  'SubjectConfirmationData/@Recipient',
  'setRecipient',
  ['assertion'],
  ({ assertion }) => attribute(confirmationData(assertion!), 'Recipient'),
);

/** SAML Profiles 4.1.4.3, 4.1.5: in both places the ID of the request, or in neither. */
export const inResponseTo = step(
  'in_response_to',
  ['response'],
  ({ response, assertion }, { inResponseTo: expected }: VerifyOptions) => {
    const ofResponse = attribute(response, 'InResponseTo');
    const data = assertion && confirmationData(assertion);
    const ofConfirmation = attribute(data, 'InResponseTo');
    const found = { response: ofResponse, subjectConfirmation: ofConfirmation, expected };
    if (assertion && ofResponse !== ofConfirmation)
      return fail(
        `The Response answers ${quote(ofResponse)}, its SubjectConfirmationData ${quote(ofConfirmation)}.`,
        'Both must name the same request, or none: they come from two logins.',
        { data: found },
      );
    if (expected === undefined)
      return skip(`It answers ${quote(ofResponse)}; none was expected.`, { data: found });
    if (expected === null)
      return ofResponse === undefined
        ? pass('It answers no request, as expected.', { data: found })
        : fail(
            `It answers the request ${quote(ofResponse)}, and none was expected.`,
            'An IdP-initiated response has no InResponseTo: begin the transaction without a SAMLRequest.',
            { data: found },
          );
    if (ofResponse !== expected)
      return fail(
        `It answers ${quote(ofResponse)}, not the request ${quote(expected)}.`,
        ofResponse === undefined
          ? 'It is unsolicited (IdP-initiated): give the transaction the SAMLRequest.'
          : 'It belongs to another login: replayed, or two browser windows crossed.',
        { data: found },
      );
    return pass(`It answers ${quote(expected)}.`, { data: found });
  },
);

/** Reported, never judged: when and how the user logged in, and until when that holds. */
export const authnStatement = step('authn_statement', ['assertion'], ({ assertion }, { now }) => {
  const statement = childNamed(assertion, 'saml:AuthnStatement');
  const data = {
    authnInstant: attribute(statement, 'AuthnInstant'),
    sessionIndex: attribute(statement, 'SessionIndex'),
    sessionNotOnOrAfter: attribute(statement, 'SessionNotOnOrAfter'),
    authnContextClassRef: text(childAt(statement, 'saml:AuthnContext', 'saml:AuthnContextClassRef')),
  };
  const sessionIsOver = now.getTime() >= instant(data.sessionNotOnOrAfter, Infinity);
  if (!statement)
    return fail('There is no AuthnStatement.', 'The profile wants one (SAML Profiles 4.1.4.2).', { data });
  return pass(`Logged in at ${data.authnInstant}, ${data.authnContextClassRef ?? 'no class'}.`, {
    data,
    ...(sessionIsOver && {
      hint: 'SessionNotOnOrAfter has passed, so the session is over (SAML Core 2.7.2): some SPs refuse that, others log out at once. Set `sessionLifetimeInSeconds` to more, or leave it out.',
    }),
  });
});
