// Shows a document version, open at a quote, with every quote of the answer marked.

import { byId, calm, capital, element, unseen, validity } from "./elements.js";
import { get, Problem } from "./service.js";
import { forgetVersions, showVersions } from "./versions.js";

const whole = byId("document");
const text = byId("text");
const sections = byId("section");

let opened = null;
let openedBy = null;
let answered = [];
let latest = 0;

// `wanted` names a document, a version (null: what applies at `asOf`) and a span, which is a quote, a passage that is near to
// the question, or, without a `role`, just a place. `quotes` are all those of the answer.
export async function openDocument(wanted, quotes, asOf, button) {
  const mine = ++latest;
  let found;
  const { document_id, version } = wanted;
  try {
    found = await get("document", { document_id, version, as_of: wanted.valid_from ?? asOf });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    found = { problem: problem.message };
  }
  if (mine !== latest) return;
  if (button) openedBy = button;
  const isNew = whole.hidden;
  whole.hidden = false;
  document.body.classList.add("reading");
  if (isNew) history.pushState({ reading: true }, "");
  if (found.problem) return apologize(document_id, found.problem);
  answered = quotes;
  const marked = quotes.filter((each) => each.document_id === document_id && each.version === found.version);
  if (wanted.role && !marked.includes(wanted)) marked.push(wanted);
  marked.sort((one, other) => one.start - other.start);
  opened = { ...found, marked, at: Math.max(0, marked.indexOf(wanted)), offset: offsets(found.text) };
  byId("document-heading").textContent = found.title || document_id;
  byId("document-about").replaceChildren(...about(wanted, found));
  fill();
  forgetVersions();
  choose("text");
  if (wanted.role) goToQuote(opened.at);
  else goToSection(wanted.start);
}

export function closeDocument({ quietly = false } = {}) {
  latest += 1;
  if (whole.hidden) return;
  whole.hidden = true;
  document.body.classList.remove("reading");
  if (history.state?.reading) history.back();
  if (!quietly) openedBy?.focus();
}

function about(wanted, found) {
  const source = /^https?:\/\//.test(found.uri)
    ? element("a", { href: found.uri, rel: "noopener noreferrer", target: "_blank" }, "Source", unseen(" (opens a new tab)"))
    : null;
  const parts = [wanted.kind, wanted.jurisdiction, `applies ${validity(found)}`, found.document_id].filter(Boolean);
  parts[0] = capital(parts[0]);
  return [parts.join(" · "), ...(source ? [" · ", source] : [])];
}

function apologize(document_id, problem) {
  opened = null;
  byId("document-heading").textContent = document_id;
  byId("document-about").textContent = problem;
  sections.closest(".control").hidden = true;
  forgetVersions();
  byId("quotes").replaceChildren();
  text.replaceChildren();
  byId("close").focus();
}

// Where a character of the service's count lies in JavaScript's, which counts some characters twice.
function offsets(whole) {
  if (!/[\ud800-\udbff]/.test(whole)) return (position) => position;
  const doubled = [];
  let position = 0;
  for (const character of whole) {
    if (character.length === 2) doubled.push(position);
    position += 1;
  }
  return (wanted) => {
    let low = 0;
    let high = doubled.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (doubled[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return wanted + low;
  };
}

const TAGS = { paragraph: "p", list_item: "p", table: "div", code: "pre" };

function fill() {
  const parts = document.createDocumentFragment();
  const options = [];
  opened.blocks.forEach((block, number) => {
    const isHeading = block.kind === "heading";
    const tag = isHeading ? `h${Math.min(6, block.level + 2)}` : TAGS[block.kind];
    const level = block.kind === "list_item" ? ` level-${Math.min(5, block.level)}` : "";
    const made = element(tag, { class: block.kind + level, id: `block-${number}` }, ...marked(block));
    if (isHeading) {
      made.tabIndex = -1;
      const name = made.textContent.replace(/^#+ /, "");
      options.push(element("option", { value: number }, "\u2003".repeat(Math.max(0, block.level - 1)) + name));
    }
    parts.append(made);
  });
  text.replaceChildren(parts);
  sections.replaceChildren(...options);
  sections.closest(".control").hidden = options.length < 2;
  fillQuotes();
}

// A block's text, with the parts of it that are quoted marked.
function marked(block) {
  const { offset, text: all } = opened;
  const parts = [];
  let at = block.start;
  for (const [number, quote] of opened.marked.entries()) {
    const start = Math.max(at, quote.start);
    const end = Math.min(block.end, quote.end);
    if (start >= end) continue;
    parts.push(all.slice(offset(at), offset(start)));
    const mark = element("mark", { "data-quote": number, tabindex: "-1" });
    const word = quote.role === "near" ? "passage" : "quote";
    mark.append(unseen(` Begin of the ${word}: `), all.slice(offset(start), offset(end)), unseen(` End of the ${word}. `));
    parts.push(mark);
    at = end;
  }
  parts.push(all.slice(offset(at), offset(block.end)));
  return parts;
}

function fillQuotes() {
  const count = opened.marked.length;
  const step = (by, name) =>
    element("button", { type: "button", class: "quiet-button", onclick: () => goToQuote(opened.at + by) }, name);
  const word = opened.marked[0]?.role === "near" ? "passage" : "quote";
  byId("quotes").replaceChildren(
    ...(count > 1 ? [step(-1, "Previous quote"), element("span", { id: "quote-number" }), step(1, "Next quote")] : []),
    ...(count === 1 ? [step(0, `Go to the ${word}`)] : []),
  );
}

function goToQuote(number) {
  const count = opened.marked.length;
  opened.at = (number + count) % count;
  const mark = text.querySelector(`mark[data-quote="${opened.at}"]`);
  if (byId("quote-number")) byId("quote-number").textContent = `${opened.at + 1} of ${count}`;
  for (const other of text.querySelectorAll("mark")) other.classList.toggle("current", other.dataset.quote === String(opened.at));
  sections.value = String(headingBefore(opened.marked[opened.at].start));
  if (mark) bring(mark, 0.25);
}

function goToSection(start) {
  const number = headingBefore(start);
  sections.value = String(number);
  const target = byId(`block-${Math.max(0, number)}`);
  if (target) bring(target, 0.04);
}

// The number of the block that heads a character of the text; -1 where none does.
function headingBefore(start) {
  return opened.blocks.findLastIndex((block) => block.kind === "heading" && block.start <= start);
}

// Moves the text, not the page around it, until the target stands below the given share of the height.
function bring(target, share) {
  target.focus({ preventScroll: true });
  scrollTo(target, share, "auto");
}

function scrollTo(target, share, behavior) {
  const below = target.getBoundingClientRect().top - text.getBoundingClientRect().top;
  text.scrollBy({ top: below - share * text.clientHeight, behavior });
}

sections.addEventListener("change", () => scrollTo(byId(`block-${sections.value}`), 0.04, calm()));

byId("close").addEventListener("click", () => closeDocument());

whole.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDocument();
});

// On a phone the way back is the device's own.
addEventListener("popstate", () => {
  if (!whole.hidden && !history.state?.reading) closeDocument();
});

const tabs = ["text", "versions"];

function choose(name) {
  for (const each of tabs) {
    const isChosen = each === name;
    const tab = byId(`tab-${each}`);
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(`panel-${each}`).hidden = !isChosen;
  }
  if (name === "versions" && opened) showVersions(opened, position());
}

// A character of the section that is chosen: that of the quote, until another one is.
function position() {
  const chosen = Number(sections.value || -1);
  const quote = opened.marked[opened.at];
  if (quote && headingBefore(quote.start) === chosen) return quote.start;
  return opened.blocks[Math.max(0, chosen)].start;
}

for (const name of tabs) byId(`tab-${name}`).addEventListener("click", () => choose(name));

whole.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const other = byId("panel-text").hidden ? "text" : "versions";
  const name = event.key === "Home" ? "text" : event.key === "End" ? "versions" : other;
  choose(name);
  byId(`tab-${name}`).focus();
});

// Opens another version of the document at a place.
addEventListener("read-version", ({ detail }) => openDocument(detail, answered, null, null));
