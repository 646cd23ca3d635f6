/**
 * What a request wishes the assertion to say: a NameID of some format, a class of authentication, a certain user
 * (saml-output.md 9.3, 9.6, 9.7). A wish that is not met is refused where the settings are strict, else warnings.ts tells of it.
 */
import { satisfies } from './authn-context-classes.js';
import type { AuthnRequest } from './authn-request.js';
import type { NameID } from './name-id.js';
import { NAME_ID_FORMATS } from './names.js';
import { quote } from './quote.js';
import type { LoginContext } from './response-context.js';
import { SamlError } from './saml-error.js';

/** What the assertion is about to say. */
export interface Granted {
  readonly nameID: Pick<NameID, 'value' | 'format'>;
  readonly authnContextClassRef: string;
}

type NameIDPolicy = NonNullable<AuthnRequest['nameIDPolicy']>;
type Subject = NonNullable<AuthnRequest['subject']>;
type RequestedAuthnContext = NonNullable<AuthnRequest['requestedAuthnContext']>;

/**
 * Throws SamlError `saml_name_id_policy` under `strictNameIDPolicy`, `saml_unknown_principal` where `subjectMustMatch`, and
 * `saml_no_authn_context` under `strictRequestedAuthnContext`.
 */
export function checkWishes(
  context: Pick<LoginContext, 'request' | 'configuration' | 'subjectMustMatch'>,
  { nameID, authnContextClassRef }: Granted,
): void {
  const { nameIDPolicy, subject, requestedAuthnContext } = context.request ?? {};
  const { strictNameIDPolicy, strictRequestedAuthnContext } = context.configuration.settings;
  if (strictNameIDPolicy.value && nameIDPolicy && !isNameIDPolicyMet(nameIDPolicy, nameID))
    throw new SamlError('saml_name_id_policy', nameIDPolicyUnmet(nameIDPolicy, nameID));
  if (context.subjectMustMatch && subject && !isSubjectMet(subject, nameID))
    throw new SamlError('saml_unknown_principal', subjectUnmet(subject, nameID));
  if (
    strictRequestedAuthnContext.value &&
    requestedAuthnContext &&
    !isAuthnContextMet(requestedAuthnContext, authnContextClassRef)
  )
    throw new SamlError(
      'saml_no_authn_context',
      authnContextUnmet(requestedAuthnContext, authnContextClassRef),
    );
}

/** SAML Core 3.4.1.1: no format, or `unspecified`, leaves it to the IdP. */
export const isNameIDPolicyMet = (policy: NameIDPolicy, { format }: Granted['nameID']): boolean =>
  leavesOpen(policy.format) || policy.format === format;

/** SAML Core 3.4.1.4: the assertion is about the Subject of the request. The formats count where both say anything; ours is unspecified by default. */
export const isSubjectMet = (subject: Subject, { value, format }: Granted['nameID']): boolean =>
  subject.nameId === value && (leavesOpen(subject.format) || leavesOpen(format) || subject.format === format);

/** SAML Core 3.3.2.2.1. No declaration is ever stated, so a request for one is not met. */
export const isAuthnContextMet = (context: RequestedAuthnContext, issued: string): boolean =>
  refsOf(context).length === 0 ||
  (context.classRefs.length > 0 && satisfies(issued, context.comparison, context.classRefs));

/** Classes and declarations, as they were asked for. */
export const refsOf = ({ classRefs, declRefs = [] }: RequestedAuthnContext): readonly string[] => [
  ...classRefs,
  ...declRefs,
];

const leavesOpen = (format: string | undefined): boolean =>
  format === undefined || format === NAME_ID_FORMATS.unspecified;

const nameIDPolicyUnmet = (policy: NameIDPolicy, { format }: Granted['nameID']): string =>
  `the request asks for the NameID format ${quote(policy.format ?? '')} (NameIDPolicy), the assertion would have ${quote(format)}: ` +
  'set nameIdentifierFormat to the one that is asked for, have the SP ask for none, or unset strictNameIDPolicy';

function subjectUnmet(subject: Subject, { value, format }: Granted['nameID']): string {
  const asked = `the request asks for the subject ${quote(subject.nameId)}`;
  return subject.nameId === value
    ? `${asked} in the NameID format ${quote(subject.format ?? '')}, the assertion would have ${quote(format)}: ` +
        'set nameIdentifierFormat to the one that is asked for, or have the SP leave Format out of its Subject'
    : `${asked}, the assertion would be about ${quote(value)}: log in as the user who is asked for, ` +
        'or set nameIdentifierProbes to the field by which the SP knows its users';
}

/** How each Comparison reads, and how its classes hang together. */
const COMPARED: Readonly<Record<string, readonly [words: string, conjunction: string]>> = {
  exact: ['', ' or '],
  minimum: ['at least ', ' or '],
  maximum: ['at most ', ' or '],
  better: ['better than ', ' and '],
};

function authnContextUnmet(context: RequestedAuthnContext, issued: string): string {
  const [words, conjunction] = COMPARED[context.comparison] ?? ['', ' or '];
  const refs = refsOf(context);
  const named = refs.slice(0, 5).map(quote).join(conjunction) + (refs.length > 5 ? ', …' : '');
  const asked = `the request asks for ${words}${named} (RequestedAuthnContext)`;
  return context.classRefs.length === 0
    ? `${asked}, a declaration, and assertions here state only classes: have the SP ask by AuthnContextClassRef, or unset strictRequestedAuthnContext`
    : `${asked}, the assertion would state ${quote(issued)}: set authnContextClassRef to a class that satisfies it, ` +
        'or unset it and set echoRequestedAuthnContext, or unset strictRequestedAuthnContext';
}
