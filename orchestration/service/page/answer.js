// Shows an answer: its sentences, each with the places that it is quoted from; or a refusal, with the nearest sections.

import { openDocument } from "./document.js";
import { byId, calm, capital, element, sentence, unseen, validity } from "./elements.js";

const body = byId("answer-body");

let quotesShown = [];

export function beginAnswer(isRefused, circumstances) {
  quotesShown = [];
  body.replaceChildren();
  byId("answer-heading").textContent = isRefused ? "No answer" : "Answer";
  byId("asked").textContent = circumstances;
  byId("record").textContent = "";
  byId("answer").classList.toggle("refused", isRefused);
  byId("answer").hidden = false;
  if (!isRefused) body.append(element("ol", { class: "sentences", id: "sentences" }));
}

export function showSentence({ sentence: text, quotes }) {
  for (const quote of quotes) quotesShown.push(Object.assign(quote, { role: "quote" }));
  const isQuote = quotes.some(({ quote }) => plain(quote) === plain(text));
  const places = quotes.map((quote) =>
    element("li", {}, place(quote, validity(quote)), isQuote ? null : element("q", {}, plain(quote.quote))),
  );
  byId("sentences").append(
    element("li", {}, element("p", { class: "sentence" }, text), element("ul", { class: "places" }, places)),
  );
}

export function finishAnswer(answer) {
  if (answer.reason) body.append(mind(answer.reason));
  if (answer.dropped) {
    const left = answer.dropped === 1 ? "One sentence was" : `${answer.dropped} sentences were`;
    body.append(element("p", { class: "hint" }, `${left} left out, because what it cites does not say so.`));
  }
  settle(answer);
}

export function refuse(answer) {
  body.append(element("p", { class: "sentence" }, sentence(answer.reason)));
  if (answer.nearest.length) {
    const nearest = answer.nearest.map((section) => element("li", {}, place({ ...section, role: "near" }, "", answer.as_of)));
    body.append(element("h3", {}, "Nearest sections"), element("ul", { class: "places" }, nearest));
  }
  settle(answer);
}

function mind(reason) {
  return element(
    "div",
    { class: "mind" },
    element("h3", {}, "What to mind"),
    element("p", {}, sentence(reason)),
  );
}

// A button that opens the document where the quote stands.
function place(quote, when, asOf = null) {
  const about = [quote.kind, quote.jurisdiction, when].filter(Boolean).join(" · ");
  return element(
    "button",
    {
      type: "button",
      class: "place",
      onclick: (event) => openDocument(quote, quotesShown, asOf, event.currentTarget),
    },
    unseen("Read in "),
    element("span", { class: "where" }, quote.place.replaceAll(" > ", " › ")),
    about ? element("span", { class: "when" }, unseen(", "), capital(about)) : null,
  );
}

function settle(answer) {
  byId("record").textContent = `On record as ${answer.answer_id}`;
  // On a phone the question takes up the whole screen.
  const heading = byId("answer-heading");
  if (heading.getBoundingClientRect().bottom > 0.6 * innerHeight) byId("progress").scrollIntoView({ behavior: calm() });
}

const plain = (text) => text.split(/\s+/).join(" ").trim();
