// A long work that a page has ordered: it is remembered until the browser's tab is closed, and looked after.
import { html, useState } from "./html.js";
import { fileAddress, isOver, useJob } from "./api.js";
import { Button, Downloads, JobProgress, Problem } from "./ui.js";

const key = (kind, model) => `allaprima-${kind}-${model}`;

// [id, setId]: of the last work of that kind
export function useWork(kind, model) {
  const [id, setId] = useState(() => {
    try {
      return sessionStorage.getItem(key(kind, model));
    } catch {
      return null;
    }
  });
  const change = (next) => {
    setId(next);
    try {
      if (next) sessionStorage.setItem(key(kind, model), next);
      else sessionStorage.removeItem(key(kind, model));
    } catch { /* the browser keeps nothing: the work is forgotten with the page */ }
  };
  return [id, change];
}

export const likesMotion = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Film({ work, onForget }) {
  const [job, error] = useJob(work);
  if (!work || error?.status === 404) return null; // removed in the meantime: nobody misses it
  const name = job?.files.find((file) => file.startsWith("walk."));
  return html`<section class="card walk-film" aria-label="Film">
    <${JobProgress} job=${job} />
    <${Problem} error=${error} />
    ${job && name && isOver(job) && html`<${Player} job=${job} name=${name} /><div class="row"><${Downloads} job=${job} names=${[name]} />
      <${Button} kind="small" onClick=${onForget}>Put away<//></div>`}
  </section>`;
}

export function Player({ job, name, label = "The film" }) {
  const address = fileAddress(job, name);
  return name.endsWith(".gif") || name.endsWith(".png") ? html`<img class="picture" src=${address} alt=${label} />`
    : html`<video class="picture" src=${address} aria-label=${label} controls loop muted playsinline autoplay=${likesMotion()}></video>`;
}
