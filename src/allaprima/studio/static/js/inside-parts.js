// What the parts of the page Look inside share: asking without a blank in between, and remembered works.
import { html, useEffect, useRef, useState } from "./html.js";
import { getJson, useJson } from "./api.js";
import { asOrder } from "./wish.js";
import { classes } from "./ui.js";

// The wish as the server reads it in an address. Noise and move have no say here, and what is as usual is left out.
export function asText(wish) {
  const { noise, move, classes: weights, cutoff, mix, push, ...rest } = asOrder(wish);
  return JSON.stringify({
    ...rest,
    ...(Object.keys(weights).length ? { classes: weights } : {}),
    ...(cutoff === null ? {} : { cutoff }),
    ...(mix.length ? { mix } : {}),
    ...(push.length ? { push } : {}),
  });
}

export const insideAddress = (what, wish, fields = {}) =>
  `/api/inside/${what}?${new URLSearchParams({ wish: asText(wish), ...fields })}`;

// [answer, error, isOld]: until the next answer has come the last one stays, so that nothing jumps.
export function useKept(address) {
  const [answer, error] = useJson(address);
  const last = useRef(null);
  if (answer) last.current = answer;
  return [error ? null : answer ?? last.current, error, !answer];
}

// A value once it has stopped changing.
export function useSettled(value, milliseconds) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (value === settled) return undefined;
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

// The newest work of a kind that fits, and a way to follow another: [id, setId].
export function useNewestJob(kind, fits, again) {
  const [id, setId] = useState(null);
  useEffect(() => {
    let gone = false;
    setId(null);
    getJson("/api/jobs").then((jobs) => {
      const found = jobs.find((job) => job.kind === kind && fits(job.order) && !["failed", "stopped"].includes(job.state));
      if (!gone && found) setId((before) => before ?? found.id);
    }, () => {}); // then there is none to go on with
    return () => { gone = true; };
  }, [again]);
  return [id, setId];
}

// A picture of any number of pixels, enlarged without blur, with a line of text.
export function Shown({ src, alt, children, onClick, chosen, kind = "", shape }) {
  const image = html`<img class="picture pixels" src=${src} alt=${alt} decoding="async" style=${shape} />`;
  return html`<figure class=${classes("shown", kind, chosen && "chosen")}>
    ${onClick ? html`<button type="button" class="picture-button" aria-pressed=${String(Boolean(chosen))} onClick=${onClick}>${image}</button>` : image}
    <figcaption>${children}</figcaption></figure>`;
}

export const number = (value, digits = 2) =>
  Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits }).replace("-", "−");
export const size = (height, width) => `${height}×${width}`;
export const signed = (score) => `${score >= 0 ? "+" : "−"}${Math.abs(score).toFixed(2)}`;
