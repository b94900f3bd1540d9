// What a person sees: files in, sentences out. Whatever comes from a file is put in as plain text.

const SIGNS = { yes: "✓", no: "✗", unknown: "?" };
const STATE_SIGNS = { "erased": "✓", "accounted": "☞", "partial": "⚠", "unknown": "?",
                      "not-erased": "✗", "nothing": "—", "demonstration": "—", "word": "☞", "unproven": "?", "foreign": "—",
                      "false": "✗" };
const TRUE_STATES = ["erased", "accounted", "partial", "unknown", "not-erased", "nothing"];
const ERASED = ["certify.reason.erased-full", "certify.reason.erased-sample"];
const MAX_FILE = 128 << 20;

let shownNow = { found: [], mixed: false };
let checkedAt = null;
let turn = 0;

const byId = (id) => document.getElementById(id);

// An element with attributes and children; a string is text, never markup nor a control sign.
function node(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one !== null)
    .map((one) => typeof one === "string" ? printable(one) : one));
  return made;
}

// --- One certificate ----------------------------------------------------------------------------

function show(one) {
  return node("article", { "data-state": one.state },
    node("p", { class: "name" }, one.name), verdictBox(one),
    ...(TRUE_STATES.includes(one.state) ? [...leftList(one.record), disksTable(one.record)] : []),
    ...(one.record ? [one.form === STATEMENT ? wordList(one) : factsList(one)] : []),
    answersList(one));
}

function verdictBox({ state, record, enclosed }) {
  const [lead, title, detail] = sentences(state, record, enclosed);
  return node("div", { class: "verdict" },
    node("span", { "class": "sign", "aria-hidden": "true" }, STATE_SIGNS[state]),
    node("p", {}, lead), node("h2", {}, title), node("p", {}, detail));
}

function sentences(state, record, enclosed) {
  if (TRUE_STATES.includes(state)) {
    const found = conclude(record);
    const { approved } = counts(record);
    const detail = [text(`certify.verdict.${state}.detail`,
                         { n: approved, total: approved + found.left.length })];
    if (!["nothing", "unknown", "accounted"].includes(state)) {
      const whole = state === "erased" ? "erased" : "left";
      detail.push(text(`certify.scope.${found.scope}.${whole}`));
    }
    const lead = text(enclosed ? "donor.state.authentic.enclosed" : "donor.state.authentic.lead");
    return [lead, text(found.headline), detail.join(" ")];
  }
  if (state === "word") {
    const { kind, operator, happened_on: day_date } = record;
    const word = text("custody.word", { who: operator.name, day_date });
    return [text("donor.state.word.lead"), text(`custody.headline.${kind}`),
            `${word} ${text("custody.no-erasure")}`];
  }
  if (state === "demonstration") {
    return [text("donor.state.demonstration.lead"), text("certify.mark.demonstration"),
            text("certify.warn.demonstration")];
  }
  return ["lead", "title", "detail"].map((part) => text(`donor.state.${state}.${part}`));
}

// What is left, before everything else, and what rests on somebody's word.
function leftList(record) {
  const found = conclude(record);
  const left = leftLines(found).map((line) => node("li", {}, `✗ ${line}`));
  const words = wordLines(found).map((line) => node("li", {}, `☞ ${line}`));
  if (!left.length && !words.length) return [];
  return [node("section", { "class": "left" },
    left.length ? node("h3", {}, text("certify.section.left")) : null,
    node("ul", {}, ...left, ...words))];
}

function disksTable({ erasures }) {
  const label = (name) => text(`certify.disk.${name}`);
  const rows = erasures.map((erasure) => {
    const { disk } = erasure;
    const which = [disk.vendor, disk.model].filter(Boolean).join(" ") || text("certify.unknown");
    const own = disk.serial && disk.serial_of === "box"
      ? text("certify.disk.of-box", { serial: disk.serial }) : disk.serial;
    const serial = own || disk.wwn || text("certify.unknown");
    const level = isApproved(erasure) ? erasure.result.level_achieved : "none";
    const space = disk.namespace
      ? ` ${text("certify.namespace", { number: disk.namespace })}` : "";
    return node("tr", {},
      node("td", {}, which,
           node("small", {}, `${text("certify.field.serial")} ${serial}${space}`)),
      node("td", { "data-label": label("size") }, size(disk.size_bytes)),
      node("td", { "data-label": label("how") }, how(erasure)),
      node("td", { "data-label": label("level") }, text(`cli.level.${level}`)),
      resultCell(erasure, label("result")));
  });
  const head = ["which", "size", "how", "level", "result"].map((name) =>
    node("th", { scope: "col" }, label(name)));
  return node("table", {}, node("thead", {}, node("tr", {}, ...head)), node("tbody", {}, ...rows));
}

function how({ plan, steps, verification }) {
  const done = steps.filter((step) => step.outcome !== "not-run").length;
  if (plan === null || done === 0) return text("certify.how.nothing");
  const verify = text(`certify.how.verify.${verification.mode}`);
  return text("certify.how", { method: plan.method, n: done, verify });
}

// "Erased" stands here only for a disk whose status and verdict both say so.
function resultCell(erasure, label) {
  const { status, reasons } = erasure.result;
  if (isApproved(erasure)) {
    return node("td", { "class": "approved", "data-label": label },
                `✓ ${text("certify.disk.approved")}`);
  }
  const word = status === "erased" ? "donor.disk.unapproved" : `certify.disk.${status}`;
  const why = reasons.filter(({ code }) => !ERASED.includes(code));
  return node("td", { "class": "refused", "data-label": label }, `✗ ${text(word)}`,
              ...why.map(({ code, args }) => node("small", {}, text(code, args))));
}

// Who, what, when. Of a document that is not true only what helps to ask about it.
function factsList({ record, state }) {
  const rows = [["certify.title", text("certify.number", { id: record.record_id })]];
  const add = (name, value) => {
    if (value) rows.push([`certify.field.${name}`, value]);
  };
  if (TRUE_STATES.includes(state) || state === "demonstration") {
    const { workshop, operator, machine } = record;
    const line = (...parts) => parts.filter(Boolean).join(", ");
    add("computer", machine ? computer(machine.system) : text("certify.not-recorded"));
    add("serial", machine && read(machine.system.serial));
    add("property", record.property_number);
    add("donor", record.donor);
    add("lot", record.lot);
    add("workshop", line(workshop.name, workshop.address, workshop.contact,
                         workshop.registration));
    add("operator", line(operator.name, operator.title));
    add("date", `${day(record.issued_at)} ${record.issued_at.slice(11, 16)} UTC`);
  } else {
    rows.push(["donor.claims", text("donor.claims.hidden")]);
  }
  return node("dl", { class: "facts" }, ...rows.flatMap(([code, value]) =>
    [node("dt", {}, text(code)), node("dd", {}, value)]));
}

// What a person declares; of a document that is not true only its number.
function wordList({ record, state }) {
  const rows = [[text("custody.title"), text("certify.number", { id: record.event_id })]];
  const add = (code, value) => {
    if (value) rows.push([text(code), String(value)]);
  };
  if (state === "word") {
    const { workshop, operator, destroyed, waste } = record;
    add("custody.field.what", text(`custody.event.${record.kind}`));
    for (const { kind, serial, model } of record.things) {
      add(`custody.kind.${kind}`, [serial, model].filter(Boolean).join(" – "));
    }
    add("custody.field.lot", record.lot);
    add({ received: "custody.field.from", destroyed: "custody.field.by" }[record.kind]
        ?? "custody.field.to", record.party);
    add("custody.field.computer", record.computer);
    if (destroyed) add("custody.field.technique", text(`custody.technique.${destroyed.technique}`));
    add("custody.field.class", destroyed?.security_class);
    add("custody.field.seen-by", destroyed?.seen_by);
    add("custody.field.waste", waste && `${waste.code} – ${waste.category}`);
    add("certify.field.workshop", workshop.name);
    add("custody.field.operator", operator.name);
    add("custody.field.issued",
        `${day(record.issued_at)} ${record.issued_at.slice(11, 16)} UTC`);
  } else {
    add("donor.claims", text("donor.claims.hidden"));
  }
  return node("dl", { class: "facts" }, ...rows.flatMap(([label, value]) =>
    [node("dt", {}, label), node("dd", {}, value)]));
}

const read = (reading) => "value" in reading ? reading.value : text("certify.unknown");

function computer({ maker, model }) {
  if (!("value" in maker) && !("value" in model)) return text("certify.unknown");
  return `${read(maker)} – ${read(model)}`;
}

function answersList({ answers, checks }) {
  return node("ul", { class: "answers" }, ...AXES.map((axis) => {
    const answer = answers[axis];
    const lines = new Set(checks.filter((check) => check.axis === axis).map((check) =>
      `${SIGNS[check.answer]} ${check.about} – ${text(check.code, check.args)}`));
    return node("li", { "data-axis": axis, "data-answer": answer },
      node("span", { "class": "mark", "aria-hidden": "true" }, SIGNS[answer]),
      node("strong", {}, `${text(`certify.axis.${axis}`)} – ${text(`certify.answer.${answer}`)}`),
      node("ul", {}, ...[...lines].map((line) => node("li", {}, line))));
  }));
}

// --- The page -----------------------------------------------------------------------------------

function render() {
  document.documentElement.lang = language;
  document.title = text("donor.title");
  for (const one of document.querySelectorAll("[data-say]")) {
    one.textContent = text(one.dataset.say, { version: PAGE.version, n: TRUST.revoked.length });
  }
  for (const one of document.querySelectorAll("[data-language]")) {
    one.setAttribute("aria-pressed", String(one.dataset.language === language));
  }
  const believed = TRUST.roots.filter((root) =>
    revokedAs(root, root.from, TRUST.revoked) !== "certify.trust.compromised");
  byId("believed").replaceChildren(...believed.map((root) =>
    node("li", {}, root.name, node("br"), node("code", {}, grouped(root.fingerprint)))));
  const { found, mixed } = shownNow;
  byId("results").replaceChildren(...[
    mixed ? node("p", {}, text("donor.mixed")) : null, ...found.map(show),
    found.length ? node("p", { class: "soft" }, text("donor.checked", when())) : null,
  ].filter((one) => one !== null));
}

// By this computer's clock, which the answers do not depend on.
function when() {
  const two = (value) => String(value).padStart(2, "0");
  const date = [checkedAt.getFullYear(), checkedAt.getMonth() + 1, checkedAt.getDate()];
  return { done_date: date.map(two).join("-"),
           time: [checkedAt.getHours(), checkedAt.getMinutes()].map(two).join(":") };
}

// The latest files win: what was dropped before never shows again behind them.
async function take(list) {
  const mine = ++turn;
  document.body.dataset.busy = "true";
  const files = [...list];
  shownNow = { found: [], mixed: false };
  render();
  let result;
  try {
    result = await verifyFiles(await Promise.all(files.map(readFile)), TRUST);
  } catch (error) {
    const name = files.map((file) => file.name).join(", ");
    const check = { axis: "intact", answer: "no", about: name, code: "donor.unreadable", args: {} };
    result = { found: [unread(name, "false", { intact: "no" }, check)], mixed: false };
  }
  if (mine !== turn) return;
  shownNow = result;
  checkedAt = new Date();
  render();
  document.body.dataset.busy = "false";
  byId("results").scrollIntoView({ block: "start" });
}

async function readFile(file) {
  need(file.size <= MAX_FILE, "donor.unreadable");
  return { name: file.name, raw: new Uint8Array(await file.arrayBuffer()) };
}

function listen() {
  const drop = byId("drop");
  const over = (event) => {
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", over);
  document.addEventListener("drop", (event) => {
    over(event);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
  byId("files").addEventListener("change", ({ target }) => {
    if (target.files.length) take(target.files).then(() => { target.value = ""; });
  });
  for (const one of document.querySelectorAll("[data-language]")) {
    one.addEventListener("click", () => {
      language = one.dataset.language;
      render();
    });
  }
}

const PAGE = JSON.parse(byId("data").textContent);
const TRUST = { roots: [], revoked: PAGE.revoked };
language = navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";

// Without the browser's cryptography there is no check, and this page says nothing but that.
async function begin() {
  const able = globalThis.crypto?.subtle && globalThis.DecompressionStream && Object.hasOwn;
  if (!able) {
    render();
    byId("unsupported").hidden = false;
    return;
  }
  for (const { der, authority } of PAGE.trusted) {
    TRUST.roots.push({ ...await readCertificate(unbase64(der)), authority });
  }
  render();
  listen();
  document.querySelector("main").hidden = false;
  document.body.dataset.busy = "false";
}

begin();
