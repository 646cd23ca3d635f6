/** What the Signature says it covers, and how: reference, transforms, algorithms (SAML Core 5.4.2 to 5.4.4). */
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from '../names.js';
import type { Element } from '../../xml/parse.js';
import { attribute, childNamed, childrenNamed } from '../../xml/reading.js';
import { DIGEST_METHODS, entry, SIGNATURE_METHODS } from './algorithms.js';
import { fail, pass, quote, signatureStep } from './evidence.js';

export const reference = signatureStep('reference', [], ({ signature, parent }) => {
  const infos = childrenNamed(signature, 'ds:SignedInfo');
  const values = childrenNamed(signature, 'ds:SignatureValue');
  const [signedInfo] = infos;
  if (!signedInfo || infos.length > 1 || values.length !== 1)
    return fail(
      `The Signature has ${infos.length} SignedInfo and ${values.length} SignatureValue.`,
      'It has one of each; with more, one could be verified and another read.',
    );
  const references = childrenNamed(signedInfo, 'ds:Reference');
  if (references.length !== 1)
    return fail(
      `SignedInfo has ${references.length} References.`,
      'SAML signatures have exactly one (SAML Core 5.4.2).',
    );
  const uri = attribute(references[0], 'URI');
  const id = attribute(parent, 'ID');
  const data = { uri, id };
  if (!uri)
    return fail(
      uri === '' ? 'The Reference URI is empty.' : 'The Reference has no URI.',
      'It must be "#" and the ID of the signed element (SAML Core 5.4.2): an empty one means whatever document it is found in.',
      { data },
    );
  if (id === undefined || uri !== `#${id}`)
    return fail(
      `The Reference URI ${quote(uri)} is not "#" and the ID of the ${parent.localName} it stands in, ${quote(id)}.`,
      'The signature covers something else than what is read.',
      { data },
    );
  return pass(`One Reference, ${uri}: the ${parent.localName} that holds the Signature.`, {
    data,
    learnt: {
      signedInfo,
      reference: references[0]!,
    },
  });
});

const WITH_COMMENTS = `${EXCLUSIVE_C14N}WithComments`;
const isExclusive = (uri: string | undefined): boolean => uri === EXCLUSIVE_C14N || uri === WITH_COMMENTS;

/** SAML Core 5.4.4. A same-document Reference drops comments before any transform, so both forms give the same octets. */
export const transforms = signatureStep('transforms', ['reference'], ({ reference: at }) => {
  const found = childrenNamed(at, 'ds:Transforms').flatMap((list) => childrenNamed(list, 'ds:Transform'));
  const uris = found.map((transform) => attribute(transform, 'Algorithm'));
  const data = { transforms: uris };
  const [first, second] = uris;
  if (uris.length !== 2 || first !== ENVELOPED_SIGNATURE || !isExclusive(second))
    return fail(
      `The transforms are ${uris.length === 0 ? 'none' : uris.map((uri) => quote(uri)).join(', ')}.`,
      'They must be enveloped-signature and then exclusive C14N (SAML Core 5.4.4): any other could leave parts of the element unsigned.',
      { data },
    );
  const prefixes = inclusivePrefixes(found[1]!);
  return pass(
    `enveloped-signature, then exclusive C14N${prefixes.length > 0 ? ` keeping the prefixes ${prefixes.join(' ')}` : ''}.`,
    { data: { ...data, inclusivePrefixes: prefixes }, learnt: { transformPrefixes: prefixes } },
  );
});

const inclusivePrefixes = (method: Element): string[] =>
  (attribute(childNamed(method, 'ec:InclusiveNamespaces'), 'PrefixList') ?? '').split(/\s+/).filter(Boolean);

export const algorithms = signatureStep(
  'algorithms',
  ['signedInfo', 'reference'],
  (evidence, { allowSha1 }) => {
    const { signedInfo, reference: at } = evidence;
    const c14n = childNamed(signedInfo, 'ds:CanonicalizationMethod');
    const uris = {
      canonicalization: attribute(c14n, 'Algorithm'),
      signature: attribute(childNamed(signedInfo, 'ds:SignatureMethod'), 'Algorithm'),
      digest: attribute(childNamed(at, 'ds:DigestMethod'), 'Algorithm'),
    };
    const signatureMethod = entry(SIGNATURE_METHODS, uris.signature);
    const digestMethod = entry(DIGEST_METHODS, uris.digest);
    if (!c14n || !isExclusive(uris.canonicalization))
      return fail(
        `CanonicalizationMethod is ${quote(uris.canonicalization)}.`,
        'SAML wants exclusive C14N (SAML Core 5.4.3).',
        { data: uris },
      );
    if (!signatureMethod)
      return fail(
        `SignatureMethod is ${quote(uris.signature)}.`,
        uris.signature?.includes('hmac')
          ? 'With HMAC the public certificate would be the secret, and anyone could sign. It is never accepted.'
          : `Accepted are ${names(SIGNATURE_METHODS)}; the setting is \`signatureAlgorithm\` (rsa-sha256 by default).`,
        { data: uris },
      );
    if (!digestMethod)
      return fail(
        `DigestMethod is ${quote(uris.digest)}.`,
        `Accepted are ${names(DIGEST_METHODS)}; the setting is \`digestAlgorithm\` (sha256 by default).`,
        { data: uris },
      );
    const detail = `Exclusive C14N, ${signatureMethod.name}, ${digestMethod.name}.`;
    const weak = signatureMethod.weak ?? digestMethod.weak;
    const advice =
      'SHA-1 can be forged with effort, and many SPs refuse it: set `signatureAlgorithm` to rsa-sha256 and `digestAlgorithm` to sha256.';
    if (weak && allowSha1 === false) return fail(detail, advice, { data: uris });
    return pass(detail, {
      data: uris,
      ...(weak && { hint: advice }),
      learnt: {
        signatureMethod,
        digestMethod,
        signedInfoPrefixes: inclusivePrefixes(c14n),
      },
    });
  },
);
const names = (table: Readonly<Record<string, { readonly name: string }>>): string =>
  Object.values(table)
    .map(({ name }) => name)
    .join(', ');
