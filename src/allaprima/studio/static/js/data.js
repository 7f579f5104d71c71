// Data: what a model learns from, looked at before anyone trains on it.
import { html, useState } from "./html.js";
import { useJson } from "./api.js";
import { Problem, Select, classes } from "./ui.js";
import { Images } from "./data-images.js";
import { Viewer } from "./data-viewer.js";
import { Duplicates, Report, useExamination } from "./data-report.js";
import { Odd } from "./data-odd.js";

const VIEWS = [["images", "Images"], ["report", "Report"], ["duplicates", "Duplicates"], ["odd", "Odd ones"]];

export const dataAddress = (name) => `/api/datasets/${encodeURIComponent(name)}`;

export default function Page({ studio, facts, address, go }) {
  if (!studio.datasets.length) {
    return html`<div><h1>Data</h1>
      <p class="lead">What a model learns from, looked at before anyone trains on it.</p>
      <div class="card"><p>No data set is served here. Start the studio with one: a folder of images, a ZIP archive, or whatever else
        ${" "}<code>allaprima dataset</code> reads.</p><p><code>allaprima studio --data flowers.zip</code></p></div></div>`;
  }
  const fields = new URLSearchParams(address);
  const name = studio.datasets.includes(fields.get("set")) ? fields.get("set") : studio.datasets[0];
  return html`<${DataSet} key=${name} name=${name} studio=${studio} facts=${facts} fields=${fields} go=${go} />`;
}

function DataSet({ name, studio, facts, fields, go }) {
  const [about, error] = useJson(dataAddress(name));
  const [shown, setShown] = useState(null); // { images, place }: what the viewer shows
  const examination = useExamination(name);
  const view = VIEWS.find(([id]) => id === fields.get("view"))?.[0] ?? VIEWS[0][0];
  const hash = (over) => {
    const parts = new URLSearchParams({ model: facts.name, set: name });
    for (const [key, value] of Object.entries({ view, ...over })) if (value) parts.set(key, value);
    return parts.toString();
  };
  const show = (images, place) => setShown({ images, place });
  return html`<div><h1>Data</h1>
    <p class="lead">What a model learns from, looked at before anyone trains on it.</p>
    <div class="data-head">
      ${studio.datasets.length > 1 ? html`<${Select} label="Data set" value=${name} options=${studio.datasets} onChange=${(set) => go("data", hash({ set }))} />`
        : html`<h2>${name}</h2>`}
      <p class="data-facts" role="status">${about ? glance(about) : error ? "" : "Opening it…"}</p>
    </div>
    <${Problem} error=${error} />
    <nav class="tabs" aria-label="What to look at">${VIEWS.map(([id, title]) => html`<a href=${`#/data?${hash({ view: id, page: "" })}`}
      class=${classes(id === view && "here")} aria-current=${id === view ? "true" : undefined}>${title}</a>`)}</nav>
    ${about && view === "images" && html`<${Images} name=${name} about=${about} page=${Number(fields.get("page")) || 1}
      toPage=${(page) => go("data", hash({ page: String(page) }))} show=${show} />`}
    ${about && view === "report" && html`<${Report} name=${name} about=${about} examination=${examination} />`}
    ${about && view === "duplicates" && html`<${Duplicates} name=${name} about=${about} examination=${examination} show=${show} />`}
    ${about && view === "odd" && html`<${Odd} key=${facts.name} name=${name} about=${about} facts=${facts} show=${show} />`}
    ${shown && html`<${Viewer} name=${name} about=${about} facts=${facts} ...${shown} go=${go} onPlace=${(place) => setShown({ ...shown, place })} onClose=${() => setShown(null)} />`}</div>`;
}

export const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
const MODES = { L: "gray", LA: "gray with transparency", RGB: "colour", RGBA: "colour with transparency" };
const CHANNELS = { L: 1, LA: 2, RGB: 3, RGBA: 4 };
// Whether the images have the shape of the model's.
export const isAlike = (about, facts) => about.height === facts.height && about.width === facts.width && CHANNELS[about.mode] === facts.channels;
export const modeName = (mode) => MODES[mode] ?? mode;

function glance(about) {
  const size = about.height === null ? "the first cannot be read" : `the first ${about.height}×${about.width}, ${modeName(about.mode)}`;
  const labels = about.class_names.length ? many(about.class_names.length, "class", "classes") : about.labelled ? "with labels" : "without labels";
  return `${many(about.total, "image")} · ${size} · ${labels} · ${about.kind}`;
}
