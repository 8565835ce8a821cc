// Shows how a section read at other times, with a redline between any two of them.

import { byId, capital, element, sentence, unseen, validity } from "./elements.js";
import { get, Problem } from "./service.js";

const panel = byId("panel-versions");

let shownFor = null;
let latest = 0;

export function forgetVersions() {
  shownFor = null;
  panel.replaceChildren();
}

// The readings of the section at a character of the opened version; once for each section.
export async function showVersions(opened, start) {
  const name = `${opened.version} ${start}`;
  if (shownFor === name) return;
  shownFor = name;
  panel.replaceChildren(element("p", { class: "hint" }, "Reading the versions …"));
  const { document_id, version, valid_from: as_of } = opened;
  try {
    const found = await get("section", { document_id, version, start, as_of });
    if (shownFor === name) fill(found, opened);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (shownFor === name) panel.replaceChildren(element("p", { class: "problem" }, sentence(problem.message)));
  }
}

function fill(found, opened) {
  const { readings, asked } = found;
  const headings = readings[asked].place.headings;
  panel.replaceChildren(element("h3", {}, headings.join(" › ") || opened.title || opened.document_id));
  if (readings.length === 1) {
    panel.append(element("p", {}, "This section has read the same for as long as the document is on record."));
    return;
  }
  const list = readings.map((reading, number) => line(reading, number === asked, opened)).reverse();
  panel.append(element("ol", { class: "readings", reversed: true }, list));
  if (!found.complete) panel.append(element("p", { class: "hint" }, "Only the nearest of its versions are shown."));
  const present = readings.map((reading, number) => [reading, number]).filter(([reading]) => reading.place);
  if (present.length > 1) panel.append(...comparison(opened.document_id, readings, present, asked));
}

function line(reading, isOpened, opened) {
  const words = capital(validity(reading));
  if (!reading.place) return element("li", {}, words, element("span", { class: "note" }, "not in the document"));
  const detail = {
    document_id: opened.document_id,
    version: reading.version,
    valid_from: reading.valid_from,
    start: reading.place.start,
  };
  const read = () => dispatchEvent(new CustomEvent("read-version", { detail }));
  return element(
    "li",
    isOpened ? { "aria-current": "true" } : {},
    words,
    isOpened
      ? element("span", { class: "note" }, "the one that is open")
      : element("button", { type: "button", class: "quiet-button", onclick: read }, "Read", unseen(`, ${words}`)),
  );
}

function comparison(document_id, readings, present, asked) {
  const place = present.findIndex(([, number]) => number === asked);
  const [from, to] = place > 0 ? [place - 1, place] : [place, place + 1];
  const older = choice("older", "Compare", readings, present, present[from][1]);
  const newer = choice("newer", "with", readings, present, present[to][1]);
  const shown = element("div", { class: "redline", id: "redline", "aria-live": "polite" });
  const compare = () => redline(shown, document_id, readings[older.value()], readings[newer.value()]);
  older.list.addEventListener("change", compare);
  newer.list.addEventListener("change", compare);
  compare();
  return [
    element("div", { class: "comparing" }, older.control, newer.control),
    element(
      "p",
      { class: "legend" },
      element("del", {}, "struck out"),
      " was removed, ",
      element("ins", {}, "underlined"),
      " was added.",
    ),
    shown,
  ];
}

function choice(id, label, readings, present, chosen) {
  const options = present.map(([reading, number]) =>
    element("option", { value: number, selected: number === chosen }, capital(validity(reading))),
  );
  const list = element("select", { id }, options);
  return {
    list,
    value: () => Number(list.value),
    control: element("div", { class: "control" }, element("label", { for: id }, label), list),
  };
}

const MARKS = {
  removed: ["del", " Removed: ", " End of what was removed. "],
  added: ["ins", " Added: ", " End of what was added. "],
};

async function redline(shown, document_id, older, newer) {
  const mine = ++latest;
  try {
    const { parts } = await get("redline", {
      document_id,
      older: older.version,
      newer: newer.version,
      older_start: older.place.start,
      newer_start: newer.place.start,
    });
    if (mine !== latest) return;
    shown.replaceChildren(...withoutHeadings(parts, newer.place.headings).flatMap(part));
    if (parts.every(({ kind }) => kind === "same")) shown.prepend(element("p", { class: "hint" }, "Both read the same."));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (mine === latest) shown.replaceChildren(sentence(problem.message));
  }
}

// The headings that both have stand above the redline already.
function withoutHeadings([first, ...others], headings) {
  if (first?.kind !== "same") return first ? [first, ...others] : [];
  let text = first.text;
  for (const heading of headings) if (text.startsWith(heading)) text = text.slice(heading.length).trimStart();
  return [{ kind: "same", text }, ...others];
}

function part({ kind, text }) {
  if (kind === "same") return text;
  const [tag, before, after] = MARKS[kind];
  const words = text.trimEnd();
  return [element(tag, {}, unseen(before), words, unseen(after)), text.slice(words.length)];
}
