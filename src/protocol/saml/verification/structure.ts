/** Whether every reader of the document reads the same assertion: comments, IDs, and where Signatures and assertions stand. */
import { repeatedIds } from '../ids.js';
import { commentsAndInstructions, type Element, type Node } from '../../xml/parse.js';
import { childElements, childrenNamed, everyNamed, isElement, isNamed, nameOf } from '../../xml/reading.js';
import {
  fail,
  pass,
  quote,
  skip,
  step,
  type Carrier,
  type Evidence,
  type Finding,
  type SignatureEvidence,
} from './evidence.js';

export const comments = step('comments', ['response'], ({ response }) => lookForComments(response));
export const decryptedComments = step(
  'comments',
  ['decrypted'],
  ({ decrypted }) => lookForComments(decrypted),
  whenDecrypted,
);

/** VU#475445: canonicalisation drops a comment, and an SP that reads the first text node alone reads half a NameID. */
function lookForComments(root: Element): Finding {
  const found = commentsAndInstructions(root);
  // asked once a parent: one element may hold a hundred thousand comments
  const mixed = new Map<Node, boolean>();
  const splitsText = ({ parentNode }: Node): boolean => {
    if (!mixed.has(parentNode!)) mixed.set(parentNode!, holdsText(parentNode!));
    return mixed.get(parentNode!)!;
  };
  const splitting = found.find((node) => node.nodeType !== node.COMMENT_NODE || splitsText(node));
  if (!splitting)
    return pass(
      found.length === 0 ? 'No comments, no processing instructions.' : 'Comments, but none inside text.',
    );
  const parent = splitting.parentNode as Element;
  return fail(
    `There is a ${splitting.nodeType === splitting.COMMENT_NODE ? 'comment' : 'processing instruction'} inside ${nameOf(parent)}.`,
    'Someone has put it there after signing, or the IdP joins strings: the signature still verifies, and SPs that read only the first piece of text take the value to end there.',
  );
}
const holdsText = (parent: Node): boolean => {
  for (let node = parent.firstChild; node; node = node.nextSibling)
    if (!isElement(node) && node.nodeType !== node.COMMENT_NODE && node.nodeValue?.trim()) return true;
  return false;
};

export const idUniqueness = step('id_uniqueness', ['response'], ({ response }) => lookForIds(response));
export const decryptedIdUniqueness = step(
  'id_uniqueness',
  ['response', 'decrypted'],
  ({ response, decrypted }) => lookForIds(response, decrypted),
  whenDecrypted,
);

function lookForIds(...roots: readonly Element[]): Finding {
  const repeated = repeatedIds(...roots);
  if (repeated.length === 0) return pass('Every ID stands once.');
  return fail(
    `${repeated.slice(0, 3).map(quote).join(', ')} ${repeated.length > 1 ? 'stand' : 'stands'} as ID of more than one element.`,
    'This is how a signed element is hidden and another read in its place (signature wrapping); an honest IdP gives every element a fresh ID.',
    { data: { repeated: repeated.slice(0, 10) } },
  );
}

/** The wire document: one assertion where an SP looks for it, and Signatures only where they cover what is read. */
export const signaturePosition = step('signature_position', ['xml', 'response'], (evidence) => {
  const { response, xml, success } = evidence;
  const misplaced = misplacedAssertion(response);
  if (misplaced) return misplaced;
  const [held] = assertionsIn(response);
  if (!held && success)
    return fail(
      'Status is Success, and there is no assertion.',
      'The IdP must send one (SAML Profiles 4.1.4.2).',
    );
  const assertion = held && isNamed(held, 'saml:Assertion') ? held : undefined;
  const encryptedAssertion = held && !assertion ? held : undefined;

  const signatures = everyNamed(response, 'ds:Signature');
  const wrong = signatures
    .map((signature) => wrongPlace(signature, [response, assertion]))
    .find((finding) => finding !== undefined);
  if (wrong) return wrong;
  const learnt: Evidence = {
    ...(assertion && { assertion }),
    ...(encryptedAssertion && { encryptedAssertion }),
    ...signatureOf('Response', response, xml),
    ...(assertion && signatureOf('Assertion', assertion, xml)),
  };
  if (signatures.length > 0) return pass(coverage(learnt), { learnt, data: { covers: covered(learnt) } });
  if (encryptedAssertion)
    return skip('No Signature on the wire; there must be one inside the encryption.', { learnt });
  if (success === false) return skip('The Response is not signed.', { learnt });
  return fail('Nothing is signed.', unsignedHint, { learnt });
});

/** The same inside the encryption. */
export const decryptedSignaturePosition = step(
  'signature_position',
  ['decrypted', 'plaintext'],
  ({ decrypted, plaintext, Response }) => {
    const inner = [
      ...everyNamed(decrypted, 'saml:Assertion').slice(1),
      ...everyNamed(decrypted, 'saml:EncryptedAssertion'),
      ...everyNamed(decrypted, 'samlp:Response'),
    ];
    if (inner.length > 0) return wrapped(inner[0]!);
    const signatures = everyNamed(decrypted, 'ds:Signature');
    const wrong = signatures
      .map((signature) => wrongPlace(signature, [decrypted]))
      .find((finding) => finding !== undefined);
    if (wrong) return wrong;
    const learnt: Evidence = { assertion: decrypted, ...signatureOf('Assertion', decrypted, plaintext) };
    if (learnt.Assertion) return pass(coverage(learnt), { learnt, data: { covers: covered(learnt) } });
    if (Response)
      return pass(
        'The decrypted Assertion has no Signature of its own; the one of the Response covers the ciphertext.',
        {
          learnt,
        },
      );
    return fail('Nothing is signed, neither on the wire nor inside the encryption.', unsignedHint, {
      learnt,
    });
  },
  whenDecrypted,
);

function whenDecrypted({ encryptedAssertion, decrypted }: Evidence): boolean {
  return encryptedAssertion !== undefined && decrypted !== undefined;
}

const unsignedHint =
  'The Signature has been taken out on the way, or the IdP signs neither: by default the assertion is signed, with `signResponse` (api.samlResponse.setSignResponse) the Response instead.';

const assertionsIn = (response: Element): Element[] => [
  ...childrenNamed(response, 'saml:Assertion'),
  ...childrenNamed(response, 'saml:EncryptedAssertion'),
];

function misplacedAssertion(response: Element): Finding | undefined {
  const direct = new Set<Element>([response, ...assertionsIn(response)]);
  const stray = [
    ...everyNamed(response, 'samlp:Response'),
    ...everyNamed(response, 'saml:Assertion'),
    ...everyNamed(response, 'saml:EncryptedAssertion'),
  ].find((element) => !direct.has(element));
  if (stray) return wrapped(stray);
  if (direct.size > 2)
    return fail(
      `There are ${direct.size - 1} assertions.`,
      'One may be signed and another read: SPs differ in which they take. An answer to a login holds exactly one.',
      { data: { assertions: direct.size - 1 } },
    );
  return undefined;
}

const wrapped = (stray: Element): Finding =>
  fail(
    `A second ${stray.localName} stands inside ${nameOf(stray.parentNode as Element)}.`,
    'This is signature wrapping: a signed element is kept where its signature still finds it, and a forged one stands where the SP reads.',
  );

/** SAML Core 5.4.1 and the schemas: enveloped, right after Issuer, one, and nothing but a signature in it. */
function wrongPlace(signature: Element, parents: readonly (Element | undefined)[]): Finding | undefined {
  const parent = signature.parentNode as Element;
  if (!parents.includes(parent))
    return fail(
      `A Signature stands inside ${nameOf(parent)}.`,
      'It must be a direct child of the Response or of the Assertion that is read; anywhere else it proves nothing about them.',
    );
  if (childrenNamed(parent, 'ds:Signature').length > 1)
    return fail(`There is more than one Signature in ${nameOf(parent)}.`, 'One element has one Signature.');
  const children = childElements(parent);
  if (!isNamed(children[0]!, 'saml:Issuer') || children[1] !== signature)
    return fail(
      `The Signature in ${nameOf(parent)} does not stand right after its Issuer.`,
      'The schemas allow no other place (SAML Core 2.3.3, 3.2.2), and SPs refuse it elsewhere.',
    );
  if (childrenNamed(signature, 'ds:Object').length > 0)
    return fail(
      'The Signature carries a ds:Object.',
      'SAML signatures carry none; wrapping attacks hide elements there.',
    );
  return undefined;
}

function signatureOf(carrier: Carrier, parent: Element, documentXml: string): Evidence {
  const [signature] = childrenNamed(parent, 'ds:Signature');
  const known: SignatureEvidence | undefined = signature && { signature, parent, documentXml };
  return known ? { [carrier]: known } : {};
}
const covered = (evidence: Evidence): Carrier[] =>
  (['Response', 'Assertion'] as const).filter((carrier) => evidence[carrier]);
const coverage = (evidence: Evidence): string =>
  `${covered(evidence).join(' and ')} ${covered(evidence).length > 1 ? 'are signed, each' : 'is signed,'} by a Signature right after its Issuer.`;
