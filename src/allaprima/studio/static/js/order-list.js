// The orders of this studio: how they stand, what they have made.
import { html, useCallback, useEffect, useState } from "./html.js";
import { getJson, isOver, remove, useJob } from "./api.js";
import { Button, Downloads, JobProgress, Problem } from "./ui.js";

const SHOWN = 12;

// newest: a number that changes with every order that is sent
export function Orders({ newest }) {
  const [jobs, setJobs] = useState([]);
  const [error, setError] = useState(null);
  const look = useCallback(() => getJson("/api/jobs").then(
    (all) => { setJobs(all.filter((job) => job.kind === "bulk").slice(0, SHOWN)); setError(null); }, setError,
  ), []);
  useEffect(() => { look(); }, [newest, look]);
  return html`<section class="orders" aria-label="Orders"><h2>Orders</h2><${Problem} error=${error} />
    ${!jobs.length && !error && html`<p class="hint">Nothing has been ordered yet. What you order appears here, and goes on when the studio is closed and opened again.</p>`}
    ${jobs.map((job) => html`<${Order} key=${job.id} first=${job} onGone=${look} />`)}</section>`;
}

function Order({ first, onGone }) {
  // What is over will not change: it is not asked about.
  const [asked, askError] = useJob(isOver(first) ? null : first.id);
  const [error, setError] = useState(null);
  const job = asked ?? first;
  const throwAway = () => remove(`/api/jobs/${job.id}`).then(onGone, setError);
  return html`<article class="card order"><${JobProgress} job=${job} />
    <p class="hint">${about(job)}</p>
    ${isOver(job) && html`<div class="row"><${Downloads} job=${job} /><${Button} kind="small" onClick=${throwAway} aria-label=${`Throw away ${job.title}`}>Throw away<//></div>`}
    <${Problem} error=${error ?? (askError?.status === 404 ? askError : null)} /></article>`;
}

const megabytes = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`);

function about(job) {
  const { seed, count, truncation, format } = job.order;
  const size = job.result?.bytes ? `, ${megabytes(job.result.bytes)}` : "";
  return `Seeds ${seed} to ${(seed + count - 1) % 2 ** 32}, truncation ${truncation}, ${format === "png" ? "PNG" : "WebP"}${size}`;
}
