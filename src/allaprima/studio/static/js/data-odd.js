// The images that the discriminator finds most and least real.
import { html, useEffect, useState } from "./html.js";
import { fileAddress, getJson, postJson, useJob, useJson } from "./api.js";
import { Button, Downloads, JobProgress, Problem } from "./ui.js";
import { signed } from "./inside-parts.js";
import { Histogram } from "./data-sheet.js";
import { dataAddress, isAlike, many, modeName } from "./data.js";
import { isBusy, shapeOf, short } from "./data-report.js";

export function Odd({ name, about, facts, show }) {
  const [id, setId] = useState(undefined); // null: nobody has judged them
  const [error, setError] = useState(null);
  const [job, lost] = useJob(id);
  const [found, unread] = useJson(job?.state === "done" ? fileAddress(job, "ranking.json", job.id) : null);
  useEffect(() => {
    let gone = false;
    getJson(`${dataAddress(name)}/judgement?model=${encodeURIComponent(facts.name)}`)
      .then((earlier) => earlier?.id ?? null, () => null).then((earlier) => gone || setId((before) => before ?? earlier));
    return () => { gone = true; };
  }, [name, facts.name]);
  const start = async (again = false) => {
    setError(null);
    try {
      setId((await postJson(`${dataAddress(name)}/judgement`, { model: facts.name, again })).id);
    } catch (problem) { setError(problem); }
  };
  const why = hindrance(about, facts);
  if (why) return html`<div class="card"><p>${why}</p></div>`;
  const problem = error ?? lost ?? unread;
  const isComing = id && !problem && (!job || job.state === "done");
  if (!found && (id === undefined || isComing)) return html`<p class="starting" role="status">One moment…</p>`;
  if (!found) {
    return html`<div class="card">
      ${!isBusy(job) && html`<div><p>The discriminator of <strong>${facts.name}</strong> scores every image. The highest scores belong to what the model does not
        paint: rare and odd images, and wrong ones. The lowest belong to what it paints more often than it should.</p>
        <${Button} kind="main" onClick=${() => start()}>Judge ${many(about.total, "image")}<//></div>`}
      <${Problem} error=${problem} />
      ${job && html`<${JobProgress} job=${job} />`}</div>`;
  }
  const row = (images) => html`<div class="odd-strip">${images.map((each, place) => html`<figure key=${each.index}>
    <button type="button" class="picture-button" onClick=${() => show(images, place)} title=${each.name}>
      <img class="picture pixels" src=${`${dataAddress(name)}/image/${each.index}?side=128`} alt=${each.name} loading="lazy" style=${shapeOf(about)} /></button>
    <figcaption>${short(each.name)}<br />${each.doubt === undefined || images !== found.doubtful ? signed(each.score)
      : `${className(about, each.own)}, or ${className(about, each.most_real_as)}?`}</figcaption></figure>`)}</div>`;
  return html`<div><p>What the discriminator of <strong>${facts.name}</strong> says of ${many(found.total, "image")}. A score says how an image differs from what this
      model paints, not how good it is.</p>
    <${Histogram} histogram=${found.histogram} />
    <h2>Most believable: what the model does not paint</h2>
    <p class="hint">Odd ones, outliers and wrong ones are often here.</p>
    ${row(found.highest)}
    <h2>Least believable: real, but they look painted to it</h2>
    <p class="hint">Often the plain kinds that the model paints at least as often as they occur.</p>
    ${row(found.lowest)}
    ${found.doubtful.length > 0 && html`<section><h2>Labelled wrongly?</h2><p class="hint">These would look more real under another label.</p>${row(found.doubtful)}</section>`}
    <${Downloads} job=${job} names=${["ranking.csv"]} />
    <p><${Button} kind="small" onClick=${() => start(true)}>Judge again<//></p></div>`;
}

const className = (about, number) => about.class_names[number] ?? `class ${number}`;

function hindrance(about, facts) {
  if (!facts.has_judge) {
    return `The file of ${facts.name} holds the painter alone, so there is no discriminator to ask. Choose another model above, or start the studio with a snapshot of a training.`;
  }
  if (!isAlike(about, facts)) {
    const theirs = about.mode === null ? "cannot be read" : `are ${about.height}×${about.width}, ${modeName(about.mode)}`;
    return `${facts.name} paints ${facts.height}×${facts.width} with ${many(facts.channels, "channel")}, but these images ${theirs}: its discriminator judges
      images like its own alone. Choose a model that fits above.`;
  }
  return null;
}
