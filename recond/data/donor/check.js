// Is this certificate true, whole, and signed by whom? recond.certify.verify.bundle again, for files that
// somebody dropped here. What is not checked is "unknown", never "yes"; every exception is a "no".

const AXES = ["intact", "valid", "trusted", "complete"];

// The two kinds of document: a certificate, and a custody statement, which is a person's word.
const CERTIFICATE = { source: "record.json", jws: "record.jws", type: "vnd.recond.record+json",
                      seal: "RECOND1:",
                      same: "certify.verify.record.same", differs: "certify.verify.record.differs",
                      unsigned: "certify.verify.record.unsigned" };
const STATEMENT = { source: "event.json", jws: "event.jws", type: "vnd.recond.custody+json",
                    seal: "RECONDC1:",
                    same: "custody.verify.event.same", differs: "custody.verify.event.differs",
                    unsigned: "custody.verify.event.unsigned" };

// {name, answers {axis: yes | no | unknown}, checks [{axis, answer, about, code, args}], record,
// state}
async function verifyBundle(bundle, trust, name) {
  const work = { trust, checks: [], signed: null, record: null, recordBytes: null, foreign: false,
                 form: bundle.form };
  try {
    await checkAll(work, bundle);
  } catch (error) {
    if (error instanceof Fault) say(work, "intact", "no", name, error.code, error.args);
    else say(work, "intact", "no", name, "certify.verify.failed", { reason: String(error.name) });
  }
  const answers = Object.fromEntries(AXES.map((axis) => [axis, answerOf(work.checks, axis)]));
  return { name, answers, checks: work.checks, record: work.record, state: stateOf(work, answers),
           form: bundle.form, enclosed: bundle.journals.length > 0 };
}

function say(work, axis, answer, about, code, args = {}) {
  work.checks.push({ axis, answer, about, code, args });
}

function answerOf(checks, axis) {
  const found = checks.filter((check) => check.axis === axis).map((check) => check.answer);
  if (found.includes("no")) return "no";
  return found.length > 0 && !found.includes("unknown") ? "yes" : "unknown";
}

// A file is called "no certificate of recond" only where nothing in it comes from one
// (recond.certify.marks, whose list this is).
function bearsAMark(raw) {
  const plain = latin(raw).replaceAll("\0", "");
  return PAGE.foreign.marks.some((mark) => plain.includes(mark));
}

// A PDF that is whole and has nothing of ours; what was cut off may have held a mark.
function isAnotherPdf(raw) {
  const tail = latin(raw.slice(-PAGE.foreign.tail));
  return latin(raw.slice(0, 5)) === "%PDF-" && tail.includes("startxref") && tail.includes("%%EOF")
    && !bearsAMark(raw);
}

// What a reader may take away. Only the outcomes of a record are of a document that is true; only
// "erased" says that every disk of a real computer was erased.
function stateOf({ record, foreign, form }, answers) {
  if (foreign) return "foreign";
  if (Object.values(answers).includes("no")) return "false";
  const good = ["intact", "valid", "trusted"].every((axis) => answers[axis] === "yes");
  if (!good || record === null) return "unproven";
  if (form === STATEMENT) return "word";
  return record.bench.demonstration === false ? conclude(record).outcome : "demonstration";
}

// A PDF alone; beside a record it would stand in the certificate's place.
const isAlone = ({ pdf, record, jws, journals, receipts }) =>
  pdf && !record && !jws && journals.length === 0 && receipts.length === 0;

async function checkAll(work, bundle) {
  if (isAlone(bundle) && isAnotherPdf(bundle.pdf.raw)) {
    work.foreign = true;
    say(work, "intact", "unknown", bundle.pdf.name, "certify.verify.pdf.foreign");
    return;
  }
  const inside = await openPdf(work, bundle);
  await checkSignature(work, bundle.jws ?? inside.get(work.form.jws));
  await checkRecord(work, bundle, inside);
  if (bundle.pdf) await checkPage(work, bundle.pdf);
  if (work.form === STATEMENT) loneStatement(work, bundle.journals);
  else if (work.record) await checkJournals(work, bundle.journals);
  for (const { name } of bundle.receipts) {
    say(work, "complete", "unknown", name, "donor.receipt-not-read");
  }
  if (inside.has("seal.txt")) await checkSeal(work, inside.get("seal.txt"));
}

// --- Signature and record -----------------------------------------------------------------------

async function openPdf(work, { pdf }) {
  if (!pdf) return new Map();
  let found;
  try {
    pdf.text = latin(pdf.raw);
    found = await readAttachments(pdf.raw, pdf.text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(work, "intact", "no", pdf.name, error.code, error.args);
    return new Map();
  }
  const names = [...found.keys()].sort().join();
  const known = [work.form.source, work.form.jws, "seal.txt"];
  if (names !== known.join() && names !== work.form.source) {
    say(work, "intact", "no", pdf.name, "certify.verify.pdf.attachments");
  }
  return new Map([...found].filter(([name]) => known.includes(name))
    .map(([name, raw]) => [name, { name: `${pdf.name} → ${name}`, raw }]));
}

async function checkSignature(work, jws) {
  if (!jws) return;
  let signed;
  try {
    signed = await readJws(jws.raw);
    need(signed.type === work.form.type, "certify.jws.header"); // signed, but as something else
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(work, "valid", "no", jws.name, error.code, error.args);
    return;
  }
  if (!await holds(signed.chain[0].point, signed.signature, signed.input)) {
    say(work, "valid", "no", jws.name, "certify.verify.jws.fails");
    say(work, "intact", "no", jws.name, "certify.verify.jws.fails");
    return;
  }
  work.signed = signed;
  say(work, "valid", "yes", jws.name, "certify.verify.jws.holds");
}

// Which bytes are the record: the signed ones, if there are any; all others must equal them.
async function checkRecord(work, bundle, inside) {
  const { source, jws, differs } = work.form;
  const given = [bundle.record, inside.get(source)].filter(Boolean);
  const other = inside.get(jws);
  if (bundle.jws && other && !same(bundle.jws.raw, other.raw)) {
    say(work, "intact", "no", bundle.jws.name, "certify.verify.jws.differs");
  }
  const name = (given[0] ?? bundle.jws ?? {}).name;
  if (work.signed) {
    work.recordBytes = work.signed.payload;
    for (const one of given) {
      const equal = same(one.raw, work.recordBytes);
      say(work, "intact", equal ? "yes" : "no", one.name,
          equal ? work.form.same : differs);
    }
    if (given.length === 0) say(work, "intact", "yes", name, "certify.verify.jws.holds");
  } else if (given.length > 0) {
    work.recordBytes = given[0].raw;
    say(work, "intact", "unknown", name, work.form.unsigned);
    say(work, "valid", "unknown", name, work.form.unsigned);
    if (given.some((one) => !same(one.raw, work.recordBytes))) {
      say(work, "intact", "no", name, differs);
    }
  } else {
    return;
  }
  work.record = parseRecord(work, name);
  if (work.record === null) return;
  const unsigned = work.form === CERTIFICATE && work.record.signature !== null;
  if (unsigned) say(work, "valid", "no", name, "certify.verify.unsigned");
  if (work.signed) await checkTrust(work, name, work.record.issued_at);
}

function parseRecord(work, name) {
  try {
    const value = canonicalValue(work.recordBytes);
    if (work.form === STATEMENT) {
      need(misfit(PAGE.statement.schema, value) === null && keepsRules(value), "custody.form");
      return value;
    }
    const reason = misfit(PAGE.schema, value);
    if (reason === null) return value;
    say(work, "intact", "no", name, "certify.verify.record.form", { reason });
  } catch (error) {
    if (error instanceof Fault) say(work, "intact", "no", name, error.code, error.args);
    else say(work, "intact", "no", name, "certify.verify.record.form", { reason: error.name });
  }
  return null;
}

async function checkTrust(work, name, at) {
  const leaf = work.signed.chain[0];
  const fault = await chainFault(leaf, instant(at), work.trust);
  if (fault === null) {
    say(work, "trusted", "yes", name, "certify.verify.trust.ok", { name: leaf.name });
    return;
  }
  const unknown = fault === "certify.trust.unknown";
  say(work, "trusted", unknown ? "unknown" : "no", name, "certify.verify.trust.no", {
    reason: unknown ? "@donor.trust.unknown" : `@${fault}`, fingerprint: grouped(leaf.fingerprint),
  });
}

const grouped = (digits) => digits.toUpperCase().match(/.{4}/g).join(" ");

// --- Page ---------------------------------------------------------------------------------------

async function checkPage(work, pdf) {
  if (work.record === null || work.form === STATEMENT || work.record.signature === null) {
    const fault = await faultOfPage(pdf, work.signed ? work.signed.chain : []);
    for (const axis of ["intact", "valid"]) {
      if (fault === null) say(work, axis, "yes", pdf.name, "certify.verify.pdf.signed");
      else say(work, axis, "no", pdf.name, fault.code, fault.args);
    }
    if (fault !== null) return;
  }
  say(work, "complete", "unknown", pdf.name, "donor.page-not-drawn");
}

async function faultOfPage(pdf, chain) {
  try {
    const code = await sealFault(readSealed(pdf.raw, pdf.text), chain);
    return code === null ? null : new Fault(code);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

// --- A person's word ----------------------------------------------------------------------------

// A word has no evidence, and nothing that lies beside it makes it more.
function loneStatement(work, journals) {
  if (work.record) say(work, "complete", "unknown", work.form.source, "custody.verify.word");
  for (const { name } of journals) say(work, "complete", "no", name, "certify.verify.journal.extra");
}

// recond.certify.statement again: which parts a kind must have, and which it may not.
function keepsRules(event) {
  const { parts, verdicts, names_things: named } = PAGE.statement;
  const { kind, things, certificates, operator, happened_on: day } = event;
  const serials = things.map(({ serial }) => serial.trim().toUpperCase());
  const left = new Set(things.map(({ serial }) => serial));
  return /^custody-\d{8}-\d{6}-[0-9a-f]{8}$/.test(event.event_id)
    && day <= event.issued_at.slice(0, 10) && event.ledger.number >= 2
    && event.bench.demonstration === false && /\p{L}/u.test(operator.name ?? "")
    && Object.entries(parts).every(([part, { must, may }]) => {
      const there = Array.isArray(event[part]) ? event[part].length > 0 : Boolean(event[part]);
      return there ? [...must, ...may].includes(kind) : !must.includes(kind);
    })
    && (things.length > 0 || !named.includes(kind)) && new Set(serials).size === serials.length
    && serials.every((serial) => /[A-Z0-9]/.test(serial))
    && things.every(({ state }) => kind === "closed" ? typeof state === "string" : state === undefined)
    && certificates.every(({ serial, verdict, record_sha256: digest }) => left.delete(serial)
      && verdicts.includes(verdict) && isDigest(digest)) && keepsBounds(event);
}

const isDigest = (text) => /^[0-9a-f]{64}$/.test(text);

// What may stand in a part, and how much of it.
function keepsBounds(event) {
  const { letters, most_things: most } = PAGE.statement;
  const { kind, lot, party, note, computer, things, destroyed, waste } = event;
  const texts = [party, lot, note, computer, event.operator.name, ...things.map((t) => t.serial)];
  const title = /^(?:mr?s?|mme|mlle|miss|dr|monsieur|madame|mademoiselle)\.?\s/i;
  return texts.every((text) => text === null || [...text].length <= letters)
    && things.length <= most && !title.test(party ?? "")
    && (lot !== null || !["received", "closed"].includes(kind))
    && things.every((t) => (t.size_bytes === null || t.size_bytes > 0)
      && (kind !== "removed" || t.kind === "disk"))
    && (destroyed === null || (isNullOr(destroyed.photo_sha256, isDigest)
      && isNullOr(destroyed.security_class, (text) => /^[HEOT]-[1-7]$/.test(text))))
    && (waste === null || (/^\d\d \d\d \d\d\*?$/.test(waste.code)
      && waste.count >= 1 && waste.mass_g >= 1));
}

const isNullOr = (value, holds) => value === null || holds(value);

// --- Evidence -----------------------------------------------------------------------------------

const baseName = (name) => name.slice(name.lastIndexOf("/") + 1);

// Which journals these are; what they prove is not computed again here.
async function checkJournals(work, journals) {
  if (journals.length === 0) {
    say(work, "complete", "unknown", "journals/", "certify.verify.journal.none");
    return;
  }
  const given = new Map();
  for (const one of journals) given.set(hex(await sha256(one.raw)), one.name);
  const used = new Set();
  for (const { journal } of work.record.erasures) {
    const byName = [...given].find(([, name]) => baseName(name) === baseName(journal.file));
    if (given.has(journal.sha256)) {
      used.add(journal.sha256);
      say(work, "complete", "unknown", journal.file, "donor.journal-not-folded");
    } else if (byName) {
      used.add(byName[0]);
      say(work, "intact", "no", journal.file, "certify.verify.journal.sha256");
    } else {
      say(work, "complete", "no", journal.file, "certify.verify.journal.missing");
    }
  }
  for (const [digest, name] of given) {
    if (!used.has(digest)) say(work, "complete", "no", name, "certify.verify.journal.extra");
  }
}

// --- Seal ---------------------------------------------------------------------------------------

const RECEIPT_TYPE = "vnd.recond.receipt+json";

async function checkSeal(work, { name, raw }) {
  if (!work.signed) {
    say(work, "trusted", "unknown", name, "certify.verify.seal.key");
    return;
  }
  let signature, body, claims;
  try {
    const text = ascii(raw).trim();
    need(text.startsWith(work.form.seal), "certify.seal.form");
    const bytes = unbase45(text.slice(work.form.seal.length));
    [signature, body] = [bytes.slice(0, 64), bytes.slice(64)];
    claims = canonicalValue(body);
  } catch {
    say(work, "intact", "no", name, "certify.seal.form");
    return;
  }
  const leaf = work.signed.chain[0];
  const right = await holds(leaf.point, signature, body);
  for (const axis of ["valid", "intact"]) {
    say(work, axis, right ? "yes" : "no", name,
        right ? "certify.verify.seal.holds" : "certify.verify.seal.fails");
  }
  if (work.record && canonical(claims) !== canonical(await claimsOf(work, leaf))) {
    say(work, "intact", "no", name, "certify.verify.seal.differs");
  }
}

async function claimsOf({ form, record, recordBytes }, leaf) {
  const key = leaf.fingerprint.slice(0, 16).toUpperCase();
  if (form === STATEMENT) {
    return { i: record.event_id, t: record.issued_at, h: hex(await sha256(recordBytes)), k: key,
             e: record.kind, n: record.things.length };
  }
  const { approved, others } = counts(record);
  return {
    i: record.record_id, t: record.issued_at, h: hex(await sha256(recordBytes)), a: approved,
    o: others, k: key,
    ...(record.bench.demonstration ? { d: true } : {}),
  };
}

// --- Files --------------------------------------------------------------------------------------

// What a file is, by its content first; null for what this page does not read.
function kindOf({ name, raw }) {
  const head = latin(raw.slice(0, 4096));
  if (head.startsWith("%PDF-")) return "pdf";
  if (head.startsWith("{") && head.includes('"mono_ms"')) return "journal";
  if (head.startsWith("{")) return "record";
  if (name.endsWith(".jws") || /^[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+$/.test(head)) {
    return isReceipt(raw) ? "receipt" : "jws";
  }
  if (name.endsWith(".pdf")) return "pdf";
  if (name.endsWith(".json")) return "record";
  return name.endsWith(".jsonl") ? "journal" : null;
}

// Which of the two documents a file is of, by what it says of itself; it is then held to that form.
function formOf({ name, raw }, kind) {
  const said = kind === "jws" ? typeOf(raw) === STATEMENT.type
    : kind === "record" ? name === STATEMENT.source
      || latin(raw).includes('"schema":"recond.custody/1"')
    : latin(raw).includes("(event.json)") && !latin(raw).includes("(record.json)");
  return said ? STATEMENT : CERTIFICATE;
}

// A ledger's receipt is signed in the same form, and says so in its header. Not believed: what is
// taken for one is not read any further.
const isReceipt = (raw) => typeOf(raw) === RECEIPT_TYPE;

function typeOf(raw) {
  try {
    return JSON.parse(ascii(unbase64url(ascii(raw).split(".")[0]))).cty;
  } catch {
    return null;
  }
}

// Files that came together: one certificate where there is at most one of each kind, else each
// alone, because nothing here tells which belong together.
async function verifyFiles(files, trust) {
  const sorted = { pdf: [], record: [], jws: [], journal: [], receipt: [] };
  const found = [];
  const forms = new Set();
  for (const file of files) {
    const kind = kindOf(file);
    if (kind && file.raw.length > 0) {
      sorted[kind].push(file);
      if (["pdf", "record", "jws"].includes(kind)) forms.add(file.form = formOf(file, kind));
    } else {
      found.push(notOurs(file));
    }
  }
  const { pdf, record, jws, journal, receipt } = sorted;
  const mixed = forms.size > 1 || [pdf, record, jws, receipt].some((one) => one.length > 1);
  if (mixed) {
    for (const kind of ["pdf", "record", "jws"]) {
      for (const file of sorted[kind]) {
        const one = { journals: [], receipts: [], [kind]: file, form: file.form };
        found.push(await verifyBundle(one, trust, file.name));
      }
    }
  }
  const papers = [...pdf, ...record, ...jws];
  if (mixed || papers.length === 0) {
    found.push(...journal.map((file) => unproven(file, "donor.journal-alone")),
               ...receipt.map((file) => unproven(file, "donor.receipt-not-read")));
  } else {
    const one = { pdf: pdf[0], record: record[0], jws: jws[0], journals: journal,
                  receipts: receipt, form: papers[0].form };
    const name = [...papers, ...journal, ...receipt].map((file) => file.name).join(", ");
    found.unshift(await verifyBundle(one, trust, name));
  }
  return { found, mixed };
}

function notOurs({ name, raw }) {
  const ours = raw.length === 0 || bearsAMark(raw);
  const code = raw.length === 0 ? "certify.verify.empty"
    : ours ? "certify.verify.mangled" : "donor.not-ours";
  const answer = ours ? "no" : "unknown";
  return unread(name, ours ? "false" : "foreign", { intact: answer },
                { axis: "intact", answer, about: name, code, args: {} });
}

function unproven({ name }, code) {
  return unread(name, "unproven", {}, { axis: "valid", answer: "unknown", about: name, code,
                                        args: {} });
}

function unread(name, state, answers, check) {
  const unknown = Object.fromEntries(AXES.map((axis) => [axis, "unknown"]));
  return { name, answers: { ...unknown, ...answers }, checks: [check], record: null, state };
}
