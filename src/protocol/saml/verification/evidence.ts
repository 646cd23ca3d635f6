/** What the steps of a verification look at, learn, and say. */
import type { X509Certificate } from 'node:crypto';
import type { VerificationStep } from '../../verification.js';
import type { Element } from '../../xml/parse.js';
import type { DigestMethod, SignatureMethod } from './algorithms.js';

export type SamlResponseInput =
  /** base64, as in the form field. */
  { readonly SAMLResponse: string } | { readonly xml: string };

export interface VerifyOptions {
  /** PEM. The only keys that are trusted; any of them may have signed. */
  readonly certificates: readonly string[];
  /** PEM of the SP's private key. */
  readonly decryptionKey?: string | undefined;
  /** The assertion as its issuer kept it before encryption: read where there is no `decryptionKey`, and said to be no proof of the wire. */
  readonly keptAssertionXml?: string | undefined;
  /** What is expected; left out, it is reported and not compared. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly recipient?: string | undefined;
  readonly destination?: string | undefined;
  /** ID of the request; `null` where there was none, so none may be named. */
  readonly inResponseTo?: string | null | undefined;
  readonly now: Date;
  /** How far the clocks may be apart; 0 unless given. */
  readonly clockSkewInSeconds?: number | undefined;
  /** rsa-sha1 and sha1 pass, with a hint; `false` fails them. */
  readonly allowSha1?: boolean | undefined;
}

/** Which element a Signature is child of, and so covers. */
export type Carrier = 'Response' | 'Assertion';

/** What is known of one Signature; grows from step to step. */
export interface SignatureEvidence {
  readonly signature: Element;
  /** The element that is read, and whose canonical octets are digested: no look-up by ID can lead elsewhere. */
  readonly parent: Element;
  /** The document that both come from: the wire's, or the decrypted assertion. */
  readonly documentXml: string;
  readonly signedInfo?: Element;
  readonly reference?: Element;
  /** InclusiveNamespaces of the exclusive C14N transform. */
  readonly transformPrefixes?: readonly string[];
  readonly signedInfoPrefixes?: readonly string[];
  readonly signatureMethod?: SignatureMethod;
  readonly digestMethod?: DigestMethod;
  /** Canonical octets, as text, of `parent` without its Signature. */
  readonly referenceOctets?: string;
  readonly signedInfoOctets?: string;
  /** Whose key verifies. */
  readonly trusted?: X509Certificate;
  readonly verified?: true;
}

/** What is known of the message. */
export interface Evidence {
  readonly xml?: string;
  readonly response?: Element;
  /** StatusCode is Success, so there must be an assertion. */
  readonly success?: boolean;
  readonly encryptedAssertion?: Element;
  /** Root of the decrypted document, before it is known to be fit to be read. */
  readonly decrypted?: Element;
  readonly plaintext?: string;
  /** The one assertion that is read, once it stands where it must. */
  readonly assertion?: Element;
  readonly Response?: SignatureEvidence;
  readonly Assertion?: SignatureEvidence;
}

/** What one step says, and what it adds to what is known. */
export interface Finding<Learnt = Evidence> extends Omit<VerificationStep, 'name'> {
  readonly learnt?: Partial<Learnt>;
}

interface StepOf<Known, Learnt = Known> {
  readonly name: string;
  /** Without these it has nothing to look at and is skipped. */
  readonly needs: readonly (keyof Known)[];
  readonly check: (known: Known, options: VerifyOptions) => Finding<Learnt>;
}
export interface Step extends StepOf<Evidence> {
  /** Where it is not worth a line: the steps of a Signature that is not there. */
  readonly when?: (evidence: Evidence) => boolean;
}
export type SignatureStep = StepOf<SignatureEvidence>;

type With<Known, Need extends keyof Known> = Known & Required<Pick<Known, Need>>;

/** A step that sees what it `needs` as present. */
export const step = <Need extends keyof Evidence>(
  name: string,
  needs: readonly Need[],
  check: (evidence: With<Evidence, Need>, options: VerifyOptions) => Finding,
  when?: (evidence: Evidence) => boolean,
): Step => ({ name, needs, check: check as Step['check'], ...(when && { when }) });

/** The same of one Signature. */
export const signatureStep = <Need extends keyof SignatureEvidence>(
  name: string,
  needs: readonly Need[],
  check: (evidence: With<SignatureEvidence, Need>, options: VerifyOptions) => Finding<SignatureEvidence>,
): SignatureStep => ({ name, needs, check: check as SignatureStep['check'] });

type More<Learnt> = Pick<Finding<Learnt>, 'hint' | 'data' | 'learnt'>;
export const pass = <Learnt = Evidence>(detail: string, more: More<Learnt> = {}): Finding<Learnt> => ({
  status: 'pass',
  detail,
  ...more,
});
export const fail = <Learnt = Evidence>(
  detail: string,
  hint: string,
  more: Omit<More<Learnt>, 'hint'> = {},
): Finding<Learnt> => ({ status: 'fail', detail, hint, ...more });
export const skip = <Learnt = Evidence>(detail: string, more: More<Learnt> = {}): Finding<Learnt> => ({
  status: 'skipped',
  detail,
  ...more,
});

/** For messages. */
export const quote = (value: string | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
