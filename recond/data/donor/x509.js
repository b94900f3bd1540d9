// Certificates, and whom to believe: the same questions in the same order as recond's own
// `chain_fault`. A certificate is trusted that is pinned in this page, or that a pinned root
// issued.
// Source: RFC 5280 4.1.

// What a certificate says; throws for anything but a plain X.509 v3 certificate.
async function readCertificate(der) {
  const outer = only(der, TAG.sequence);
  const [tbs, algorithm, bits] = children(outer, TAG.sequence, TAG.sequence, TAG.bits);
  const fields = elements(tbs.body);
  const [version, serial, inner, issuer, validity, subject, key, ...rest] = fields;
  need(key !== undefined && version.tag === context(0) && serial.tag === TAG.integer
       && hex(version.body) === "020102" && same(inner.raw, algorithm.raw)
       && [issuer, validity, subject, key].every((one) => one.tag === TAG.sequence)
       && rest.every((one, index) => one.tag === context(3) && index === 0), BAD_DER);
  const [from, until] = elements(validity.body).map(time);
  need(elements(validity.body).length === 2, BAD_DER);
  const signature = isAlgorithm(algorithm, "ecdsaSha256") ? signatureOf(bits) : null;
  return {
    der, tbs: tbs.raw, signature, serial: serial.raw, issuer: issuer.raw, subject: subject.raw,
    from, until, point: pointOf(key), name: commonName(subject), ...uses(rest),
    forms: await Promise.all(formsOf(der, outer, bits, signature).map(async (form) =>
      hex(await sha256(form)))),
    fingerprint: hex(await sha256(der)),
  };
}

function time(one) {
  const text = ascii(one.body);
  const form = one.tag === 0x17 ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const found = (one.tag === 0x17 || one.tag === 0x18) && form.exec(text);
  need(found, BAD_DER);
  const [, year, month, day, hour, minute, second] = found;
  const century = one.tag === 0x18 ? "" : year < "50" ? "20" : "19";
  return instant(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function signatureOf(bits) {
  try {
    return bits.body[0] === 0 ? fromDer(bits.body.slice(1)) : null;
  } catch {
    return null;
  }
}

// The 65 bytes of a P-256 key, or null for a key of another kind.
function pointOf(key) {
  const [algorithm, bits, ...more] = elements(key.body);
  const kind = algorithm.tag === TAG.sequence ? elements(algorithm.body) : [];
  const ours = kind.length === 2 && isOid(kind[0], "ecPublicKey") && isOid(kind[1], "p256")
    && more.length === 0 && bits.tag === TAG.bits && bits.body.length === 66
    && bits.body[0] === 0 && bits.body[1] === 4;
  return ours ? bits.body.slice(1) : null;
}

function commonName(subject) {
  for (const set of elements(subject.body)) {
    for (const pair of elements(set.body)) {
      const [type, value] = elements(pair.body);
      if (isOid(type, "commonName") && [0x0c, 0x13].includes(value.tag)) {
        return ununicode(value.body);
      }
    }
  }
  return "";
}

// Whether the key may sign documents, and whether it may vouch for others that do: `may_sign` and
// `may_issue` of recond.
// Source: RFC 5280 4.2, 4.2.1.3, 4.2.1.9, 6.1.4; RFC 9336 3.1.
function uses(rest) {
  try {
    const seen = new Set();
    const found = { signs: true, issues: true };
    let authority = false;
    const list = rest.length === 0 ? [] : elements(only(rest[0].body, TAG.sequence).body);
    for (const extension of list) {
      const [name, ...more] = elements(extension.body);
      const critical = more[0].tag === 0x01 && more.shift().body[0] !== 0;
      need(more.length === 1 && more[0].tag === TAG.octets && !seen.has(hex(name.body)), BAD_DER);
      seen.add(hex(name.body));
      if (isOid(name, "keyUsage")) {
        const bits = only(more[0].body, TAG.bits).body[1];
        if ((bits & 0xc0) === 0) found.signs = false;
        if ((bits & 0x04) === 0) found.issues = false;
      } else if (isOid(name, "extendedKeyUsage")) {
        const documents = elements(only(more[0].body, TAG.sequence).body).some((one) =>
          ["documentSigning", "emailProtection", "anyUsage"].some((use) => isOid(one, use)));
        if (!documents) found.signs = found.issues = false;
      } else if (isOid(name, "basicConstraints")) {
        const [ca] = elements(only(more[0].body, TAG.sequence).body);
        authority = ca !== undefined && ca.tag === 0x01 && ca.body[0] === 0xff;
      } else if (critical) {
        found.signs = found.issues = false;
      }
    }
    return { signs: found.signs, issues: found.issues && authority };
  } catch {
    return { signs: false, issues: false };
  }
}

// The certificate with either form of its issuer's signature: a key that was revoked by one
// fingerprint stays revoked in the other form.
function formsOf(der, outer, bits, signature) {
  if (signature === null) return [];
  const [r, s] = signature;
  const front = outer.body.slice(0, outer.body.length - bits.raw.length);
  return [s, ORDER - s].map((one) => encoded(TAG.sequence, joined(
    front, encoded(TAG.bits, joined(Uint8Array.of(0), toDer(r, one))))));
}

async function issuedBy(leaf, root) {
  return root.authority && leaf.signature !== null && leaf.forms.includes(leaf.fingerprint)
    && same(leaf.issuer, root.subject)
    && verified(root.point, joined(...leaf.signature.map(wide)), leaf.tbs);
}

function revokedAs(one, at, revoked) {
  const names = [...one.forms, one.fingerprint];
  for (const entry of revoked) {
    if (!names.includes(entry.fingerprint)) continue;
    if (entry.reason !== "retired") return "certify.trust.compromised";
    if (!(at <= entry.since)) return "certify.trust.retired";
  }
  return null;
}

// Why the certificate is not to be trusted at a time (a code of the catalogue); null where it is.
async function chainFault(leaf, at, { roots, revoked }) {
  const inTime = (one) => one.from <= at && at <= one.until;
  const fault = revokedAs(leaf, at, revoked);
  if (fault !== null) return fault;
  if (!inTime(leaf)) return "certify.trust.expired";
  if (!leaf.signs) return "certify.trust.purpose";
  if (roots.some((root) => root.fingerprint === leaf.fingerprint)) return null;
  const faults = [];
  for (const root of roots) {
    if (!await issuedBy(leaf, root)) continue;
    const lost = revokedAs(root, at, revoked);
    if (lost !== null) return lost;
    const late = inTime(root) ? null : "certify.trust.expired";
    faults.push(root.issues ? late : "certify.trust.issuer");
  }
  if (faults.length === 0) return "certify.trust.unknown";
  return faults.includes(null) ? null : faults[0];
}
