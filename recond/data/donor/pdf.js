// A sealed certificate, believing nothing: one signature, over every byte but its own digits, whose
// digits are one strict CMS and zeros; and the files inside, found by a plain scan, each once.
// Source: ISO 32000-1 12.8.1 (ByteRange), 7.11.4 (embedded files), RFC 5652 (CMS).

const MAX_INSIDE = 64 << 20;
const MOST_OBJECTS = 100000;
const MOST_DICTIONARY = 4096; // both are more than recond ever writes
// Every pattern is bounded: one that is not takes a file's size squared.
const RANGE = /\/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]/g;

// Bytes as text of as many characters: what a regular expression can search.
const latin = (bytes) => new TextDecoder("x-user-defined").decode(bytes);

function readSealed(raw, text) {
  need(text.startsWith("%PDF-"), "certify.verify.pdf.broken");
  const named = text.split("/ByteRange").length - 1; // first: the pattern is for one place
  const found = named === 1 ? [...text.matchAll(RANGE)] : [];
  need(found.length === 1, "certify.verify.pdf.signatures", { n: named });
  const [start, first, second, rest] = found[0].slice(1).map(Number);
  need(start === 0 && 0 < first && first < second && second + rest === raw.length
       && /^<(?:[0-9a-fA-F]{2})+>$/.test(text.slice(first, second)), "certify.verify.pdf.coverage");
  const digits = text.slice(first + 1, second - 1);
  need(digits === digits.toUpperCase(), "certify.verify.pdf.padding");
  const body = unhex(digits);
  const cms = element(body);
  need(cms.tag === TAG.sequence, BAD_DER);
  need(body.slice(cms.end).every((byte) => byte === 0), "certify.verify.pdf.padding");
  return { covered: joined(raw.slice(0, first), raw.slice(second)), cms: cms.raw };
}

// Why the seal is not this chain's over this file; null where it is. A CMS has room that no reader
// looks at, and all of ours follows from the chain, the digest and the signature: so it is written
// out again and compared.
async function sealFault({ covered, cms }, chain) {
  if (chain.length === 0) return "certify.verify.pdf.attachments";
  const digest = await sha256(covered);
  for (const signature of signaturesOf(cms)) {
    if (!same(makeCms(digest, chain, signature), cms)) continue;
    const plain = joined(...signature.map(wide));
    const message = encoded(TAG.set, signedAttributes(digest, chain[0]));
    return await holds(chain[0].point, plain, message) ? null : BAD_DER;
  }
  const whole = hex(cms);
  if (!whole.includes(hex(chain[0].der))) return "certify.verify.pdf.other-key";
  return whole.includes(hex(digest)) ? BAD_DER : "certify.verify.pdf.digest";
}

// What may be the signature, the last element: r and s.
function signaturesOf(cms) {
  const found = [];
  for (let length = 8; length <= 72; length += 1) {
    const [tag, size] = cms.slice(-length - 2);
    if (tag !== TAG.octets || size !== length) continue;
    try {
      found.push(fromDer(cms.slice(-length)));
    } catch {
      continue;
    }
  }
  return found;
}

const sequence = (...parts) => encoded(TAG.sequence, joined(...parts));
const oid = (name) => encoded(TAG.oid, unhex(OID[name]));
const unordered = (...parts) => joined(...parts.map(hex).sort().map(unhex));
const octets = (bytes) => encoded(TAG.octets, bytes);
const set = (bytes) => encoded(TAG.set, bytes);
const ONE = Uint8Array.of(TAG.integer, 1, 1);

function makeCms(digest, chain, [r, s]) {
  const leaf = chain[0];
  const hash = sequence(oid("sha256"), Uint8Array.of(TAG.nothing, 0));
  const signer = sequence(
    ONE, sequence(leaf.issuer, leaf.serial), hash,
    encoded(context(0), signedAttributes(digest, leaf)), sequence(oid("ecdsaSha256")),
    octets(toDer(r, s)));
  return sequence(oid("signedData"), encoded(context(0), sequence(
    ONE, set(hash), sequence(oid("data")),
    encoded(context(0), unordered(...chain.map((one) => one.der))), set(signer))));
}

// What is signed: that it is data, its digest, and by whose certificate (RFC 5035).
function signedAttributes(digest, leaf) {
  const issuer = sequence(sequence(encoded(context(4), leaf.issuer)), leaf.serial);
  const named = sequence(octets(unhex(leaf.fingerprint)), issuer);
  return unordered(
    sequence(oid("contentType"), set(oid("data"))),
    sequence(oid("messageDigest"), set(octets(digest))),
    sequence(oid("signingCertificate"), set(sequence(sequence(named)))));
}

// --- The files inside ---------------------------------------------------------------------------

const NO_FILES = "certify.verify.pdf.attachments";

// recond writes the tree of names, each file's description and each file in the open, as objects of
// their own. An object that is there twice, a second tree, a name that differs, a file that no name
// leads to: refused, because readers would differ on what is inside.
async function readAttachments(raw, text) {
  const objects = new Map();
  for (const found of text.matchAll(/(?<=[\r\n])(\d{1,10}) 0 obj\b/g)) {
    need(objects.size <= MOST_OBJECTS, "certify.verify.pdf.broken");
    objects.set(found[1], objects.has(found[1]) ? null : found.index + found[0].length);
  }
  const start = (number) => {
    need(Number.isInteger(objects.get(number)), NO_FILES);
    return objects.get(number);
  };
  const object = (number) => {
    const near = text.slice(start(number), start(number) + MOST_DICTIONARY);
    need(near.includes("endobj"), NO_FILES);
    return near.slice(0, near.indexOf("endobj"));
  };
  const trees = new Set(
    [...text.matchAll(/\/EmbeddedFiles\b(?: (\d{1,10}) 0 R)?/g)].map((one) => one[1]));
  need(trees.size === 1 && !trees.has(undefined), NO_FILES);
  const tree = object([...trees][0]);
  const names = /^\s{0,8}<< \/Names \[((?: \([\w.-]{1,64}\) \d{1,10} 0 R){0,8}) \] >>\s{0,8}$/.exec(tree);
  need(names, NO_FILES);
  const files = new Map();
  for (const [, name, number] of names[1].matchAll(/\(([\w.-]{1,64})\) (\d{1,10}) 0 R/g)) {
    const description = object(number);
    const all = (pattern) => new Set([...description.matchAll(pattern)].map((one) => one[1]));
    const [said, places] = [all(/\/U?F \(([^)]{0,64})\)/g), all(/\/U?F (\d{1,10}) 0 R\b/g)];
    need(said.size === 1 && said.has(name) && places.size === 1 && !files.has(name), NO_FILES);
    files.set(name, await readStream(raw, text, start([...places][0])));
  }
  need(text.split(/\/EmbeddedFile\b/).length - 1 === files.size, NO_FILES);
  return files;
}

async function readStream(raw, text, start) {
  const near = text.slice(start, start + MOST_DICTIONARY);
  need(near.includes("stream"), "certify.verify.pdf.broken");
  const begin = start + near.indexOf("stream");
  const dictionary = text.slice(start, begin);
  const length = /\/Length (\d{1,10})(?! \d{1,10} R)\b/.exec(dictionary);
  const filter = /\/Filter\s{0,4}\[?\s{0,4}\/(\w{1,32})/.exec(dictionary);
  const line = /^stream\r?\n/.exec(text.slice(begin, begin + 8));
  need(length && line && /\/Type \/EmbeddedFile\b/.test(dictionary)
       && !dictionary.includes("/DecodeParms")
       && (!filter || filter[1] === "FlateDecode"), "certify.verify.pdf.broken");
  const at = begin + line[0].length;
  const body = raw.slice(at, at + Number(length[1]));
  need(/^\s{0,4}endstream\s{1,4}endobj/.test(text.slice(at + body.length, at + body.length + 24)),
       "certify.verify.pdf.broken");
  return filter ? inflated(body) : body;
}

async function inflated(body) {
  const reader = new Blob([body]).stream().pipeThrough(new DecompressionStream("deflate"))
    .getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(...parts);
      size += value.length;
      need(size <= MAX_INSIDE, "certify.verify.pdf.broken");
      parts.push(value);
    }
  } catch {
    throw new Fault("certify.verify.pdf.broken");
  }
}
