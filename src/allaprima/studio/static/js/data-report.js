// What the doctor says of a data set, once all images have been looked at.
import { html, useEffect, useState } from "./html.js";
import { fileAddress, getJson, postJson, useJob, useJson } from "./api.js";
import { Button, JobProgress, Problem } from "./ui.js";
import { dataAddress, many, modeName } from "./data.js";

// { job, report, error, start, isKnown }: the newest examination, if there is one; isKnown: whether that has been asked.
export function useExamination(name) {
  const [id, setId] = useState(undefined); // null: there is none
  const [error, setError] = useState(null);
  const [job, lost] = useJob(id);
  const [report, unread] = useJson(job?.state === "done" ? fileAddress(job, "report.json", job.id) : null);
  useEffect(() => {
    let gone = false;
    getJson(`${dataAddress(name)}/examination`).then((found) => found?.id ?? null, () => null)
      .then((found) => gone || setId((before) => before ?? found));
    return () => { gone = true; };
  }, [name]);
  const start = async (again = false) => {
    setError(null);
    try {
      setId((await postJson(`${dataAddress(name)}/examination`, { again })).id);
    } catch (problem) { setError(problem); }
  };
  const problem = error ?? lost ?? unread;
  const isComing = id && !problem && (!job || (job.state === "done" && !report));
  return { job, report, error: problem, start, isKnown: id !== undefined && !isComing };
}

export const isBusy = (job) => ["waiting", "running"].includes(job?.state);

// What stands where there is no report yet.
function NoReport({ about, examination, children }) {
  const { job, error, start, isKnown } = examination;
  if (!isKnown) return html`<p class="starting" role="status">One moment…</p>`;
  return html`<div class="card">
    ${!isBusy(job) && html`<div><p>${children}</p>
      <${Button} kind="main" onClick=${() => start()}>Examine ${many(about.total, "image")}<//></div>`}
    <${Problem} error=${error} />
    ${job && html`<${JobProgress} job=${job} />`}</div>`;
}

export function Report({ name, about, examination }) {
  const { report, start, job } = examination;
  if (!report || isBusy(job)) {
    return html`<${NoReport} about=${about} examination=${examination}>The doctor looks at every image once, and says what is in the way of a good
      training: sizes that differ, duplicates, broken files, missing labels. Nothing is changed.<//>`;
  }
  return html`<div><${Verdict} report=${report} />
    <div class="report">
      <${Counts} title="Sizes" rows=${report.sizes.map(([height, width, count]) => [`${height}×${width}`, count])} total=${report.images}
        more=${report.sizes_total - report.sizes.length} />
      <${Counts} title="Colours" rows=${Object.entries(report.modes).map(([mode, count]) => [modeName(mode), count])} total=${report.images} />
      <${Counts} title="Transparency" rows=${Object.entries(report.alpha).map(([use, count]) => [ALPHA[use] ?? use, count])} total=${report.images} />
      ${report.labels.length > 0 && html`<${Counts} title=${`Labels (${report.labels.length})`} rows=${report.labels} total=${Math.max(...report.labels.map((each) => each[1]))} />`}
      <section class="card"><h3>Kinds</h3><p><strong class="figure">${report.diversity.toFixed(2)}</strong> of 1</p>
        <p>How alone an image is among the others. The images are ${report.diversity_words}.</p></section>
      <section class="card"><h3>Duplicates</h3><p><strong class="figure">${report.exact.copies.toLocaleString("en")}</strong> exact, <strong class="figure">${report.near.copies.toLocaleString("en")}</strong> near</p>
        <p>${report.exact.copies + report.near.copies ? "The page Duplicates shows them in groups." : "No image is there twice."}</p></section>
    </div>
    ${report.broken.length > 0 && html`<section class="card"><h3>Broken files</h3><div class="scroll-x"><table>
      <thead><tr><th scope="col">file</th><th scope="col">why</th></tr></thead>
      <tbody>${report.broken.map((each) => html`<tr><td>${each.name}</td><td>${each.reason}</td></tr>`)}</tbody></table></div>
      ${report.broken_total > report.broken.length && html`<p class="hint">… and ${report.broken_total - report.broken.length} more.</p>`}</section>`}
    <p><${Button} kind="small" onClick=${() => start(true)}>Examine again<//></p></div>`;
}

const ALPHA = { none: "none", unused: "opaque everywhere", "cut out": "cut out", soft: "soft edges" };

function Verdict({ report }) {
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard?.writeText(report.next).then(() => setCopied(true), () => {});
  return html`<section class="card advice">
    <h2>${report.is_ready ? "Ready to train on" : "Not ready yet"}</h2>
    <ul>${flaws(report).map((text) => html`<li>${text}</li>`)}${report.reasons.map((text) => html`<li>${text[0].toUpperCase()}${text.slice(1)}.</li>`)}</ul>
    <p>${report.is_ready ? html`The recipe <strong>${report.recipe}</strong> fits. Type:` : "First make an archive of equal images. Type:"}</p>
    <div class="command"><code>${report.next}</code>
      ${navigator.clipboard && html`<${Button} kind="small" onClick=${copy}>${copied ? "Copied" : "Copy"}<//>`}</div></section>`;
}

function flaws(report) {
  const found = [];
  if (report.sizes_total > 1) found.push(`The images have ${report.sizes_total} sizes.`);
  if (Object.keys(report.modes).length > 1) found.push("Some are gray, some are coloured, or some have transparency and some do not.");
  if (report.broken_total) found.push(`${many(report.broken_total, "file")} cannot be read.`);
  if (report.unlabelled && report.unlabelled < report.images) found.push(`${many(report.unlabelled, "image")} ${report.unlabelled === 1 ? "has" : "have"} no label, but others have one.`);
  if (report.rotated) found.push(`${many(report.rotated, "image")} lie on their side; they are turned when read.`);
  if (report.colourless && report.colourless === report.images) found.push("All are gray though stored as colours: with one channel there are no colours to learn.");
  return found;
}

function Counts({ title, rows, total, more = 0 }) {
  const shown = rows.slice(0, 12);
  const rest = rows.length - shown.length + more;
  return html`<section class="card counts"><h3>${title}</h3><table><tbody>${shown.map(([name, count]) => html`<tr><th scope="row">${name}</th>
      ${rows.length > 1 && html`<td class="bar"><span style=${{ width: `${Math.max(1, (100 * count) / total)}%` }}></span></td>`}
      <td>${rows.length > 1 ? "" : "all "}${count.toLocaleString("en")}</td></tr>`)}</tbody></table>
    ${rest > 0 && html`<p class="hint">… and ${rest} more.</p>`}</section>`;
}

export function Duplicates({ name, about, examination, show }) {
  const { report, job } = examination;
  if (!report || isBusy(job)) {
    return html`<${NoReport} about=${about} examination=${examination}>Images that are there twice are what a discriminator learns by heart first. The doctor
      looks at every image once to find them.<//>`;
  }
  return html`<div><${Groups} title="The same, pixel by pixel" found=${report.exact} name=${name} show=${show} shape=${shapeOf(about)} none="No two images are the same." />
    <${Groups} title="Nearly the same" found=${report.near} name=${name} show=${show} shape=${shapeOf(about)} none="No two images are nearly the same." /></div>`;
}

function Groups({ title, found, name, show, none, shape }) {
  return html`<section><h2>${title}</h2>
    ${!found.groups && html`<p class="hint">${none}</p>`}
    ${found.groups > 0 && html`<p>${many(found.groups, "group")}, with ${many(found.copies, "image")} more than ${found.groups === 1 ? "one" : "one each"}.
      ${found.groups > found.shown.length ? ` The ${found.shown.length} largest are here.` : ""}</p>`}
    <div class="groups">${found.shown.map((group) => html`<${Row} key=${group.images[0].index} name=${name} images=${group.images} show=${show} total=${group.count} shape=${shape} />`)}</div></section>`;
}

function Row({ name, images, show, total, shape }) {
  return html`<ul class="group card" aria-label=${`${total} images that are alike`}>${images.map((each, place) => html`<li>
      <button type="button" class="picture-button" onClick=${() => show(images, place)} title=${each.name}>
        <img class="picture pixels" src=${`${dataAddress(name)}/image/${each.index}?side=128`} alt=${each.name} loading="lazy" style=${shape} /></button>
      <span>${short(each.name)}</span></li>`)}
    ${total > images.length && html`<li class="hint">and ${total - images.length} more</li>`}</ul>`;
}

// The place of an image before it has come, as that of the first one.
export const shapeOf = (about) => (about.height ? { aspectRatio: `${about.width} / ${about.height}`, objectFit: "contain" } : {});
export const short = (name) => name.split("/").pop().replace(/\.\w+$/, "");
