// The record: its one byte form, its fields, and what it comes to in one word.
// Source: RFC 8785 (without fractions, as recond writes it), docs/record-format.md.

// The value of canonical JSON bytes. Whatever is not written the one way (doubled keys, spaces,
// another order, 1.0 for 1) does not come back the same.
function canonicalValue(raw) {
  const value = JSON.parse(ununicode(raw));
  need(same(utf8(canonical(value)), raw), "certify.verify.record.canonical");
  return value;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) =>
      `${canonical(key)}:${canonical(value[key])}`).join()}}`;
  }
  const plain = typeof value === "number" ? Number.isSafeInteger(value)
    : !/[\ud800-\udfff]/u.test(value); // half a character: RFC 8785 3.2.2.2 forbids it
  need(plain, "certify.verify.record.canonical");
  return JSON.stringify(value);
}

// The first place where a value is not what the schema asks for; null where there is none. Knows
// those words of JSON Schema that docs/record.schema.json uses.
function misfit(schema, value, where = "WipeRecord") {
  const { $ref, anyOf, type, format, ...more } = schema;
  if ($ref) return misfit(PAGE.schema.$defs[$ref.slice("#/$defs/".length)], value, where);
  if (anyOf) return anyOf.some((one) => misfit(one, value, where) === null) ? null : where;
  if ("const" in more) return value === more.const ? null : where;
  if (more.enum) return more.enum.includes(value) ? null : where;
  if (type === "object") return misfitObject(schema, value, where);
  if (type === "array") return misfitArray(schema, value, where);
  const right = { string: typeof value === "string", boolean: typeof value === "boolean",
                  null: value === null, integer: Number.isSafeInteger(value) };
  return right[type] && isInForm(format, value) ? null : where;
}

// recond.moments again: a moment or a day of the calendar.
function isInForm(format, text) {
  if (format === undefined) return true;
  return !Number.isNaN(instant(format === "date" ? `${text}T00:00:00Z` : text));
}

function misfitObject({ properties, required = [], additionalProperties: other }, value, where) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return where;
  if (required.some((key) => !Object.hasOwn(value, key))) return where;
  for (const key of Object.keys(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : other;
    if (!known) return `${where}.${key}`;
    const fault = misfit(known, value[key], `${where}.${key}`);
    if (fault !== null) return fault;
  }
  return null;
}

function misfitArray({ items, prefixItems }, value, where) {
  if (!Array.isArray(value)) return where;
  if (prefixItems && prefixItems.length !== value.length) return where;
  for (const [index, one] of value.entries()) {
    const fault = misfit(prefixItems ? prefixItems[index] : items, one, `${where}[${index}]`);
    if (fault !== null) return fault;
  }
  return null;
}

// --- What a record comes to: recond.computer, line by line ---------------------------------------

const LOOKS = ["block", "controllers", "ports", "nvme", "adapters", "cards"];
const NO_MEDIUM = ["image", "loop", "virtual"];
const NOT_ERASABLE = ["drive", "namespace"];
const ON_WORD = ["removed", "destroyed", "checked"];
const NOT_LEFT = ["erased", "beside", ...ON_WORD];

const isApproved = ({ result }) => result.status === "erased" && result.verdict === "approved";

const isBootMedium = ({ result }) => result.status === "refused" && result.reasons.length > 0
  && result.reasons.every((reason) => reason.code === "wipe.refusal.medium");

// The record's own disks; every seal, of whatever version, holds these numbers.
function counts({ erasures }) {
  const approved = erasures.filter(isApproved).length;
  return { approved, others: erasures.length - approved - erasures.filter(isBootMedium).length };
}

const isOutside = ({ place }) => place === "usb" || place === "dock";
const isKnown = (reading) => "value" in reading;
const nameOf = (model, key) => [model, key].filter(Boolean).join(" ");

// What a record comes to: `scope` (computer, disks, virtual), `outcome`, `headline`, what is `left` as
// {name, fate, why}, `doubts` as {code, args}, and the `words` that count.
function conclude(record) {
  const census = record.machine?.census?.value ?? null;
  const media = census ? census.media : [];
  const owners = record.erasures.map((one) => [one, candidates(media, one)]);
  const inner = isOfComputer(record, owners);
  const words = countingWords(census, record.words ?? []);
  const fates = new Map(inner ? media.map((one) => [one, fateOf(one, owners, words)]) : []);
  const left = [...[...fates].filter(([, fate]) => !NOT_LEFT.includes(fate))
      .map(([one, fate]) => leftMedium(one, fate, owners)),
    ...leftErasures(owners, fates),
    ...(inner && census ? leftSuspicions(census, words) : [])];
  const doubts = inner ? doubtsOf(record, census, owners) : [];
  const real = record.erasures.some((one) => !NO_MEDIUM.includes(one.disk.kind));
  const scope = inner ? "computer" : real || !record.erasures.length ? "disks" : "virtual";
  const outcome = outcomeOf(owners, fates, left, doubts);
  const alone = outcome === "erased" && scope !== "computer";
  const shown = alone ? `erased-${scope}` : outcome;
  return { scope, outcome, left, doubts, words, headline: `certify.verdict.${shown}` };
}

function outcomeOf(owners, fates, left, doubts) {
  if (!owners.some(([one]) => isApproved(one))) {
    return owners.every(isStick) ? "nothing" : "not-erased";
  }
  if (left.length) return "partial";
  if (doubts.length) return "unknown";
  return [...fates.values()].some((fate) => ON_WORD.includes(fate)) ? "accounted" : "erased";
}

function candidates(media, erasure) {
  const madeUp = erasure.disk.kind === "virtual" && !isApproved(erasure);
  if (NO_MEDIUM.includes(erasure.disk.kind) && !madeUp) return [];
  const found = media.filter((one) => isSame(one, erasure)
    && (!madeUp || one.paths.includes(erasure.path)));
  const plugged = found.filter((one) => differ(one.disk_seq, erasure.disk.disk_seq) === false);
  return found.length > 1 && plugged.length === 1 ? plugged : found;
}

function isSame(medium, { disk, path }) {
  if (NOT_ERASABLE.includes(medium.kind)) return false;
  if (medium.kind === "boot-area") {
    return isKnown(medium.serial) && disk.serial === medium.key
      && differ(medium.size_bytes, disk.size_bytes) === false;
  }
  const named = [differ(medium.serial, disk.serial), differ(medium.wwn, disk.wwn)];
  const parted = [differ(medium.namespace, disk.namespace),
                  differ(medium.size_bytes, disk.size_bytes)];
  if ([...named, ...parted].includes(true)) return false;
  if (named.includes(false)) return true;
  if (isKnown(medium.serial) || isKnown(medium.wwn) || disk.serial || disk.wwn) return false;
  return medium.paths.includes(path) && differ(medium.disk_seq, disk.disk_seq) === false;
}

const differ = (reading, value) =>
  !isKnown(reading) || value === null ? null : reading.value !== value;

function isOfComputer(record, owners) {
  return record.machine !== null && owners.some(([one, media]) =>
    !NO_MEDIUM.includes(one.disk.kind) && !isStick([one, media])
    && !(media.length ? media.every(isOutside) : one.disk.bus === "usb"));
}

function fateOf(medium, owners, words) {
  const own = owners.filter(([, media]) => media.includes(medium));
  if (own.length && medium.reach === "ready"
      && own.every(([one, media]) => media.length === 1 && isApproved(one))) return "erased";
  const word = words.find(({ about }) => about === medium.key);
  if (word) return word.said;
  if (isBeside(medium)) return "beside";
  if (medium.kind === "boot-area" && !own.length) return "unreached";
  if (medium.reach !== "ready") return medium.reach === "hidden" ? "hidden" : "unreadable";
  if (!own.length) return "not-chosen";
  return own.every(([one]) => one.result.status === "refused") ? "refused" : "failed";
}

// The medium that recond runs from, and no part of the computer: one that is built in stays.
function isStick([one, media]) {
  const outside = one.disk.bus === "usb" || one.disk.medium === "sd";
  return isBootMedium(one) && (media.length ? media.every(isBeside) : outside);
}

function isBeside(medium) {
  const card = medium.of_bench && medium.place === "reader";
  return isOutside(medium) || card || (medium.reach === "empty"
    && (medium.place === "reader" || medium.kind === "boot-area"));
}

const faults = ({ reasons }) => reasons.filter(({ code }) => !ERASED.includes(code));

function leftMedium(medium, fate, owners) {
  const own = owners.filter(([, media]) => media.includes(medium)).map(([one]) => one);
  const [reason] = own.flatMap(({ result }) => faults(result));
  const why = medium.why ?? reason ?? (own.length ? { code: "certify.computer.ambiguous" } : null);
  const name = nameOf(isKnown(medium.model) ? medium.model.value : "", medium.key);
  return { name, fate, why: [why, medium.remedy].filter(Boolean) };
}

// The record's own disks that are not approved and not told of as a medium already.
function leftErasures(owners, fates) {
  return owners.filter(([one, own]) => !isApproved(one) && !isStick([one, own])
      && !own.some((medium) => (fates.get(medium) ?? "beside") !== "beside"))
    .map(([{ disk, result }]) => ({
      name: nameOf(disk.model, disk.serial || disk.wwn
        || `${disk.model || disk.bus}@${disk.size_bytes}`),
      fate: result.status === "refused" ? "refused" : "failed",
      why: faults(result).slice(0, 1),
    }));
}

function leftSuspicions({ suspicions }, words) {
  const closed = words.filter(({ said }) => said === "checked").map(({ about }) => about);
  return suspicions.filter(({ key }) => !closed.includes(key))
    .map(({ place, what, todo }) => ({ name: place, fate: "suspicion", why: [what, todo] }));
}

function countingWords(census, words) {
  if (!census) return [];
  const areas = census.media.filter(({ kind }) => kind === "boot-area");
  return words.filter(({ about, said, name }) => /\p{L}/u.test(name)
    && (said === "checked" ? [...census.suspicions, ...areas] : census.media)
      .filter(({ key }) => key === about).length === 1);
}

// Why a census may not be the whole truth of this computer; what contradicts it counts too.
function doubtsOf({ machine }, census, owners) {
  if (!census) return [{ code: "certify.computer.no-census" }];
  const found = census.gaps.map(({ why }) => why);
  if (!found.length && LOOKS.some((look) => !census.looked.includes(look))) {
    found.push({ code: "certify.computer.no-census" });
  }
  const paths = census.media.flatMap((one) => one.paths);
  const keys = census.media.map(({ key }) => key);
  const listed = census.controllers.map(({ address }) => address);
  const hides = census.controllers.some(({ remapped }) => isKnown(remapped) && remapped.value);
  const told = census.suspicions.length || census.media.some(({ reach }) => reach === "hidden");
  const unseen = [
    ...machine.disks.map(({ path }) => path).filter((path) => !paths.includes(path)),
    ...owners.filter(([one, media]) => !NO_MEDIUM.includes(one.disk.kind) && !media.length
      && !isStick([one, media])).map(([one]) => one.path),
    ...new Set(keys.filter((key, place) => keys.indexOf(key) !== place)),
    ...machine.devices.filter(({ role, bus, address }) => role === "storage" && bus === "pci"
      && !listed.includes(address)).map(({ address }) => address),
    ...(hides && !told ? ["remapped_nvme"] : []),
  ];
  return [...found, ...unseen.map((what) =>
    ({ code: "certify.computer.not-in-census", args: { what } }))];
}

// The sentences beside the headline: what is left, what is not known, what rests on a word.
function leftLines(found) {
  const lines = found.left.map(({ name, fate, why }) => text("certify.left.line",
    { name, fate: text(`certify.fate.${fate}`),
      why: why.map(({ code, args }) => text(code, args)).join(" ") }).trimEnd());
  return [...lines, ...found.doubts.map(({ code, args }) => text(code, args))];
}

const wordLines = ({ words }) => words.map(({ about, said, name, at }) =>
  text(`certify.word.${said}`, { about, name, day_date: at }));
